//! Random walks over the sign-in state machine: whatever is sent in whatever order, nobody succeeds without the right
//! password, answer or token, and who has all of them does.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{anyone, link_token};
use crate::context::{EngineKind, TestOrg, run, text};
use crate::policies::set_password_policy;
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
    Skip,
    Previous,
    Cancel,
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

/// What a walker holds, and what the user really has.
struct Walk<'a> {
    org: &'a TestOrg,
    path: String,
    login: String,
    /// The right password.
    password: usize,
    /// State tokens that were seen, the one in use last.
    states: Vec<Value>,
    /// Recovery tokens that were seen, with whether they ask for no answer.
    tokens: Vec<String>,
    /// Whether the walker may have proved who they are: by the right password in this transaction, or by a token (and,
    /// where it is asked for, the right answer). Indexed as `states`.
    proved: Vec<bool>,
    /// State tokens that still want the right answer.
    unanswered: Vec<bool>,
}

impl Walk<'_> {
    fn current(&self) -> (Value, bool, bool) {
        let last = self.states.len().checked_sub(1);
        last.map_or((json!("00unknown"), false, false), |last| {
            (self.states[last].clone(), self.proved[last], self.unanswered[last])
        })
    }

    /// Takes an answer in: a success must have been proved.
    fn take(&mut self, name: &str, answer: &Value, proved: bool, keeps: bool) {
        match answer["status"].as_str() {
            Some("SUCCESS") => {
                assert!(proved, "{name}: {answer}");
                if !keeps {
                    self.states.pop();
                    self.proved.pop();
                    self.unanswered.pop();
                }
            }
            Some(status) if answer.get("stateToken").is_some() => {
                let unanswered = status == "RECOVERY";
                match self.states.iter().position(|state| *state == answer["stateToken"]) {
                    Some(at) => (self.proved[at], self.unanswered[at]) = (proved, unanswered),
                    None => {
                        self.states.push(answer["stateToken"].clone());
                        self.proved.push(proved);
                        self.unanswered.push(unanswered);
                    }
                }
            }
            _ => {}
        }
    }

    async fn step(&mut self, step: &Step) {
        let org = self.org;
        let (state, proved, unanswered) = self.current();
        let lifecycle = |end: &str| format!("{}/lifecycle/{end}", self.path);
        match step {
            Step::SignIn { password, warn } => {
                let options = json!({ "warnBeforePasswordExpired": warn });
                let body = json!({ "username": self.login, "password": PASSWORDS[*password], "options": options });
                let answer = anyone(org, "", body).await.body;
                let right = *password == self.password;
                assert!(right || answer.get("errorCode").is_some(), "a wrong password goes no further: {answer}");
                self.take("sign in", &answer, right, true);
            }
            Step::State => {
                let answer = anyone(org, "", json!({ "stateToken": state })).await.body;
                self.take("state", &answer, proved, true);
            }
            Step::ChangePassword { old, new } => {
                let body =
                    json!({ "stateToken": state, "oldPassword": PASSWORDS[*old], "newPassword": PASSWORDS[*new] });
                let answer = anyone(org, "/credentials/change_password", body).await.body;
                let right = proved && *old == self.password;
                self.take("change", &answer, right, false);
                if answer["status"] == "SUCCESS" {
                    self.password = *new;
                }
            }
            Step::ResetPassword { new } => {
                let body = json!({ "stateToken": state, "newPassword": PASSWORDS[*new] });
                let answer = anyone(org, "/credentials/reset_password", body).await.body;
                self.take("reset", &answer, proved && !unanswered, false);
                if answer["status"] == "SUCCESS" {
                    self.password = *new;
                }
            }
            Step::Answer { right } => {
                let given = if *right { ANSWER } else { "Calamity Jane" };
                let answer =
                    anyone(org, "/recovery/answer", json!({ "stateToken": state, "answer": given })).await.body;
                assert!(*right || answer.get("errorCode").is_some(), "{answer}");
                self.take("answer", &answer, proved, true);
            }
            Step::RedeemToken { which } => {
                let token = self.tokens.get(*which).cloned().unwrap_or_else(|| "unknown".to_owned());
                let answer = anyone(org, "/recovery/token", json!({ "recoveryToken": token })).await.body;
                self.take("redeem", &answer, self.tokens.contains(&token), true);
            }
            Step::ActivationToken { which } => {
                let token = self.tokens.get(*which).cloned().unwrap_or_else(|| "unknown".to_owned());
                let answer = anyone(org, "", json!({ "token": token })).await.body;
                self.take("activation", &answer, false, true);
            }
            Step::Skip => {
                let answer = anyone(org, "/skip", json!({ "stateToken": state })).await.body;
                self.take("skip", &answer, proved, false);
            }
            Step::Previous => {
                let answer = anyone(org, "/previous", json!({ "stateToken": state })).await.body;
                self.take("previous", &answer, proved, true);
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
                if *which < self.states.len() {
                    let last = self.states.len() - 1;
                    self.states.swap(*which, last);
                    self.proved.swap(*which, last);
                    self.unanswered.swap(*which, last);
                }
            }
        }
    }
}

async fn walk(org: &TestOrg, number: u32, steps: &[Step]) {
    // A minute of its own, so that no walk is throttled for another one's failures.
    org.wait_seconds(60);
    let login = format!("walker{number}@example.com");
    let path = path_of(&org.create_with("", &login, credentials()).await);
    let (states, tokens, proved, unanswered) = Default::default();
    let mut walk = Walk { org, path, login: login.clone(), password: 0, states, tokens, proved, unanswered };
    for step in steps {
        walk.step(step).await;
    }
    // The model of this test did not lose track: who has the right password, and nothing in the way, is let in.
    let path = walk.path.clone();
    org.post(&format!("{path}/lifecycle/unsuspend"), None).await;
    org.post(&format!("{path}/lifecycle/unlock"), None).await;
    org.wait_seconds(60);
    let user = org.get(&path).await.ok();
    let body = json!({ "username": login, "password": PASSWORDS[walk.password] });
    let answer = anyone(org, "", body).await.body;
    match user["status"].as_str() {
        Some("ACTIVE") => {
            assert!(matches!(answer["status"].as_str(), Some("SUCCESS" | "PASSWORD_EXPIRED")), "{answer}")
        }
        Some("PASSWORD_EXPIRED") => assert_eq!(answer["status"], "PASSWORD_EXPIRED"),
        Some("RECOVERY") => assert_eq!(answer["errorCode"], "E0000004"),
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
