-- Custom authorization servers. The org's own has no row: its "issuer" in the tables below is the empty text, a custom
-- one's is its id.
CREATE TABLE authorization_servers (
    server_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    audience TEXT NOT NULL,
    status TEXT NOT NULL,
    issuer_mode TEXT NOT NULL,
    rotation_mode TEXT NOT NULL,
    signing_algorithm TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX authorization_servers_by_id ON authorization_servers (org_key, id);
CREATE UNIQUE INDEX authorization_servers_by_name ON authorization_servers (org_key, name);

-- What tokens are signed with. "public_key" is a JWK; "private_key", PKCS #8, is sealed under the master key.
CREATE TABLE signing_keys (
    signing_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    issuer TEXT NOT NULL,
    kid TEXT NOT NULL,
    status TEXT NOT NULL,
    public_key TEXT NOT NULL,
    private_key BLOB NOT NULL,
    created BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    expires BIGINT
);
CREATE UNIQUE INDEX signing_keys_by_kid ON signing_keys (org_key, issuer, kid);

-- Access tokens that are no good though they look so: single ones, until they would have ended by themselves …
CREATE TABLE revoked_tokens (
    org_key BIGINT NOT NULL,
    jti TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (org_key, jti)
) WITHOUT ROWID;

-- … and those of a user and a client (empty: of any) whose order is below a mark.
CREATE TABLE token_cut_offs (
    org_key BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    below TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (org_key, user_id, client_id)
) WITHOUT ROWID;
