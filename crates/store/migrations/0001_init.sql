-- Every table is led by its org; "key" columns are internal and never leave the server, "id" columns are the wire's.
-- Times are milliseconds since the Unix epoch, UTC; booleans are 0 and 1.

CREATE TABLE orgs (
    org_key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    is_default BIGINT NOT NULL,
    cursor_secret BLOB NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE user_types (
    type_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT,
    is_default BIGINT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    last_updated BIGINT NOT NULL,
    last_updated_by TEXT NOT NULL,
    profile_schema TEXT NOT NULL,
    schema_last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_types_by_id ON user_types (org_key, id);
CREATE UNIQUE INDEX user_types_by_name ON user_types (org_key, name);

CREATE TABLE users (
    user_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    type_id TEXT NOT NULL,
    login_key TEXT NOT NULL,
    status TEXT NOT NULL,
    transitioning_to_status TEXT,
    created BIGINT NOT NULL,
    activated BIGINT,
    status_changed BIGINT,
    last_login BIGINT,
    last_updated BIGINT NOT NULL,
    password_changed BIGINT,
    provider_type TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    password TEXT,
    recovery_question TEXT,
    recovery_answer TEXT,
    failed_attempts BIGINT NOT NULL,
    profile TEXT NOT NULL
);
CREATE UNIQUE INDEX users_by_id ON users (org_key, id);
CREATE UNIQUE INDEX users_by_login ON users (org_key, login_key);
CREATE INDEX users_by_key ON users (org_key, user_key);
CREATE INDEX users_by_status ON users (org_key, status, user_key);
CREATE INDEX users_by_created ON users (org_key, created, user_key);
CREATE INDEX users_by_last_updated ON users (org_key, last_updated, user_key);
CREATE INDEX users_transitioning ON users (org_key, user_key) WHERE transitioning_to_status IS NOT NULL;

-- The search index: one row for each value of each indexed profile attribute, lower-cased.
CREATE TABLE user_attributes (
    org_key BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    user_key BIGINT NOT NULL,
    PRIMARY KEY (org_key, name, value, user_key)
) WITHOUT ROWID;

CREATE TABLE password_history (
    user_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    password TEXT NOT NULL,
    PRIMARY KEY (user_key, position)
) WITHOUT ROWID;

CREATE TABLE one_time_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    org_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX one_time_tokens_by_user ON one_time_tokens (user_key);

CREATE TABLE api_tokens (
    token_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL UNIQUE,
    token_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    user_key BIGINT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_key);

CREATE TABLE groups (
    group_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT,
    profile TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    last_membership_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX groups_by_id ON groups (org_key, id);
CREATE UNIQUE INDEX groups_by_name ON groups (org_key, name);
CREATE INDEX groups_by_name_key ON groups (org_key, name_key);

-- Members of made groups. Everyone has no rows: all users of the org are in it.
CREATE TABLE group_members (
    group_key BIGINT NOT NULL REFERENCES groups,
    user_key BIGINT NOT NULL,
    PRIMARY KEY (group_key, user_key)
) WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_key, group_key);

-- "token_hash" is of the session's id, which lets its bearer in; "id" is the name that administrators see. "verified" is
-- what was proved.
CREATE TABLE sessions (
    session_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    token_hash BLOB NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    verified TEXT NOT NULL,
    persistent_cookie BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_key);

-- "state" is sealed under the master key: it holds shared secrets and passcodes.
CREATE TABLE factors (
    factor_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    user_key BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    factor_type TEXT NOT NULL,
    provider TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    state BLOB NOT NULL
);
CREATE UNIQUE INDEX factors_by_user ON factors (user_key, factor_type, provider);

-- Passcodes on their way to users, for who delivers them. "passcode" is sealed under the master key.
CREATE TABLE sent_messages (
    message_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    user_key BIGINT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    extension TEXT,
    passcode BLOB NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX sent_messages_by_user ON sent_messages (user_key, channel);
CREATE INDEX sent_messages_by_org ON sent_messages (org_key, message_key);

-- Which master key this database is sealed under: one row, made at the first start. "own_key" only if none was given.
CREATE TABLE master_key (
    only_row BIGINT NOT NULL PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    own_key TEXT
);

-- The OAuth clients of a user, as the documents that listUserClients answers.
CREATE TABLE user_clients (
    user_key BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (user_key, client_id)
) WITHOUT ROWID;

-- The System Log. "details" holds the actor, client, request, targets and debug data of the event.
CREATE TABLE events (
    event_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL,
    uuid TEXT NOT NULL,
    published BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX events_by_key ON events (org_key, event_key);
CREATE INDEX events_by_published ON events (org_key, published, event_key);

-- Relations between users. Both ends of a definition share one space of names.
CREATE TABLE linked_object_definitions (
    definition_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs
);
CREATE INDEX linked_object_definitions_by_org ON linked_object_definitions (org_key);

CREATE TABLE linked_object_properties (
    org_key BIGINT NOT NULL,
    name TEXT NOT NULL,
    definition_key BIGINT NOT NULL REFERENCES linked_object_definitions,
    is_primary BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    PRIMARY KEY (org_key, name)
) WITHOUT ROWID;
CREATE INDEX linked_object_properties_by_definition ON linked_object_properties (definition_key, is_primary);

CREATE TABLE linked_objects (
    definition_key BIGINT NOT NULL REFERENCES linked_object_definitions,
    associated_key BIGINT NOT NULL,
    primary_key BIGINT NOT NULL,
    PRIMARY KEY (definition_key, associated_key)
) WITHOUT ROWID;
CREATE INDEX linked_objects_by_primary ON linked_objects (primary_key, definition_key, associated_key);
CREATE INDEX linked_objects_by_associated ON linked_objects (associated_key);

-- One policy of each type, with one rule. "document" is what both say.
CREATE TABLE policies (
    policy_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    group_id TEXT NOT NULL,
    document TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    rule_id TEXT NOT NULL,
    rule_last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_by_id ON policies (org_key, id);
CREATE UNIQUE INDEX policies_by_type ON policies (org_key, type);

-- Apps. "document" holds accessibility, visibility, credentials (without secrets), settings and so on, as JSON.
CREATE TABLE applications (
    application_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    status TEXT NOT NULL,
    sign_on_mode TEXT,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    client_id TEXT,
    client_secret_hash BLOB,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX applications_by_id ON applications (org_key, id);
CREATE UNIQUE INDEX applications_by_client_id ON applications (org_key, client_id);
CREATE INDEX applications_by_key ON applications (org_key, application_key);

-- Users assigned to an app themselves. Members of an assigned group have no rows.
CREATE TABLE application_users (
    application_key BIGINT NOT NULL REFERENCES applications,
    user_key BIGINT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    password_changed BIGINT,
    profile TEXT NOT NULL,
    PRIMARY KEY (application_key, user_key)
) WITHOUT ROWID;
CREATE INDEX application_users_by_user ON application_users (user_key, application_key);

CREATE TABLE application_groups (
    application_key BIGINT NOT NULL REFERENCES applications,
    group_key BIGINT NOT NULL REFERENCES groups,
    last_updated BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    profile TEXT NOT NULL,
    PRIMARY KEY (application_key, group_key)
) WITHOUT ROWID;
CREATE INDEX application_groups_by_group ON application_groups (group_key, application_key);

-- Sign-ins and recoveries under way, by the hash of their state token. "document" says what each waits for.
CREATE TABLE authn_transactions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    org_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    document TEXT NOT NULL,
    expires BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX authn_transactions_by_user ON authn_transactions (user_key);

-- What a finished sign-in hands out, to be changed for a session once. "verified" is what was proved.
CREATE TABLE session_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    org_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    verified TEXT NOT NULL,
    expires BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_tokens_by_user ON session_tokens (user_key);

-- Where passwords are imported from. "channel" is sealed under the master key: it holds the secrets of its headers.
CREATE TABLE inline_hooks (
    hook_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    is_active BIGINT NOT NULL,
    channel BLOB NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX inline_hooks_by_id ON inline_hooks (org_key, id);

-- Identity providers. "document" holds issuer mode, protocol and policy as JSON, with the secret that is sent to the provider.
CREATE TABLE identity_providers (
    identity_provider_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX identity_providers_by_id ON identity_providers (org_key, id);
CREATE INDEX identity_providers_by_key ON identity_providers (org_key, identity_provider_key);

CREATE TABLE identity_provider_users (
    identity_provider_key BIGINT NOT NULL REFERENCES identity_providers,
    user_key BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    profile TEXT NOT NULL,
    PRIMARY KEY (identity_provider_key, user_key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX identity_provider_users_by_external_id ON identity_provider_users (identity_provider_key, external_id);
CREATE INDEX identity_provider_users_by_user ON identity_provider_users (user_key, identity_provider_key);

-- The custom attributes of an org's groups; "profile" of a group holds their values.
CREATE TABLE group_schemas (
    org_key BIGINT NOT NULL PRIMARY KEY REFERENCES orgs,
    definition TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
) WITHOUT ROWID;
