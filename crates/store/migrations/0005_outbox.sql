-- Messages to users on their way, in place of sent_messages. What they say (links with their tokens, passcodes) is sealed under
-- the master key. "next_attempt" is when somebody may try to deliver a message; whoever does moves it on first.
CREATE TABLE outbox (
    message_key INTEGER PRIMARY KEY,
    org_key BIGINT NOT NULL REFERENCES orgs,
    user_key BIGINT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    extension TEXT,
    content BLOB NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt BIGINT NOT NULL
);
CREATE INDEX outbox_by_user ON outbox (user_key, kind);
CREATE INDEX outbox_by_org ON outbox (org_key, message_key);
CREATE INDEX outbox_by_next_attempt ON outbox (next_attempt);
