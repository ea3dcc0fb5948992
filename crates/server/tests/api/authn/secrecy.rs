//! What is kept of the secrets of sign-ins: hashes alone.

use serde_json::json;

use super::{anyone, sign_in};
use crate::context::text;
use crate::users::fixtures::{PASSWORD, path_of};

on_both_engines! {
    async fn no_secret_is_in_the_database_as_it_was_told(org: TestOrg) {
        if org.engine != EngineKind::Sqlite {
            return;
        }
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let signed_in = sign_in(&org, "isaac", PASSWORD).await.ok();
        let unused = text(&sign_in(&org, "isaac", PASSWORD).await.ok(), "sessionToken");
        let session = org.post("/api/v1/sessions", json!({ "sessionToken": signed_in["sessionToken"] })).await.ok();
        org.post(&format!("{path}/lifecycle/expire_password"), None).await.ok();
        let waiting = sign_in(&org, "isaac", PASSWORD).await.ok();
        let recovery = org.post(&format!("{path}/lifecycle/reset_password?sendEmail=false"), None).await.ok();
        let recovery = text(&recovery, "resetPasswordUrl").rsplit('/').next().unwrap().to_owned();
        let hook = json!({ "name": "Import", "type": "com.okta.user.credential.password.import", "channel": { "config": {
            "uri": "https://hooks.example.com", "authScheme": { "type": "HEADER", "key": "X", "value": "hook-secret-value" } } } });
        org.post("/api/v1/inlineHooks", hook).await.ok();
        anyone(&org, "/recovery/password", json!({ "username": "isaac", "factorType": "EMAIL" })).await.ok();
        let secrets = [text(&signed_in, "sessionToken"), unused, text(&session, "id"), text(&waiting, "stateToken"), recovery,
            "hook-secret-value".to_owned(), PASSWORD.to_owned()];
        let mut read = 0;
        for file in std::fs::read_dir(org.data_dir()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            read += bytes.len();
            for secret in &secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in the database");
            }
        }
        assert!(read > 0);
    }
}
