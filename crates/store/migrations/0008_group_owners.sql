-- Who owns a group: a user or a group.
CREATE TABLE group_owners (
    owner_key INTEGER PRIMARY KEY,
    group_key BIGINT NOT NULL REFERENCES groups,
    user_key BIGINT,
    owning_group_key BIGINT REFERENCES groups,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX group_owners_by_user ON group_owners (group_key, user_key);
CREATE UNIQUE INDEX group_owners_by_group ON group_owners (group_key, owning_group_key);
CREATE INDEX group_owners_of_user ON group_owners (user_key);
CREATE INDEX group_owners_of_group ON group_owners (owning_group_key);
