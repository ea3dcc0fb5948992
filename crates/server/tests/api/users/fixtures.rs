//! Users in every status, and the rows behind them that HTTP can neither show nor bring about in this version.

use roster_model::id::{OrgKey, UserId, UserKey};
use roster_model::user::status::UserStatus;
use roster_store::cache::Invalidation;
use roster_store::params;
use serde_json::{Value, json};

use crate::context::{TestOrg, profile, text};

/// A password that the policy takes for every login of these tests.
pub(crate) const PASSWORD: &str = "Abcd1234#@";

/// Another one.
pub(crate) const NEW_PASSWORD: &str = "Wxyz5678#@";

/// The answer to the recovery question of [`credentials`].
pub(crate) const ANSWER: &str = "Annie Oakley";

/// What a refused password is told.
pub(crate) const POLICY: &str = "Password requirements were not met. Password requirements: at least 8 characters, \
     a lowercase letter, an uppercase letter, a number, no parts of your username. \
     Your password cannot be any of your last 4 passwords.";

/// [`PASSWORD`] and a recovery question.
pub(crate) fn credentials() -> Value {
    json!({ "password": { "value": PASSWORD }, "recovery_question": question() })
}

/// A recovery question with its answer.
pub(crate) fn question() -> Value {
    json!({ "question": "Who's a major player in the cowboy scene?", "answer": ANSWER })
}

/// The path of a user.
pub(crate) fn path_of(user: &Value) -> String {
    format!("/api/v1/users/{}", text(user, "id"))
}

/// Creates a user with these query parameters and credentials and answers their path.
pub(crate) async fn path_of_new(org: &TestOrg, query: &str, login: &str, credentials: Value) -> String {
    path_of(&org.create_with(query, login, credentials).await)
}

/// Creates a user who came to `status` in the ordinary way, with a recovery question and, unless PROVISIONED or
/// DEPROVISIONED, with [`PASSWORD`]; answers their path.
pub(crate) async fn path_of_user_in(org: &TestOrg, status: UserStatus, login: &str) -> String {
    let (query, credentials) = match status {
        UserStatus::Staged => ("?activate=false", credentials()),
        UserStatus::Provisioned => ("", json!({ "recovery_question": question() })),
        _ => ("", credentials()),
    };
    let path = path_of_new(org, query, login, credentials).await;
    let operation = match status {
        UserStatus::Staged | UserStatus::Provisioned | UserStatus::Active => None,
        UserStatus::Recovery => Some("reset_password"),
        UserStatus::PasswordExpired => Some("expire_password"),
        UserStatus::Suspended => Some("suspend"),
        UserStatus::Deprovisioned => Some("deactivate"),
        UserStatus::LockedOut => {
            lock_out(org, &path).await;
            None
        }
    };
    if let Some(operation) = operation {
        org.post(&format!("{path}/lifecycle/{operation}"), None).await.ok();
    }
    assert_eq!(text(&org.get(&path).await.ok(), "status"), status.as_str());
    path
}

/// Creates an ACTIVE user whose credentials a federated identity provider keeps; answers their path.
pub(crate) async fn path_of_federated_user(org: &TestOrg, query: &str, login: &str) -> String {
    let body = json!({ "profile": profile(login), "credentials": { "provider": { "type": "FEDERATION" } } });
    path_of(&org.post(&format!("/api/v1/users?provider=true{query}"), body).await.ok())
}

/// Locks a user out, as too many failed sign-ins do.
pub(crate) async fn lock_out(org: &TestOrg, path: &str) {
    change_rows(org, path, "UPDATE users SET status = 'LOCKED_OUT', failed_attempts = 10 WHERE user_key = $1").await;
}

/// Begins an asynchronous transition that nobody finishes.
pub(crate) async fn keep_transitioning(org: &TestOrg, path: &str) {
    change_rows(org, path, "UPDATE users SET transitioning_to_status = 'PROVISIONED' WHERE user_key = $1").await;
}

