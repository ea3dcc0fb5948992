//! Time-based codes. The codes are computed here, from the secret as Base32, with nothing of the server's.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use super::{NO_MATCH, TOO_MANY, WRONG_PASSCODE, enroll, factor_events, factors_of_new_user, other};
use crate::context::{START, TestOrg, text};
use crate::raw::{self, RawAnswer};

/// The code of `secret` at this many seconds after the start of the test (RFC 6238).
pub(crate) fn code(secret: &str, seconds: i64) -> String {
    let step = u64::try_from((START / 1000 + seconds) / 30).unwrap();
    let mut mac = Hmac::<Sha1>::new_from_slice(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Enrolls Google's kind, and answers its path and secret.
async fn pending(org: &TestOrg) -> (String, String) {
    let factors = factors_of_new_user(org).await;
    let factor = enroll(org, &factors, "token:software:totp", "GOOGLE", Value::Null).await;
    (format!("{factors}/{}", text(&factor, "id")), text(&factor, "_embedded.activation.sharedSecret"))
}

/// The same, activated with the code of now.
async fn active(org: &TestOrg) -> (String, String) {
    let (path, secret) = pending(org).await;
    org.post(&format!("{path}/lifecycle/activate"), json!({ "passCode": code(&secret, 0) })).await.ok();
    (path, secret)
}

/// Opens a link without any credentials.
async fn open(org: &TestOrg, url: &str) -> RawAnswer {
    let path = url.strip_prefix(&format!("http://{}", org.address())).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", org.address());
    raw::exchange(org, request.as_bytes()).await
}

/// What a picture of a QR code says.
fn read_qr_code(bytes: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let mut decoder = quircs::Quirc::default();
    let found = decoder.identify(info.width as usize, info.height as usize, &pixels).next().unwrap().unwrap();
    String::from_utf8(found.decode().unwrap().payload).unwrap()
}

on_both_engines! {
    async fn an_enrolment_shows_a_secret_until_it_is_activated(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        for (provider, prefix) in [("OKTA", "ost"), ("GOOGLE", "uft")] {
            let factor = enroll(&org, &factors, "token:software:totp", provider, Value::Null).await;
            let id = text(&factor, "id");
            assert!(id.starts_with(prefix) && id.len() == 20);
            assert_eq!(
                (text(&factor, "status"), text(&factor, "vendorName")),
                ("PENDING_ACTIVATION".to_owned(), provider.to_owned())
            );
            assert_eq!(factor["profile"], json!({ "credentialId": "isaac@example.com" }));
            let activation = &factor["_embedded"]["activation"];
            assert_eq!(
                (&activation["timeStep"], &activation["encoding"], &activation["keyLength"]),
                (&json!(30), &json!("base32"), &json!(16))
            );
            assert_eq!(activation["_links"]["qrcode"]["type"], "image/png");
            let own = format!("http://{}{factors}/{id}", org.address());
            assert_eq!(
                factor["_links"]["activate"],
                json!({ "href": format!("{own}/lifecycle/activate"), "hints": { "allow": ["POST"] } })
            );
            assert_eq!(factor["_links"]["self"], json!({ "href": own, "hints": { "allow": ["GET"] } }));
            assert_eq!(org.get(&format!("{factors}/{id}")).await.ok(), factor);

            let secret = text(activation, "sharedSecret");
            org.wait_seconds(1);
            let passcode = json!({ "passCode": code(&secret, if provider == "OKTA" { 1 } else { 2 }) });
            let activated = org.post(&format!("{factors}/{id}/lifecycle/activate"), passcode).await.ok();
            assert_eq!((text(&activated, "status"), activated.get("_embedded")), ("ACTIVE".to_owned(), None));
            assert_eq!(
                activated["_links"]["verify"],
                json!({ "href": format!("{own}/verify"), "hints": { "allow": ["POST"] } })
            );
            assert_eq!(activated["_links"]["self"], json!({ "href": own, "hints": { "allow": ["GET", "DELETE"] } }));
            assert_ne!(activated["lastUpdated"], activated["created"]);
            assert_eq!(org.get(&format!("{factors}/{id}")).await.ok(), activated);
        }
    }
}

on_both_engines! {
    async fn the_qr_code_holds_the_secret_and_opens_without_a_token_until_activation(org: TestOrg) {
        let (path, secret) = pending(&org).await;
        let link = text(&org.get(&path).await.ok(), "_embedded.activation._links.qrcode.href");
        let picture = open(&org, &link).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
        let host = "127.0.0.1";
        assert_eq!(
            read_qr_code(&picture.body),
            format!(
                "otpauth://totp/{host}:isaac%40example.com?secret={secret}&issuer={host}&algorithm=SHA1&digits=6&period=30"
            )
        );
        open(&org, &link[..link.len() - 1]).await.refused(404, "E0000007");
        org.post(&format!("{path}/lifecycle/activate"), json!({ "passCode": code(&secret, 0) })).await.ok();
        open(&org, &link).await.refused(404, "E0000007");
    }
}

on_both_engines! {
    async fn a_code_is_taken_one_step_early_or_late_and_no_further(org: TestOrg) {
        let (path, secret) = active(&org).await;
        let verify = format!("{path}/verify");
        let (status, summary_code, summary) = WRONG_PASSCODE;
        let mut now = 0;
        for (offset, taken) in [(-61, false), (-30, true), (30, true), (61, false)] {
            org.wait_seconds(300);
            now += 300;
            let answer = org.post(&verify, json!({ "passCode": code(&secret, now + offset) })).await;
            if taken {
                assert_eq!(answer.ok(), json!({ "factorResult": "SUCCESS" }), "{offset}");
            } else {
                answer.refused(status, summary_code, summary, &[NO_MATCH]);
            }
        }
    }
}

on_both_engines! {
    async fn a_code_is_good_once_and_none_older_than_it_is(org: TestOrg) {
        let (path, secret) = active(&org).await;
        let verify = format!("{path}/verify");
        let replayed = "Each code can only be used once. Please wait for a new code and try again.";
        for seconds in [0, -30] {
            let passcode = json!({ "passCode": code(&secret, seconds) });
            org.post(&verify, passcode).await.refused(403, "E0000082", replayed, &[]);
        }
        let next = json!({ "passCode": code(&secret, 30) });
        assert_eq!(org.post(&verify, next.clone()).await.ok(), json!({ "factorResult": "SUCCESS" }));
        org.post(&verify, next).await.refused(403, "E0000082", replayed, &[]);
        let outcomes: Vec<_> =
            factor_events(&org).await.into_iter().map(|(event, outcome, _)| (event, outcome)).collect();
        let event = |event: &str, outcome: &str| (event.to_owned(), outcome.to_owned());
        assert_eq!(
            outcomes,
            [
                event("user.mfa.factor.update", "SUCCESS"),
                event("user.mfa.factor.activate", "SUCCESS"),
                event("user.authentication.auth_via_mfa", "FAILURE"),
                event("user.authentication.auth_via_mfa", "FAILURE"),
                event("user.authentication.auth_via_mfa", "SUCCESS"),
                event("user.authentication.auth_via_mfa", "FAILURE"),
            ]
        );
    }
}

on_both_engines! {
    async fn one_code_given_at_once_by_eight_is_taken_from_one(org: TestOrg) {
        let (path, secret) = active(&org).await;
        let verify = format!("{path}/verify");
        let passcode = json!({ "passCode": code(&secret, 30) });
        let calls = std::iter::repeat_with(|| {
            let (caller, verify, passcode) = (org.caller.clone(), verify.clone(), passcode.clone());
            tokio::spawn(async move { caller.send(reqwest::Method::POST, &verify, Some(passcode)).await.status })
        });
        let mut statuses = Vec::new();
        for call in calls.take(8).collect::<Vec<_>>() {
            statuses.push(call.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403, 403, 403, 403, 403, 403, 403]);
    }
}

on_both_engines! {
    async fn the_sixth_attempt_to_activate_within_five_minutes_is_too_many(org: TestOrg) {
        let (path, secret) = pending(&org).await;
        let activate = format!("{path}/lifecycle/activate");
        let (status, error_code, summary) = WRONG_PASSCODE;
        for second in 0..5 {
            let wrong = json!({ "passCode": other(&code(&secret, second)) });
            org.post(&activate, wrong).await.refused(status, error_code, summary, &[NO_MATCH]);
            org.wait_seconds(1);
        }
        let (status, error_code, summary) = TOO_MANY;
        org.post(&activate, json!({ "passCode": code(&secret, 5) })).await.refused(status, error_code, summary, &[]);
        // Enrolling anew gives no new attempts.
        let factors = path.rsplit_once('/').unwrap().0;
        let again = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        org.post(factors, again).await.refused(status, error_code, summary, &[]);
        // 300 seconds after the first of the five.
        org.wait_seconds(295);
        org.post(&activate, json!({ "passCode": code(&secret, 300) })).await.ok();
    }
}

on_both_engines! {
    async fn enrolling_anew_before_activation_keeps_the_id_and_voids_the_secret(org: TestOrg) {
        let (path, secret) = pending(&org).await;
        let factors = path.rsplit_once('/').unwrap().0;
        let again = enroll(&org, factors, "token:software:totp", "GOOGLE", Value::Null).await;
        let renewed = text(&again, "_embedded.activation.sharedSecret");
        assert!(path.ends_with(&text(&again, "id")) && renewed != secret);
        let activate = format!("{path}/lifecycle/activate");
        let (status, error_code, summary) = WRONG_PASSCODE;
        org.post(&activate, json!({ "passCode": code(&secret, 0) })).await.refused(
            status,
            error_code,
            summary,
            &[NO_MATCH],
        );
        org.post(&activate, json!({ "passCode": code(&renewed, 0) })).await.ok();
    }
}

on_both_engines! {
    async fn a_pending_factor_is_not_verified_and_an_active_one_not_activated(org: TestOrg) {
        let (path, secret) = pending(&org).await;
        let passcode = || json!({ "passCode": code(&secret, 0) });
        let inactive = "Invalid factor id, it is not currently active.";
        org.post(&format!("{path}/verify"), passcode()).await.refused(410, "E0000154", inactive, &[]);
        org.post(&format!("{path}/lifecycle/activate"), passcode()).await.ok();
        let (summary, cause) = ("Api validation failed: factorActivationRequest", "This factor is already active.");
        org.post(&format!("{path}/lifecycle/activate"), passcode()).await.refused(400, "E0000001", summary, &[cause]);
    }
}

on_both_engines! {
    async fn a_code_must_be_given_and_there_is_none_to_resend(org: TestOrg) {
        let (path, _) = active(&org).await;
        let (summary, cause) = ("Api validation failed: passCode", "passCode: The field cannot be left blank");
        for body in [None, Some(json!({})), Some(json!({ "passCode": "" }))] {
            org.post(&format!("{path}/verify"), body).await.refused(400, "E0000001", summary, &[cause]);
        }
        org.post(&format!("{path}/lifecycle/activate"), json!({})).await.refused(400, "E0000001", summary, &[cause]);
        org.post(&format!("{path}/resend"), None).await.refused(501, "E0000060", "Unsupported operation.", &[]);
        org.put(&path, json!({ "factorType": "token:software:totp", "provider": "GOOGLE" })).await.refused(
            501,
            "E0000060",
            "Unsupported operation.",
            &[],
        );
    }
}
