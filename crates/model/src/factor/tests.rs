//! What proofs do to factors, without a server.

use proptest::prelude::*;

use super::*;

const START: i64 = 1_767_323_045;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis((START + seconds) * 1000)
}

fn code(text: &str) -> Passcode {
    Passcode::from_text(text)
}

fn pending(destination: Destination, passcode: &str) -> Factor {
    let challenge = Challenge::new(code(passcode), destination.channel(), PasscodeLifetime::default(), at(0));
    let enrollment = Enrollment::Passcode { destination, stage: PasscodeStage::PendingActivation { challenge } };
    Factor::enrolled(FactorId::from_text("mbl1"), UserId::from_text("00u1"), enrollment, at(0))
}

fn sms(phone: &str) -> Destination {
    Destination::Sms(PhoneNumber::parse(phone).unwrap())
}

#[test]
fn kinds_read_back_and_have_prefixes_of_their_own() {
    for (index, kind) in FactorKind::ALL.iter().enumerate() {
        assert_eq!(FactorKind::from_texts(kind.factor_type(), kind.provider()), Some(*kind));
        assert_eq!(FactorKind::ALL.iter().position(|other| other.id_prefix() == kind.id_prefix()), Some(index));
    }
    assert_eq!(FactorKind::from_texts("sms", "GOOGLE"), None);
}

#[test]
fn there_are_twenty_questions() {
    assert_eq!(SecurityQuestion::ALL.len(), 20);
    for question in SecurityQuestion::ALL {
        assert_eq!(SecurityQuestion::from_key(question.key()), Some(*question));
    }
}

#[test]
fn a_passcode_activates_and_is_good_once() {
    let mut factor = pending(sms("+12345678901"), "123456");
    assert_eq!(factor.verify(Proof::Passcode("123456"), at(1)), Err(FactorRefusal::NotActive));
    assert_eq!(factor.activate(Proof::Passcode("123456"), at(1)), Ok(()));
    assert_eq!((factor.status(), factor.last_updated), (FactorStatus::Active, at(1)));
    assert_eq!(factor.activate(Proof::Passcode("123456"), at(1)), Err(FactorRefusal::NotPending));
    assert_eq!(factor.verify(Proof::Passcode("123456"), at(1)), Err(FactorRefusal::WrongPasscode));
}

#[test]
fn a_passcode_is_good_for_five_minutes() {
    assert_eq!(pending(sms("+12345678901"), "123456").activate(Proof::Passcode("123456"), at(299)), Ok(()));
    let late = pending(sms("+12345678901"), "123456").activate(Proof::Passcode("123456"), at(300));
    assert_eq!(late, Err(FactorRefusal::WrongPasscode));
}

#[test]
fn after_five_wrong_passcodes_the_right_one_must_wait() {
    let mut factor = pending(sms("+12345678901"), "123456");
    for second in 0..5 {
        assert_eq!(factor.activate(Proof::Passcode("000000"), at(second)), Err(FactorRefusal::WrongPasscode));
    }
    assert_eq!(factor.activate(Proof::Passcode("123456"), at(5)), Err(FactorRefusal::TooManyAttempts));
    assert_eq!(factor.challenge(code("1"), None, at(60)).err(), Some(FactorRefusal::TooManyAttempts));
    // The first of the five is five minutes old.
    assert!(factor.challenge(code("654321"), None, at(300)).is_ok());
    assert_eq!(factor.activate(Proof::Passcode("654321"), at(300)), Ok(()));
}

#[test]
fn passcodes_keep_their_distance() {
    for (destination, pause) in [
        (sms("+12345678901"), 30),
        (Destination::Call(PhoneNumber::parse("+12345678901").unwrap(), None), 30),
        (Destination::Email("a@example.com".to_owned()), 5),
    ] {
        let mut factor = pending(destination.clone(), "123456");
        let soon = factor.challenge(code("1"), None, at(pause - 1)).err();
        assert_eq!(soon, Some(FactorRefusal::RecentlySent(destination.channel())));
        assert!(factor.challenge(code("654321"), None, at(pause)).is_ok());
        assert_eq!(
            factor.activate(Proof::Passcode("123456"), at(pause)),
            Err(FactorRefusal::WrongPasscode),
            "the older one is void"
        );
    }
}

#[test]
fn a_pending_phone_changes_only_on_request() {
    let mut factor = pending(sms("+12345678901"), "123456");
    let other = || pending(sms("+12345678902"), "654321").enrollment;
    let same = pending(sms("+1 234-567-8901"), "654321").enrollment;
    assert_eq!(factor.enroll_again(other(), false, at(1)), Err(FactorRefusal::OtherPhone));
    let soon = factor.enroll_again(same, false, at(1));
    assert_eq!(soon, Err(FactorRefusal::RecentlySent(Channel::Sms)));
    assert_eq!(factor.enroll_again(other(), true, at(1)), Ok(()));
    assert_eq!(factor.activate(Proof::Passcode("654321"), at(2)), Ok(()));
    assert_eq!(factor.enroll_again(other(), true, at(60)), Err(FactorRefusal::AlreadySetUp));
}

#[test]
fn phone_numbers_are_those_of_e164() {
    let read = |text: &str| PhoneNumber::parse(text).ok().map(|phone| phone.as_str().to_owned());
    assert_eq!(read(" +1-555-415.1337").as_deref(), Some("+15554151337"));
    assert_eq!(read("+44 (20) 7183 8750").as_deref(), Some("+442071838750"));
    for text in ["", "+", "5554151337", "+1234567890123456", "+0123456789", "+1555415133x", "+12"] {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_state_reads_back(passcode in 0..u64::MAX, failures in 0..7_usize) {
        let mut factor = pending(sms("+12345678901"), Passcode::from_random(passcode).reveal());
        for second in 0..failures {
            let _ = factor.activate(Proof::Passcode("x"), at(i64::try_from(second).unwrap()));
        }
        let text = serde_json::to_string(&(&factor.enrollment, &factor.failures)).unwrap();
        let (enrollment, read): (Enrollment, Failures) = serde_json::from_str(&text).unwrap();
        prop_assert!(enrollment.status() == FactorStatus::PendingActivation && read.0.len() == failures.min(5));
        prop_assert_eq!(serde_json::to_string(&(&enrollment, &read)).unwrap(), text);
    }
}
