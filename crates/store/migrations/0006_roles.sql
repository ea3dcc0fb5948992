-- Administrators' roles, each of a user or of a group: exactly one of "user_key" and "group_key" is set.
CREATE TABLE role_assignments (
    assignment_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    user_key BIGINT,
    group_key BIGINT,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX role_assignments_by_id ON role_assignments (org_key, id);
CREATE UNIQUE INDEX role_assignments_by_user ON role_assignments (user_key, type);
CREATE UNIQUE INDEX role_assignments_by_group ON role_assignments (group_key, type);
CREATE INDEX role_assignments_by_type ON role_assignments (org_key, type);

-- The groups that a role is narrowed to; without any it reaches all.
CREATE TABLE role_group_targets (
    assignment_key BIGINT NOT NULL REFERENCES role_assignments,
    group_key BIGINT NOT NULL REFERENCES groups,
    PRIMARY KEY (assignment_key, group_key)
) WITHOUT ROWID;
CREATE INDEX role_group_targets_by_group ON role_group_targets (group_key);

-- The apps that a role is narrowed to: all of a name, or one ("application_key", 0 for all).
CREATE TABLE role_application_targets (
    assignment_key BIGINT NOT NULL REFERENCES role_assignments,
    name TEXT NOT NULL,
    application_key BIGINT NOT NULL,
    PRIMARY KEY (assignment_key, name, application_key)
) WITHOUT ROWID;
CREATE INDEX role_application_targets_by_application ON role_application_targets (application_key);

-- Before there were roles, every token could do everything. Their owners are super administrators from now on.
INSERT INTO role_assignments (org_key, id, type, user_key, group_key, created, last_updated)
SELECT u.org_key, 'ra1' || substr(u.id, 4), 'SUPER_ADMIN', u.user_key, NULL, u.created, u.created
FROM users u WHERE u.user_key IN (SELECT user_key FROM api_tokens);
