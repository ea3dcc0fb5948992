-- What users allow clients: a row for each scope. An empty "issuer" is the org's own authorization server, whose scopes
-- have no other id than their name.
CREATE TABLE oauth_grants (
    grant_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    user_key BIGINT NOT NULL,
    application_key BIGINT NOT NULL REFERENCES applications,
    issuer TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_grants_by_id ON oauth_grants (org_key, id);
CREATE UNIQUE INDEX oauth_grants_by_user ON oauth_grants (user_key, application_key, issuer, scope_id);
CREATE INDEX oauth_grants_by_application ON oauth_grants (application_key);

-- Refresh tokens of users. A token keeps its id while its secret changes, and ends as a whole. "scopes" are names between
-- spaces; "verified" is what its user had proved.
CREATE TABLE oauth_refresh_tokens (
    refresh_token_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    user_key BIGINT NOT NULL,
    application_key BIGINT NOT NULL REFERENCES applications,
    issuer TEXT NOT NULL,
    scopes TEXT NOT NULL,
    id TEXT NOT NULL,
    verified TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_refresh_tokens_by_id ON oauth_refresh_tokens (org_key, id);
CREATE INDEX oauth_refresh_tokens_by_user ON oauth_refresh_tokens (user_key, application_key);
CREATE INDEX oauth_refresh_tokens_by_application ON oauth_refresh_tokens (application_key);

-- Every secret that a refresh token has had. "used" is when it was first changed for another: whoever shows it long after
-- that is not who got it.
CREATE TABLE oauth_refresh_token_secrets (
    secret_hash BLOB NOT NULL PRIMARY KEY,
    refresh_token_key BIGINT NOT NULL REFERENCES oauth_refresh_tokens,
    used BIGINT
) WITHOUT ROWID;
CREATE INDEX oauth_refresh_token_secrets_by_token ON oauth_refresh_token_secrets (refresh_token_key);
