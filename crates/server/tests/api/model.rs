//! Users behave as the lifecycle table says, whatever is done to them in whatever order.
//!
//! Random operations are sent to a server and to a model of a few users: [`UserStatus::apply`] says where an operation
//! leads, and what the model adds is what a user knows: passwords, their history, the recovery question, who keeps them.
//! Another run: `ROSTER_MODEL_SEED`, `ROSTER_MODEL_STEPS`.

mod known;
mod step;

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use roster_model::user::status::{LifecycleOperation as Do, UserStatus};
use serde_json::Value;

use self::known::{Known, Refused};
use self::step::{Given, PLAIN, Step, given, request, step};
use crate::context::{Answer, TestOrg, text};
use crate::random::{draw, from_env, seeded_runner};
use crate::users::fixtures::lock_out;

/// Sequences that run at once.
const SEQUENCES: u64 = 8;

/// Users of one sequence.
const USERS: usize = 3;

fn login(at: usize, sequence: u64) -> String {
    format!("user{at}-of-{sequence}@example.com")
}

/// One of the sequences: users with logins of their own, and all that was done to them.
struct Sequence {
    org: TestOrg,
    number: u64,
    users: [Option<Known>; USERS],
    done: Vec<String>,
    /// What was asked in which status.
    asked: HashSet<(Do, UserStatus)>,
}

/// The operations that are asked for beside [`PLAIN`].
const DO_MORE: [Do; 8] = [
    Do::Deactivate,
    Do::Delete,
    Do::ChangePassword,
    Do::ChangeRecoveryQuestion,
    Do::ForgotPasswordSetNewPassword,
    Do::UpdateProfile,
    Do::SetPassword,
    Do::SetPasswordHash,
];

impl Sequence {
    fn new(org: TestOrg, number: u64) -> Self {
        Self { org, number, users: Default::default(), done: Vec::new(), asked: HashSet::new() }
    }

    /// Creates a user, unless they are there.
    async fn create(&mut self, at: usize, given: Given, activate: bool) {
        if self.users[at].is_some() {
            return;
        }
        let step = Step::Create(given, activate);
        self.done.push(format!("user {at}: {step:?}"));
        let answer = self.send(&step, &login(at, self.number), "", "").await;
        let known = Known { id: text(&answer.ok(), "id"), ..Known::created(given, activate) };
        self.users[at] = Some(self.compared(known).await);
    }

    /// Does the first of these steps that the model allows, or else the last.
    async fn step(&mut self, at: usize, steps: &[Step]) {
        let Some(mut known) = self.users[at].take() else {
            return;
        };
        let allowed = |step: &&Step| known.clone().step(step).is_ok();
        let step = steps.iter().find(allowed).or(steps.last()).unwrap();
        self.done.push(format!("user {at}, {}: {step:?}", known.status.as_str()));
        self.asked.extend(step.operation().map(|operation| (operation, known.status)));
        if let Step::LockOut = step {
            if known.step(step).is_ok() {
                lock_out(&self.org, &format!("/api/v1/users/{}", known.id)).await;
            }
            self.users[at] = Some(self.compared(known).await);
            return;
        }
        let password = known.password.clone().unwrap_or_default();
        let id = if matches!(step, Step::Create(..)) { String::new() } else { format!("/{}", known.id) };
        let answer =
            self.send(step, &login(at, self.number), &id, if password.is_empty() { "none" } else { &password }).await;
        match known.step(step) {
            Err(Refused(code)) => {
                let got = (answer.status, answer.body["errorCode"].as_str());
                assert_eq!(got, (code.status(), Some(code.code())), "{known:#?} {}", answer.body);
            }
            Ok(true) => {
                let wanted = if matches!(step, Step::Plain(Do::Delete)) { 204 } else { 200 };
                assert_eq!(answer.status, wanted, "{known:#?} {}", answer.body);
                if let Some(temporary) = answer.body.get("tempPassword").and_then(Value::as_str) {
                    known.set_password(temporary, "OKTA");
                    known.temporary = true;
                }
            }
            Ok(false) => {
                answer.no_content();
                assert_eq!(self.org.get(&format!("/api/v1/users{id}")).await.status, 404);
                return;
            }
        }
        self.users[at] = Some(self.compared(known).await);
    }

    async fn send(&self, step: &Step, login: &str, id: &str, password: &str) -> Answer {
        let (method, rest, body) = request(step, login, password);
        self.org.caller.send(method, &format!("/api/v1/users{id}{rest}"), body).await
    }

    /// The same user, who is shown as the model has them.
    async fn compared(&self, known: Known) -> Known {
        let shown = self.org.get(&format!("/api/v1/users/{}", known.id)).await.ok();
        let credentials = &shown["credentials"];
        let got = (
            text(&shown, "status"),
            text(credentials, "provider.type"),
            credentials.get("password").is_some(),
            credentials.get("recovery_question").is_some(),
        );
        let wanted =
            (known.status.as_str().to_owned(), known.provider.to_owned(), known.password.is_some(), known.has_question);
        assert_eq!(got, wanted, "{known:#?}");
        known
    }
}

/// Tells how to run it again, and what was done, if the sequence panics.
impl Drop for Sequence {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last: Vec<_> = self.done.iter().rev().take(60).rev().collect();
            eprintln!("sequence {} after {} steps: {last:#?}", self.number, self.done.len());
        }
    }
}

on_both_engines! {
    async fn users_follow_the_lifecycle_table_through_any_operations(org: TestOrg) {
        let (seed, steps) = (from_env("ROSTER_MODEL_SEED", 1), from_env("ROSTER_MODEL_STEPS", 10_000));
        let mut sequences = tokio::task::JoinSet::new();
        for number in 0..SEQUENCES {
            let mut runner = seeded_runner(seed.wrapping_mul(SEQUENCES) + number, 1);
            let choice = (0..USERS, given(), any::<bool>(), vec(step(), 1..4));
            let choices: Vec<_> = (0..steps / SEQUENCES).map(|_| draw(&mut runner, &choice)).collect();
            let mut sequence = Sequence::new(org.clone(), number);
            sequences.spawn(async move {
                for (at, given, activate, steps) in choices {
                    sequence.create(at, given, activate).await;
                    sequence.step(at, &steps).await;
                }
                std::mem::take(&mut sequence.asked)
            });
        }
        let mut asked = HashSet::new();
        while let Some(outcome) = sequences.join_next().await {
            let outcome = outcome.ok();
            asked.extend(outcome.unwrap_or_else(|| panic!("ROSTER_MODEL_SEED={seed} diverges, see above")));
        }
        if steps >= 10_000 {
            for operation in PLAIN.into_iter().chain(DO_MORE) {
                for status in UserStatus::ALL {
                    assert!(asked.contains(&(operation, status)), "{operation:?} was never asked in {status:?}");
                }
            }
        }
    }
}
