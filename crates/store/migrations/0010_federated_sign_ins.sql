-- Sign-ins whose users are at an identity provider, by the hash of their state. "document" is sealed under the master key:
-- it holds what proves to the provider that the code is ours.
CREATE TABLE federated_sign_ins (
    state_hash BLOB NOT NULL PRIMARY KEY,
    org_key BIGINT NOT NULL,
    identity_provider_key BIGINT NOT NULL,
    document BLOB NOT NULL,
    expires BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX federated_sign_ins_by_identity_provider ON federated_sign_ins (identity_provider_key);
