//! Random walks over the sign-in state machine: whatever is sent in whatever order, nobody succeeds without the right
//! password, answer or token, nor without a factor where the org asks for one; and who has all of them does.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::factors::seconds;
use super::{anyone, link_token};
use crate::context::{EngineKind, TestOrg, run, text};
use crate::factors::{enroll, enroll_question, other, totp};
use crate::policies::{set_password_policy, set_rule};
use crate::users::fixtures::{ANSWER, PASSWORD, credentials, path_of};

/// Walks on each engine. `ROSTER_TEST_WALKS` names another number.
const WALKS: u32 = 200;

/// Passwords of the walks, of which at most one is right at a time.
const PASSWORDS: [&str; 4] = [PASSWORD, "Efgh9012#@", "Ijkl3456#@", "Mnop7890#@"];

/// What somebody does. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    SignIn {
        password: usize,
        warn: bool,
    },
    State,
    ChangePassword {
        old: usize,
        new: usize,
    },
    ResetPassword {
        new: usize,
    },
    Answer {
        right: bool,
    },
    RedeemToken {
        which: usize,
    },
    ActivationToken {
        which: usize,
    },
    /// Proves a factor with what `proof` brings.
    Verify {
        totp: bool,
        proof: Proof,
    },
    EnrollQuestion,
    EnrollTotp,
    ActivateTotp {
        right: bool,
    },
    Skip,
    Previous,
    Cancel,
    /// An administrator takes all factors away.
    ResetFactors,
    /// An administrator expires the password.
    Expire,
    /// An administrator resets the password; the token becomes known.
    Reset,
    /// An administrator asks for a forgotten-password token, which becomes known.
    Forgot,
    /// An administrator unlocks.
    Unlock,
    Suspend,
    Unsuspend,
    /// Time goes by.
    Wait {
        seconds: i64,
    },
    /// Another transaction's token is used from here on.
    Switch {
        which: usize,
    },
}

/// What somebody brings to a factor.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Right,
    Wrong,
    /// Nothing: to be challenged.
    None,
}

fn step() -> impl Strategy<Value = Step> {
    let password = 0..PASSWORDS.len();
    prop_oneof![
        4 => (password.clone(), any::<bool>()).prop_map(|(password, warn)| Step::SignIn { password, warn }),
        1 => Just(Step::State),
        3 => (password.clone(), password.clone()).prop_map(|(old, new)| Step::ChangePassword { old, new }),
        3 => password.prop_map(|new| Step::ResetPassword { new }),
        2 => any::<bool>().prop_map(|right| Step::Answer { right }),
        3 => (0_usize..8).prop_map(|which| Step::RedeemToken { which }),
        1 => (0_usize..8).prop_map(|which| Step::ActivationToken { which }),
        4 => (any::<bool>(), prop_oneof![3 => Just(Proof::Right), 1 => Just(Proof::Wrong), 1 => Just(Proof::None)])
            .prop_map(|(totp, proof)| Step::Verify { totp, proof }),
        2 => Just(Step::EnrollQuestion),
        2 => Just(Step::EnrollTotp),
        2 => any::<bool>().prop_map(|right| Step::ActivateTotp { right }),
        1 => Just(Step::ResetFactors),
        1 => Just(Step::Skip),
        1 => Just(Step::Previous),
        1 => Just(Step::Cancel),
        2 => Just(Step::Expire),
        1 => Just(Step::Reset),
        2 => Just(Step::Forgot),
        1 => Just(Step::Unlock),
        1 => Just(Step::Suspend),
        1 => Just(Step::Unsuspend),
        1 => prop_oneof![Just(1_i64), Just(200), Just(86_400)].prop_map(|seconds| Step::Wait { seconds }),
        1 => (0_usize..8).prop_map(|which| Step::Switch { which }),
    ]
}

/// A transaction that a walker has begun, and what they have done for it.
#[derive(Debug, Clone)]
struct Begun {
    state: Value,
    /// Whether they have proved who they are: by the right password, or by a token.
    proved: bool,
    /// Whether the right answer is wanted beside the token.
    unanswered: bool,
    /// Whether they have proved a factor, or enrolled one where there was none.
    factor: bool,
}

/// What a walker holds, and what the user really has.
struct Walk<'a> {
    org: &'a TestOrg,
    path: String,
    login: String,
    /// The right password.
    password: usize,
    /// Whether the org asks for a factor.
    required: bool,
    /// The id of the active security question.
    question: Option<String>,
    /// The id and secret of the codes, and whether they are active.
    totp: Option<(String, String, bool)>,
    /// Transactions, the one in use last.
    begun: Vec<Begun>,
    /// Recovery tokens that were seen.
    tokens: Vec<String>,
}

