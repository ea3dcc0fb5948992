-- The secret of a client whose assertions are signed with it, sealed under the master key: a hash checks no signature.
ALTER TABLE applications ADD COLUMN client_secret_sealed BLOB;

-- Scopes of the management API that an administrator granted to an app.
CREATE TABLE application_grants (
    grant_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    application_key BIGINT NOT NULL REFERENCES applications,
    id TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX application_grants_by_scope ON application_grants (application_key, scope_id);
CREATE UNIQUE INDEX application_grants_by_id ON application_grants (org_key, id);

-- The "jti" of assertions and proofs that were used, until they would be refused for their age. "maker" is the client, or the
-- thumbprint of the key.
CREATE TABLE used_tokens (
    org_key BIGINT NOT NULL,
    maker TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (org_key, maker, jti)
) WITHOUT ROWID;
