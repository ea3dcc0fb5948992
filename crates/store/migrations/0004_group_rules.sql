-- Group rules. Deleted ones stay, as DELETED, until their memberships are dealt with.
CREATE TABLE group_rules (
    rule_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    expression TEXT NOT NULL,
    tests_groups BIGINT NOT NULL,
    group_ids TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX group_rules_by_id ON group_rules (org_key, id);
CREATE UNIQUE INDEX group_rules_by_name ON group_rules (org_key, name_key);
CREATE INDEX group_rules_by_status ON group_rules (org_key, status, rule_key);

-- The groups that a rule puts users into, as long as they are there.
CREATE TABLE group_rule_targets (
    rule_key BIGINT NOT NULL REFERENCES group_rules,
    group_key BIGINT NOT NULL REFERENCES groups,
    PRIMARY KEY (rule_key, group_key)
) WITHOUT ROWID;
CREATE INDEX group_rule_targets_by_group ON group_rule_targets (group_key, rule_key);

CREATE TABLE group_rule_exclusions (
    rule_key BIGINT NOT NULL REFERENCES group_rules,
    user_key BIGINT NOT NULL,
    PRIMARY KEY (rule_key, user_key)
) WITHOUT ROWID;
CREATE INDEX group_rule_exclusions_by_user ON group_rule_exclusions (user_key, rule_key);

-- Which rules made a membership. A member without a row was put into the group by somebody.
CREATE TABLE group_rule_members (
    user_key BIGINT NOT NULL,
    group_key BIGINT NOT NULL REFERENCES groups,
    rule_key BIGINT NOT NULL REFERENCES group_rules,
    PRIMARY KEY (user_key, group_key, rule_key)
) WITHOUT ROWID;
CREATE INDEX group_rule_members_by_rule ON group_rule_members (rule_key, user_key, group_key);
CREATE INDEX group_rule_members_by_group ON group_rule_members (group_key, user_key, rule_key);

-- Rules on their way through the users of their org, and where each is.
CREATE TABLE group_rule_runs (
    rule_key BIGINT NOT NULL REFERENCES group_rules,
    org_key BIGINT NOT NULL REFERENCES orgs,
    last_user_key BIGINT NOT NULL,
    removes_members BIGINT NOT NULL,
    PRIMARY KEY (rule_key)
) WITHOUT ROWID;
