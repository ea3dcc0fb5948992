//! Imported password hashes (behaviour.md E.7). All are of the same password, made with Python's hashlib and bcrypt.

use serde_json::{Value, json};

use super::fixtures::{NEW_PASSWORD, path_of_new};
use crate::context::{TestOrg, profile, text};

/// What every hash here is of.
const IMPORTED: &str = "Imp0rtedPass";

/// The bytes `01 "salty" ff 10`.
const SALT: &str = "AXNhbHR5/xA=";

fn digest(algorithm: &str, order: Option<&str>, value: &str) -> Value {
    match order {
        Some(order) => json!({ "algorithm": algorithm, "salt": SALT, "saltOrder": order, "value": value }),
        None => json!({ "algorithm": algorithm, "value": value }),
    }
}

fn bcrypt(work_factor: u32, salt: &str, value: &str) -> Value {
    json!({ "algorithm": "BCRYPT", "workFactor": work_factor, "salt": salt, "value": value })
}

fn pbkdf2(digest: &str, key_size: u32, value: &str) -> Value {
    json!({
        "algorithm": "PBKDF2", "digestAlgorithm": digest, "iterationCount": 4096, "keySize": key_size, "salt": SALT,
        "value": value,
    })
}

/// A hash of each kind.
fn hashes() -> Vec<Value> {
    let (prefix, postfix) = (Some("PREFIX"), Some("POSTFIX"));
    vec![
        bcrypt(4, "fJ0nJboBAyd.OIZB.ItqoO", "V6.Pbc2UjeiPi0sweKGRTGLN56Z6S1."),
        bcrypt(10, "u.OuIgodJublet9EIehYRO", "wmceDTWsUhl27v9fIuFnTD7JrX5hmZO"),
        digest(
            "SHA-512",
            None,
            "f0ufJLbUYQcWTRC2ZB5TBZ3ijbsoh+QWsW4xPlDo9IYF4Ii/iw2C1quyKqz8Awx959RSnZu6LIDmlrXIZaMBUQ==",
        ),
        digest(
            "SHA-512",
            prefix,
            "MVNo9qXpxp6ftgjglDbFe1J55fSPL4te9Bu7lrZWzWzPQoK9Vo5avv8K0SXBFoVfwCR6yx8fArR0Eo9rXfp30Q==",
        ),
        digest(
            "SHA-512",
            postfix,
            "C9bPFLthh2Nfh30ewZZA3ZnFSIKW/dI/GU1u/qJ2PgANVx6TvN/o6t2mfJs2tQrBRlrCZq8sEAP0U64X6f/Kfg==",
        ),
        digest("SHA-256", None, "7rqcR23CipYDvh3Ura8TrTx8wXLXbs8xOnVr3DSytrU="),
        digest("SHA-256", prefix, "yAldMZllMdy2FHce775uaY0ZLaEIxew2Bg8gBZsTZGU="),
        digest("SHA-256", postfix, "8KRDldyGLy/sGTJH9/JuQmC+MCWUrKCmpbbXlsUhRUM="),
        digest("SHA-1", None, "bGNLQHWARxSA81HYvY8xeeiL1aw="),
        digest("SHA-1", prefix, "QdIUtMos98nE94rtnmNMBIdFrvE="),
        digest("SHA-1", postfix, "siIYHQUaxSPJTeV5pHEYAjtkHHc="),
        digest("MD5", None, "vFGjVbzEzJM7xw07fjbyFQ=="),
        digest("MD5", prefix, "paqinezSwR0NZP/wzvVpVA=="),
        digest("MD5", postfix, "VOMue0EQmz8aEeGCdzVB3w=="),
        pbkdf2("SHA256_HMAC", 32, "y/h1R6i8T6jaBvd9eH2Kv6Dnc321IKHa0YN12iXpV+M="),
        pbkdf2(
            "SHA512_HMAC",
            64,
            "7+c4+8FhRT07vfE0ikHwM2MV0jr6Ae3DwQOwrJ8zT4iXYgj7lq8CABZuFDTQhEXjjmtzajmwGsQbfw08VFNMDA==",
        ),
    ]
}

/// Changes a user's password to [`NEW_PASSWORD`]; answers the status and the provider that is shown then.
async fn change_password(org: &TestOrg, path: &str, old: &str) -> (u16, String) {
    let body = json!({ "oldPassword": { "value": old }, "newPassword": { "value": NEW_PASSWORD } });
    let answer = org.post(&format!("{path}/credentials/change_password"), body).await;
    (answer.status, text(&org.get(path).await.ok(), "credentials.provider.type"))
}

