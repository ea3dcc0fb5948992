use serde_json::json;

use super::*;

fn bcrypt() -> Value {
    json!({
        "algorithm": "BCRYPT", "workFactor": 10,
        "salt": "rwh3vH166HCH/NT9XV5FYu", "value": "qaMqvAPULkbiQzkTCWo5XDcvzpk8Tna",
    })
}

fn sha256() -> Value {
    // 32 bytes are 43 digits and one sign of padding.
    let value = format!("{}=", "A".repeat(43));
    json!({ "algorithm": "SHA-256", "value": value, "salt": "c2FsdA==", "saltOrder": "PREFIX" })
}

fn pbkdf2() -> Value {
    json!({
        "algorithm": "PBKDF2", "digestAlgorithm": "SHA256_HMAC", "iterationCount": 4096, "keySize": 3,
        "salt": "c2FsdA==", "value": "AAAA",
    })
}

fn with(mut hash: Value, changes: &[(&str, Value)]) -> Value {
    for (member, value) in changes {
        hash[*member] = value.clone();
    }
    hash
}

#[test]
fn each_kind_of_hash_survives_storage() {
    for hash in [bcrypt(), sha256(), pbkdf2()] {
        let parsed = ImportedHash::from_json(&hash).unwrap();
        let stored = serde_json::to_string(&parsed).unwrap();
        assert_eq!(serde_json::from_str::<ImportedHash>(&stored).unwrap(), parsed);
    }
}

#[test]
fn a_hash_is_never_printed() {
    let shown = |hash| format!("{:?}", ImportedHash::from_json(&hash).unwrap());
    assert_eq!([shown(bcrypt()), shown(sha256()), shown(pbkdf2())], ["Bcrypt(…)", "Sha256(…)", "Pbkdf2(…)"]);
}

#[test]
fn a_digest_may_do_without_a_salt() {
    for salt in [Value::Null, json!("")] {
        let hash = with(sha256(), &[("salt", salt), ("saltOrder", Value::Null)]);
        assert!(matches!(ImportedHash::from_json(&hash), Ok(ImportedHash::Sha256 { salt: None, .. })));
    }
}

#[test]
fn each_digest_has_a_length_of_its_own() {
    for (algorithm, digits, padding) in [("SHA-512", 86, 2), ("SHA-256", 43, 1), ("SHA-1", 27, 1), ("MD5", 22, 2)] {
        let value = |digits: usize, padding| format!("{}{}", "A".repeat(digits), "=".repeat(padding));
        let parse = |value| ImportedHash::from_json(&json!({ "algorithm": algorithm, "value": value }));
        assert!(parse(value(digits, padding)).is_ok(), "{algorithm}");
        assert!(parse(value(digits + 4, padding)).is_err(), "{algorithm}");
    }
}

#[test]
fn a_hash_with_one_bad_part_has_one_violation_on_password() {
    for hash in [
        json!("hash"),
        json!({}),
        with(bcrypt(), &[("algorithm", json!("SCRYPT"))]),
        with(bcrypt(), &[("workFactor", json!(3))]),
        with(bcrypt(), &[("workFactor", json!(21))]),
        with(bcrypt(), &[("workFactor", json!("10"))]),
        with(bcrypt(), &[("salt", json!("rwh3vH166HCH/NT9XV5FY"))]),
        with(bcrypt(), &[("value", json!("qaMqvAPULkbiQzkTCWo5XDcvzpk8Tn="))]),
        with(sha256(), &[("value", json!("not base64"))]),
        with(sha256(), &[("salt", json!("c2FsdA"))]),
        with(sha256(), &[("salt", json!("c2FsdB=="))]),
        with(sha256(), &[("saltOrder", Value::Null)]),
        with(sha256(), &[("saltOrder", json!("MIDDLE"))]),
        with(pbkdf2(), &[("iterationCount", json!(4095))]),
        with(pbkdf2(), &[("keySize", json!(4))]),
        with(pbkdf2(), &[("keySize", Value::Null)]),
        with(pbkdf2(), &[("digestAlgorithm", json!("MD5_HMAC"))]),
        with(pbkdf2(), &[("salt", Value::Null)]),
    ] {
        let violations = ImportedHash::from_json(&hash).unwrap_err();
        assert!(violations.len() == 1 && violations[0].field == "password", "{hash}: {violations:?}");
    }
}

#[test]
fn every_bad_part_is_reported() {
    assert_eq!(ImportedHash::from_json(&json!({ "algorithm": "BCRYPT" })).unwrap_err().len(), 3);
    assert_eq!(ImportedHash::from_json(&json!({ "algorithm": "PBKDF2" })).unwrap_err().len(), 5);
    assert_eq!(
        ImportedHash::from_json(&json!({ "algorithm": "MD5", "salt": "=", "value": "=" })).unwrap_err().len(),
        3
    );
}
