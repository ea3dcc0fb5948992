//! Security keys. The key and the browser are played here: P-256 and a few bytes of CBOR.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{NO_MATCH, WRONG_PASSCODE, factor_events, factors_of_new_user};
use crate::context::{Answer, Caller, TestOrg, text};

/// The user was there, and showed who they are.
const PRESENT_AND_VERIFIED: u8 = 0x05;

/// A key with a credential comes along.
const WITH_CREDENTIAL: u8 = 0x40;

/// A security key in a browser at an origin.
pub(crate) struct Key {
    key: SigningKey,
    id: [u8; 16],
    origin: String,
    uses: u32,
}

impl Key {
    pub(crate) fn at(origin: &str) -> Self {
        Self {
            key: SigningKey::from_slice(&[7; 32]).unwrap(),
            id: *b"credential of it",
            origin: origin.to_owned(),
            uses: 0,
        }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn authenticator_data(&mut self, flags: u8) -> Vec<u8> {
        self.uses += 1;
        let host = self.origin.split("://").nth(1).unwrap().split(':').next().unwrap();
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.uses.to_be_bytes());
        data
    }

    /// Makes its credential: the body that completes an enrolment.
    pub(crate) fn register(&mut self, challenge: &str) -> Value {
        let mut data = self.authenticator_data(PRESENT_AND_VERIFIED | WITH_CREDENTIAL);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        let point = self.key.verifying_key().to_sec1_point(false);
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}: an EC2 key for ES256 on P-256 (RFC 9053).
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend_from_slice(point.x().unwrap());
        data.extend([0x22, 0x58, 32]);
        data.extend_from_slice(point.y().unwrap());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        json!({
            "attestation": STANDARD.encode(attestation),
            "clientData": STANDARD.encode(self.client_data("webauthn.create", challenge)),
        })
    }

    /// Signs a challenge: the body of a verification.
    pub(crate) fn sign(&mut self, challenge: &str) -> Value {
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.authenticator_data(PRESENT_AND_VERIFIED);
        let signed = [data.as_slice(), &Sha256::digest(client_data.as_bytes())].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({
            "clientData": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": STANDARD.encode(data),
            "signatureData": STANDARD.encode(signature.to_der().as_bytes()),
        })
    }
}

/// The org under a name that keys sign for, and what it is called there.
pub(crate) fn named(org: &TestOrg) -> (Caller, String) {
    let host = format!("localhost:{}", org.address().port());
    (org.at_host(&host), format!("http://{host}"))
}

pub(crate) async fn post(caller: &Caller, path: &str, body: Value) -> Answer {
    caller.send(Method::POST, path, Some(body)).await
}

async fn enroll(caller: &Caller, factors: &str) -> Value {
    post(caller, factors, json!({ "factorType": "webauthn", "provider": "FIDO" })).await.ok()
}

/// Enrolls and activates a key, and answers the factor's path and the key.
async fn active(org: &TestOrg) -> (String, Key) {
    let (caller, origin) = named(org);
    let factors = factors_of_new_user(org).await;
    let factor = enroll(&caller, &factors).await;
    let (path, mut key) = (format!("{factors}/{}", text(&factor, "id")), Key::at(&origin));
    let answer = key.register(&text(&factor, "_embedded.activation.challenge"));
    post(&caller, &format!("{path}/lifecycle/activate"), answer).await.ok();
    (path, key)
}

async fn challenge(caller: &Caller, path: &str) -> String {
    let answer = caller.send(Method::POST, &format!("{path}/verify"), None).await.ok();
    text(&answer, "_embedded.challenge.challenge")
}

on_both_engines! {
    async fn an_enrolment_tells_the_browser_what_to_make(org: TestOrg) {
        let (caller, origin) = named(&org);
        let factors = factors_of_new_user(&org).await;
        let factor = enroll(&caller, &factors).await;
        let id = text(&factor, "id");
        assert!(id.starts_with("fwf") && factor.get("profile").is_none());
        assert_eq!(
            (text(&factor, "vendorName"), text(&factor, "status")),
            ("FIDO".to_owned(), "PENDING_ACTIVATION".to_owned())
        );
        let activation = &factor["_embedded"]["activation"];
        let user = factors.split('/').nth(4).unwrap();
        assert_eq!(
            activation["user"],
            json!({ "id": user, "name": "isaac@example.com", "displayName": "Isaac Brock" })
        );
        assert_eq!(activation["rp"], json!({ "id": "localhost", "name": "localhost" }));
        assert_eq!(activation["excludeCredentials"], json!([]));
        assert!(
            activation["pubKeyCredParams"].as_array().unwrap().contains(&json!({ "type": "public-key", "alg": -7 }))
        );
        assert_eq!(factor["_links"]["activate"]["href"], format!("{origin}{factors}/{id}/lifecycle/activate"));
        let shown = caller.send(Method::GET, &format!("{factors}/{id}"), None).await.ok();
        assert_eq!(shown, factor);
    }
}