/// Begins a session of a user.
pub(crate) async fn begin_session(org: &TestOrg, path: &str) {
    let (org_key, user, id) = keys_of(org, path).await;
    let sql = "INSERT INTO sessions (org_key, user_key, id, token_hash, created, expires, verified, persistent_cookie) \
         VALUES ($1, $2, $3, $4, 0, 0, '{}', 0)";
    let name = format!("session of {id}");
    let begun = org
        .store
        .engine()
        .write(move |tx| Ok(tx.execute(sql, params![org_key, user, &name, name.as_bytes()]).map(|_| ())?));
    begun.await.unwrap();
}

/// Enrolls a factor of a user.
pub(crate) async fn enroll_factor(org: &TestOrg, path: &str) {
    let profile = json!({ "question": "disliked_food", "answer": "mayonnaise" });
    let factor = json!({ "factorType": "question", "provider": "OKTA", "profile": profile });
    org.post(&format!("{path}/factors"), factor).await.ok();
}

/// Runs a statement whose `$1` is the key of the user at `path`.
pub(crate) async fn change_rows(org: &TestOrg, path: &str, sql: &'static str) {
    let (_, user, id) = keys_of(org, path).await;
    org.store
        .engine()
        .write(move |tx| {
            tx.execute(sql, params![user])?;
            tx.invalidate(Invalidation::User(id.clone(), user));
            Ok(())
        })
        .await
        .unwrap();
}

/// How many rows of `table` belong to the user with this key.
pub(crate) async fn count_rows(org: &TestOrg, user: UserKey, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table} WHERE user_key = $1");
    let count = org.store.engine().read(move |tx| Ok(tx.query_first(&sql, params![user], |row| row.integer(0))?));
    count.await.unwrap().unwrap()
}

/// The keys and the id of the user at `path`.
pub(crate) async fn keys_of(org: &TestOrg, path: &str) -> (OrgKey, UserKey, UserId) {
    let id = path.rsplit('/').next().unwrap().to_owned();
    let sql = "SELECT org_key, user_key, id FROM users WHERE id = $1";
    let found = org.store.engine().read(move |tx| {
        Ok(tx.query_first(sql, params![&id], |row| {
            Ok((OrgKey(row.integer(0)?), UserKey(row.integer(1)?), UserId::from_text(&row.text(2)?)))
        })?)
    });
    found.await.unwrap().unwrap()
}

/// Makes an OAuth client and answers its client id.
pub(crate) async fn created_client(org: &TestOrg, label: &str) -> String {
    text(&org.post("/api/v1/apps", crate::applications::client(label)).await.ok(), "id")
}

/// What a client holds of a user: the ids of a grant and of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) grant: String,
    pub(crate) token: String,
}

/// Lets a client hold a grant of the org's own server for this scope, and a refresh token with it.
pub(crate) async fn hold(org: &TestOrg, path: &str, client: &str, scope: &str) -> Held {
    let (org_key, user, _) = keys_of(org, path).await;
    let number = fastrand::u64(..).to_string();
    let held = Held { grant: format!("oag{number}"), token: format!("oar{number}") };
    let (now, expires) = (org.clock.now().whole_second(), org.clock.now().whole_second().plus_seconds(3600));
    let (made, client, scope) = (held.clone(), client.to_owned(), scope.to_owned());
    let write = org.store.engine().write(move |tx| {
        let sql = "SELECT application_key FROM applications WHERE org_key = $1 AND client_id = $2";
        let application = tx.query_first(sql, params![org_key, &client], |row| row.integer(0))?.unwrap();
        tx.execute(
            "INSERT INTO oauth_grants (org_key, user_key, application_key, issuer, scope_id, id, created, last_updated) \
             VALUES ($1, $2, $3, '', $4, $5, $6, $7)",
            params![org_key, user, application, &scope, &made.grant, now, now],
        )?;
        tx.execute(
            "INSERT INTO oauth_refresh_tokens (org_key, user_key, application_key, issuer, scopes, id, verified, \
             created, last_updated, expires) VALUES ($1, $2, $3, '', $4, $5, '{}', $6, $7, $8)",
            params![
                org_key,
                user,
                application,
                &format!("{scope} offline_access"),
                &made.token,
                now,
                now,
                expires
            ],
        )?;
        Ok(())
    });
    write.await.unwrap();
    held
}
