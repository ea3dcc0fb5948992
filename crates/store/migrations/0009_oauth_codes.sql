-- Codes of the authorize endpoint, by their hash. "document" is what was asked for and proved. One that was redeemed is kept
-- for a while, so that whoever shows it again ends what was issued for it.
CREATE TABLE oauth_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    org_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    application_key BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    document TEXT NOT NULL,
    redeemed BIGINT NOT NULL,
    refresh_token_id TEXT,
    expires BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oauth_codes_by_user ON oauth_codes (user_key);
CREATE INDEX oauth_codes_by_application ON oauth_codes (application_key);

-- The key that a public client's refresh token is bound to (RFC 9449, section 5).
ALTER TABLE oauth_refresh_tokens ADD COLUMN key_thumbprint TEXT;