impl Walk<'_> {
    fn current(&self) -> Begun {
        let unknown = || Begun { state: json!("00unknown"), proved: false, unanswered: false, factor: false };
        self.begun.last().cloned().unwrap_or_else(unknown)
    }

    fn has_factor(&self) -> bool {
        self.question.is_some() || self.totp.as_ref().is_some_and(|(_, _, is_active)| *is_active)
    }

    /// Takes an answer in, to who has done this: a success must have been proved.
    fn take(&mut self, name: &str, answer: &Value, done: &Begun, keeps: bool) {
        match answer["status"].as_str() {
            Some("SUCCESS") => {
                assert!(done.proved, "{name}: {answer}");
                let unlocks = answer.get("sessionToken").is_none();
                assert!(!self.required || done.factor || unlocks, "{name} without a factor: {answer}");
                if !keeps {
                    self.begun.pop();
                }
            }
            Some(status) if answer.get("stateToken").is_some() => {
                let state = answer["stateToken"].clone();
                let known = self.begun.iter().position(|begun| begun.state == state);
                let begun = Begun { state, unanswered: status == "RECOVERY", ..done.clone() };
                match known {
                    Some(at) => self.begun[at] = begun,
                    None => self.begun.push(begun),
                }
            }
            _ => {}
        }
    }

    /// Takes in the answer to an enrolment that leaves an active factor, and says whether there is one now.
    fn enrolled(&mut self, name: &str, answer: &Value, current: &Begun) -> bool {
        if answer.get("errorCode").is_some() {
            return false;
        }
        assert!(!self.has_factor() || current.factor, "{name} beside a factor that was not proved: {answer}");
        self.take(name, answer, &Begun { factor: true, ..current.clone() }, false);
        true
    }

    async fn step(&mut self, step: &Step) {
        let org = self.org;
        let current = self.current();
        let state = current.state.clone();
        let lifecycle = |end: &str| format!("{}/lifecycle/{end}", self.path);
        match step {
            Step::SignIn { password, warn } => {
                let options = json!({ "warnBeforePasswordExpired": warn });
                let body = json!({ "username": self.login, "password": PASSWORDS[*password], "options": options });
                let answer = anyone(org, "", body).await.body;
                let right = *password == self.password;
                assert!(right || answer.get("errorCode").is_some(), "a wrong password goes no further: {answer}");
                self.take("sign in", &answer, &Begun { proved: right, factor: false, ..current }, true);
            }
            Step::State => {
                let answer = anyone(org, "", json!({ "stateToken": state })).await.body;
                self.take("state", &answer, &current, true);
            }
            Step::ChangePassword { old, new } => {
                let body =
                    json!({ "stateToken": state, "oldPassword": PASSWORDS[*old], "newPassword": PASSWORDS[*new] });
                let answer = anyone(org, "/credentials/change_password", body).await.body;
                let proved = current.proved && *old == self.password;
                self.take("change", &answer, &Begun { proved, ..current }, false);
                if answer.get("errorCode").is_none() {
                    self.password = *new;
                }
            }
            Step::ResetPassword { new } => {
                let body = json!({ "stateToken": state, "newPassword": PASSWORDS[*new] });
                let answer = anyone(org, "/credentials/reset_password", body).await.body;
                let proved = current.proved && !current.unanswered;
                self.take("reset", &answer, &Begun { proved, ..current }, false);
                if answer.get("errorCode").is_none() {
                    self.password = *new;
                }
            }
            Step::Answer { right } => {
                let given = if *right { ANSWER } else { "Calamity Jane" };
                let answer =
                    anyone(org, "/recovery/answer", json!({ "stateToken": state, "answer": given })).await.body;
                assert!(*right || answer.get("errorCode").is_some(), "{answer}");
                self.take("answer", &answer, &current, true);
            }
            Step::RedeemToken { which } => {
                let token = self.tokens.get(*which).cloned().unwrap_or_else(|| "unknown".to_owned());
                let answer = anyone(org, "/recovery/token", json!({ "recoveryToken": token })).await.body;
                let proved = self.tokens.contains(&token);
                self.take("redeem", &answer, &Begun { proved, factor: false, ..current }, true);
            }
            Step::ActivationToken { which } => {
                let token = self.tokens.get(*which).cloned().unwrap_or_else(|| "unknown".to_owned());
                let answer = anyone(org, "", json!({ "token": token })).await.body;
                self.take("activation", &answer, &Begun { proved: false, factor: false, ..current }, true);
            }
            Step::Verify { totp, proof } => self.verify(*totp, *proof, current).await,
            Step::EnrollQuestion => {
                let profile = json!({ "question": "disliked_food", "answer": "mayonnaise" });
                let body =
                    json!({ "stateToken": state, "factorType": "question", "provider": "OKTA", "profile": profile });
                let answer = anyone(org, "/factors", body).await.body;
                if self.enrolled("enroll a question", &answer, &current) {
                    let factors = org.get(&format!("{}/factors", self.path)).await.ok();
                    let questions = factors.as_array().unwrap().iter().find(|it| it["factorType"] == "question");
                    self.question = questions.map(|question| text(question, "id"));
                }
            }
            Step::EnrollTotp => {
                let body = json!({ "stateToken": state, "factorType": "token:software:totp", "provider": "GOOGLE" });
                let answer = anyone(org, "/factors", body).await.body;
                if answer["status"] == "MFA_ENROLL_ACTIVATE" {
                    let factor = &answer["_embedded"]["factor"];
                    let secret = text(factor, "_embedded.activation.sharedSecret");
                    self.totp = Some((text(factor, "id"), secret, false));
                    self.take("enroll codes", &answer, &current, false);
                }
            }
            Step::ActivateTotp { right } => {
                let Some((id, secret, false)) = self.totp.clone() else { return };
                let code = totp::code(&secret, seconds(org));
                let code = if *right { code } else { other(&code) };
                let body = json!({ "stateToken": state, "passCode": code });
                let answer = anyone(org, &format!("/factors/{id}/lifecycle/activate"), body).await.body;
                assert!(*right || answer.get("errorCode").is_some(), "{answer}");
                if self.enrolled("activate", &answer, &current) {
                    self.totp = Some((id, secret, true));
                }
            }
            Step::ResetFactors => {
                if org.post(&lifecycle("reset_factors"), None).await.status == 200 {
                    (self.question, self.totp) = (None, None);
                }
            }
            Step::Skip => {
                let answer = anyone(org, "/skip", json!({ "stateToken": state })).await.body;
                self.take("skip", &answer, &current, false);
            }
            Step::Previous => {
                let answer = anyone(org, "/previous", json!({ "stateToken": state })).await.body;
                self.take("previous", &answer, &current, true);
            }
            Step::Cancel => drop(anyone(org, "/cancel", json!({ "stateToken": state })).await),
            Step::Expire => drop(org.post(&lifecycle("expire_password"), None).await),
            Step::Unlock => drop(org.post(&lifecycle("unlock"), None).await),
            Step::Suspend => drop(org.post(&lifecycle("suspend"), None).await),
            Step::Unsuspend => drop(org.post(&lifecycle("unsuspend"), None).await),
            Step::Reset => {
                if org.post(&lifecycle("reset_password?sendEmail=false"), None).await.status == 200 {
                    self.tokens.push(link_token(org, &self.path, "lifecycle/reset_password").await);
                }
            }
            Step::Forgot => {
                let path = format!("{}/credentials/forgot_password?sendEmail=false", self.path);
                let answer = org.post(&path, None).await;
                if answer.status == 200 {
                    self.tokens.push(text(&answer.body, "resetPasswordUrl").rsplit('/').next().unwrap().to_owned());
                }
            }
            Step::Wait { seconds } => org.wait_seconds(*seconds),
            Step::Switch { which } => {
                if *which < self.begun.len() {
                    let last = self.begun.len() - 1;
                    self.begun.swap(*which, last);
                }
            }
        }
    }

    /// Proves a factor; a wrong proof goes no further.
    async fn verify(&mut self, with_totp: bool, proof: Proof, current: Begun) {
        let org = self.org;
        let (id, right, wrong) = if with_totp {
            let Some((id, secret, _)) = &self.totp else { return };
            let code = totp::code(secret, seconds(org));
            (id.clone(), json!({ "passCode": code }), json!({ "passCode": other(&code) }))
        } else {
            let Some(id) = self.question.clone() else { return };
            (id, json!({ "answer": "mayonnaise" }), json!({ "answer": "ketchup" }))
        };
        let (mut body, proves) = match proof {
            Proof::Right => (right, true),
            Proof::Wrong => (wrong, false),
            Proof::None => (json!({}), false),
        };
        body["stateToken"] = current.state.clone();
        let answer = anyone(org, &format!("/factors/{id}/verify"), body).await.body;
        let challenged = matches!(proof, Proof::None) && answer["status"] == "MFA_CHALLENGE";
        assert!(proves || challenged || answer.get("errorCode").is_some(), "{answer}");
        self.take("verify", &answer, &Begun { factor: proves || current.factor, ..current }, false);
    }
}