on_both_engines! {
    async fn a_key_is_activated_challenged_and_verified(org: TestOrg) {
        let (caller, origin) = named(&org);
        let (path, mut key) = active(&org).await;
        let profile = json!({ "credentialId": URL_SAFE_NO_PAD.encode(key.id), "authenticatorName": "Authenticator" });
        let factor = caller.send(Method::GET, &path, None).await.ok();
        assert_eq!(
            (text(&factor, "status"), &factor["profile"], factor.get("_embedded")),
            ("ACTIVE".to_owned(), &profile, None)
        );

        let asked = caller.send(Method::POST, &format!("{path}/verify"), None).await.ok();
        assert_eq!((text(&asked, "factorResult"), &asked["profile"]), ("CHALLENGE".to_owned(), &profile));
        assert_eq!(asked["_links"]["verify"]["href"], format!("{origin}{path}/verify"));
        assert_eq!(asked["_embedded"]["challenge"]["rpId"], "localhost");
        let answer = key.sign(&text(&asked, "_embedded.challenge.challenge"));
        let verified = post(&caller, &format!("{path}/verify"), answer.clone()).await.ok();
        assert_eq!(verified, json!({ "factorResult": "SUCCESS", "profile": profile }));

        let (status, code, summary) = WRONG_PASSCODE;
        post(&caller, &format!("{path}/verify"), answer).await.refused(status, code, summary, &[NO_MATCH]);
        let events: Vec<_> =
            factor_events(&org).await.into_iter().map(|(event, outcome, _)| format!("{event} {outcome}")).collect();
        assert_eq!(
            events,
            [
                "user.mfa.factor.update SUCCESS",
                "user.mfa.factor.activate SUCCESS",
                "user.authentication.auth_via_mfa SUCCESS",
                "user.authentication.auth_via_mfa FAILURE",
            ]
        );
    }
}

on_both_engines! {
    async fn a_signature_is_good_only_for_the_last_challenge_from_the_orgs_own_origin(org: TestOrg) {
        let (caller, _) = named(&org);
        let (path, mut key) = active(&org).await;
        let verify = format!("{path}/verify");
        let (status, code, summary) = WRONG_PASSCODE;
        let refused =
            async |body: Value| post(&caller, &verify, body).await.refused(status, code, summary, &[NO_MATCH]);

        let older = challenge(&caller, &path).await;
        let newer = challenge(&caller, &path).await;
        refused(key.sign(&older)).await;
        let mut elsewhere = Key { origin: "http://evil.example".to_owned(), ..Key::at("") };
        elsewhere.uses = 10;
        refused(elsewhere.sign(&newer)).await;
        let mut other_key = Key { key: SigningKey::from_slice(&[8; 32]).unwrap(), ..Key::at(&key.origin) };
        other_key.uses = 10;
        refused(other_key.sign(&newer)).await;
        refused(json!({ "clientData": "?", "authenticatorData": "?", "signatureData": "?" })).await;
        let good = key.sign(&newer);
        post(&caller, &verify, good).await.ok();
    }
}

on_both_engines! {
    async fn a_challenge_is_good_for_five_minutes(org: TestOrg) {
        let (caller, _) = named(&org);
        let (path, mut key) = active(&org).await;
        let answer = key.sign(&challenge(&caller, &path).await);
        org.wait_seconds(300);
        let (status, code, summary) = WRONG_PASSCODE;
        post(&caller, &format!("{path}/verify"), answer).await.refused(status, code, summary, &[NO_MATCH]);
    }
}

on_both_engines! {
    async fn an_enrolment_needs_the_answer_to_its_own_challenge(org: TestOrg) {
        let (caller, origin) = named(&org);
        let factors = factors_of_new_user(&org).await;
        let factor = enroll(&caller, &factors).await;
        let path = format!("{factors}/{}", text(&factor, "id"));
        let activate = format!("{path}/lifecycle/activate");
        let mut key = Key::at(&origin);
        let (status, code, summary) = WRONG_PASSCODE;
        let foreign = key.register(&URL_SAFE_NO_PAD.encode([1; 32]));
        post(&caller, &activate, foreign).await.refused(status, code, summary, &[NO_MATCH]);
        let (blank, cause) = ("Api validation failed: attestation", "attestation: The field cannot be left blank");
        post(&caller, &activate, json!({ "passCode": "123456" })).await.refused(400, "E0000001", blank, &[cause]);
        let inactive = "Invalid factor id, it is not currently active.";
        post(&caller, &format!("{path}/verify"), json!({})).await.refused(410, "E0000154", inactive, &[]);
        caller.send(Method::POST, &format!("{path}/resend"), None).await.refused(
            501,
            "E0000060",
            "Unsupported operation.",
            &[],
        );
        let right = key.register(&text(&factor, "_embedded.activation.challenge"));
        post(&caller, &activate, right).await.ok();
    }
}

on_both_engines! {
    async fn an_org_without_a_host_name_has_no_security_keys(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let (summary, cause) =
            ("Api validation failed: factorEnrollRequest", "A security key needs an org with a host name.");
        let factor = json!({ "factorType": "webauthn", "provider": "FIDO" });
        post(&org.caller, &factors, factor).await.refused(400, "E0000001", summary, &[cause]);
    }
}