on_both_engines! {
    async fn a_password_of_every_imported_kind_is_good_until_it_is_changed(org: TestOrg) {
        for (number, hash) in hashes().into_iter().enumerate() {
            let login = format!("isaac{number}@example.com");
            let path = path_of_new(&org, "", &login, json!({ "password": { "hash": hash } })).await;
            let wrong = change_password(&org, &path, "Imp0rtedPas").await;
            assert_eq!(wrong, (403, "IMPORT".to_owned()), "{hash}");
            assert_eq!(change_password(&org, &path, IMPORTED).await, (200, "OKTA".to_owned()), "{hash}");
            assert_eq!(change_password(&org, &path, IMPORTED).await, (403, "OKTA".to_owned()), "{hash}");
        }
    }
}

on_both_engines! {
    async fn an_imported_password_counts_in_the_history(org: TestOrg) {
        let hash = digest("SHA-256", None, "7rqcR23CipYDvh3Ura8TrTx8wXLXbs8xOnVr3DSytrU=");
        let path = path_of_new(&org, "", "isaac@example.com", json!({ "password": { "hash": hash } })).await;
        change_password(&org, &path, IMPORTED).await;
        let body = json!({ "oldPassword": { "value": NEW_PASSWORD }, "newPassword": { "value": IMPORTED } });
        let answer = org.post(&format!("{path}/credentials/change_password"), body).await;
        assert_eq!((answer.status, text(&answer.body, "errorCode")), (403, "E0000014".to_owned()));
    }
}

on_both_engines! {
    async fn nobody_here_knows_the_password_of_a_hook(org: TestOrg) {
        let hook = json!({ "password": { "hook": { "type": "default" } } });
        let path = path_of_new(&org, "", "isaac@example.com", hook).await;
        assert_eq!(change_password(&org, &path, IMPORTED).await, (403, "IMPORT".to_owned()));
    }
}

on_both_engines! {
    async fn a_hash_that_breaks_a_rule_is_refused(org: TestOrg) {
        let good = hashes();
        let with = |hash: usize, changes: Value| {
            let mut hash = good[hash].clone();
            for (name, value) in changes.as_object().unwrap() {
                hash[name] = value.clone();
            }
            hash
        };
        let algorithm = "password: The hash algorithm must be BCRYPT, SHA-512, SHA-256, SHA-1, MD5 or PBKDF2";
        let work_factor = "password: The workFactor must be between 4 and 20";
        let digest = "password: The value must be the base64 of a digest of the algorithm";
        let order = "password: The saltOrder of a salt must be PREFIX or POSTFIX";
        let iterations = "password: The iterationCount must be between 4096 and 10000000";
        for (hash, causes) in [
            (json!({}), vec![algorithm]),
            (json!({ "algorithm": "SCRYPT" }), vec![algorithm]),
            (with(0, json!({ "workFactor": 3 })), vec![work_factor]),
            (with(0, json!({ "workFactor": 21, "salt": null })), vec![
                work_factor, "password: The salt of BCRYPT must be 22 characters of radix-64"]),
            (with(0, json!({ "value": "short" })), vec!["password: The value of BCRYPT must be 31 characters of radix-64"]),
            (with(5, json!({ "algorithm": "SHA-512" })), vec![digest]),
            (with(5, json!({ "value": "not base64!" })), vec![digest]),
            (with(6, json!({ "saltOrder": null })), vec![order]),
            (with(6, json!({ "saltOrder": "MIDDLE" })), vec![order]),
            (with(6, json!({ "salt": "?" })), vec!["password: The salt must be base64"]),
            (with(14, json!({ "iterationCount": 4095 })), vec![iterations]),
            (with(14, json!({ "keySize": 31 })), vec!["password: The value must be the base64 of keySize bytes"]),
            (with(14, json!({ "digestAlgorithm": "MD5_HMAC" })), vec![
                "password: The digestAlgorithm must be SHA256_HMAC or SHA512_HMAC"]),
        ] {
            let body = json!({ "profile": profile("isaac@example.com"), "credentials": { "password": { "hash": hash } } });
            let answer = org.post("/api/v1/users", body).await;
            answer.refused(400, "E0000001", "Api validation failed: password", &causes);
        }
        let body = json!({ "profile": profile("isaac@example.com"), "credentials": { "password": { "hook": { "type": "other" } } } });
        let answer = org.post("/api/v1/users", body).await;
        let cause = "password: The type of the password hook must be default";
        answer.refused(400, "E0000001", "Api validation failed: password", &[cause]);
        assert_eq!(org.get("/api/v1/users/isaac@example.com").await.status, 404);
    }
}