/// What a walk begins with: whether the org asks for a factor, and which one the user has.
const BEGINNINGS: [(bool, Option<bool>); 4] = [(false, None), (true, None), (true, Some(false)), (true, Some(true))];

async fn walk(org: &TestOrg, number: u32, steps: &[Step]) {
    // Minutes of its own, so that no walk is throttled for another one's failures.
    org.wait_seconds(60);
    let (required, factor) = BEGINNINGS[usize::try_from(number).unwrap() % BEGINNINGS.len()];
    set_rule(org, "OKTA_SIGN_ON", json!({ "signon": { "requireFactor": required } })).await.ok();
    let login = format!("walker{number}@example.com");
    let path = path_of(&org.create_with("", &login, credentials()).await);
    let (begun, tokens) = Default::default();
    let (question, totp) = (None, None);
    let mut walk = Walk { org, path, login: login.clone(), password: 0, required, question, totp, begun, tokens };
    let factors = format!("{}/factors", walk.path);
    match factor {
        None => {}
        Some(false) => walk.question = Some(text(&enroll_question(org, &factors).await, "id")),
        Some(true) => {
            let factor = enroll(org, &factors, "token:software:totp", "GOOGLE", Value::Null).await;
            let (id, secret) = (text(&factor, "id"), text(&factor, "_embedded.activation.sharedSecret"));
            let code = json!({ "passCode": totp::code(&secret, seconds(org)) });
            org.post(&format!("{factors}/{id}/lifecycle/activate"), code).await.ok();
            walk.totp = Some((id, secret, true));
        }
    }
    for step in steps {
        walk.step(step).await;
    }
    // The model of this test did not lose track: who has all that is asked for, and nothing in the way, is let in.
    let path = walk.path.clone();
    org.post(&format!("{path}/lifecycle/unsuspend"), None).await;
    org.post(&format!("{path}/lifecycle/unlock"), None).await;
    org.wait_seconds(300);
    let user = org.get(&path).await.ok();
    let body = json!({ "username": login, "password": PASSWORDS[walk.password] });
    let mut answer = anyone(org, "", body).await.body;
    if user["status"] == "RECOVERY" {
        assert_eq!(answer["errorCode"], "E0000004");
        return;
    }
    if required && walk.has_factor() {
        assert_eq!(answer["status"], "MFA_REQUIRED");
        let (id, mut proof) = match (&walk.question, &walk.totp) {
            (Some(id), _) => (id, json!({ "answer": "mayonnaise" })),
            (None, Some((id, secret, _))) => (id, json!({ "passCode": totp::code(secret, seconds(org)) })),
            (None, None) => unreachable!("there is a factor"),
        };
        proof["stateToken"] = answer["stateToken"].clone();
        answer = anyone(org, &format!("/factors/{id}/verify"), proof).await.body;
    }
    let done = if required && !walk.has_factor() { "MFA_ENROLL" } else { "SUCCESS" };
    match user["status"].as_str() {
        Some("ACTIVE") => assert!(answer["status"] == done || answer["status"] == "PASSWORD_EXPIRED", "{answer}"),
        Some("PASSWORD_EXPIRED") => assert_eq!(answer["status"], "PASSWORD_EXPIRED"),
        other => panic!("{other:?}"),
    }
}

fn walks(engine: EngineKind) {
    let walks = std::env::var("ROSTER_TEST_WALKS").ok().and_then(|walks| walks.parse().ok()).unwrap_or(WALKS);
    run(engine, |org: TestOrg| async move {
        let age = json!({ "maxAgeDays": 3, "expireWarnDays": 2, "historyCount": 0 });
        set_password_policy(&org, json!({ "password": { "age": age } })).await.ok();
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        for number in 0..walks {
            let steps = prop::collection::vec(step(), 1..15).new_tree(&mut runner).unwrap();
            let steps = proptest::strategy::ValueTree::current(&steps);
            let (walker, taken) = (org.clone(), steps.clone());
            let walked = tokio::spawn(async move { walk(&walker, number, &taken).await });
            assert!(walked.await.is_ok(), "after {steps:#?}");
        }
    });
}

#[test]
fn no_walk_succeeds_without_the_right_credentials_sqlite() {
    walks(EngineKind::Sqlite);
}

#[test]
fn no_walk_succeeds_without_the_right_credentials_postgres() {
    walks(EngineKind::Postgres);
}
