//! What many clients do at once to one thing is what they could have done one after another (behaviour.md C.0).

use std::future::Future;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::context::{Answer, Caller, TestOrg, profile, text};

const CLIENTS: usize = 64;

/// What [`CLIENTS`] clients get, each of whom knows their number and starts together with the others.
async fn at_once<T, F>(org: &TestOrg, request: impl Fn(Caller, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(CLIENTS));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (start, request) = (Arc::clone(&start), request(org.caller.clone(), number));
        clients.spawn(async move {
            start.wait().await;
            request.await
        });
    }
    clients.join_all().await
}

/// Asserts that as many answers as `expected` are successes, and answers the others.
fn but_for_successes(answers: Vec<Answer>, expected: usize) -> Vec<Answer> {
    let count = answers.len();
    let refused: Vec<Answer> = answers.into_iter().filter(|answer| answer.status >= 300).collect();
    assert_eq!(count - refused.len(), expected, "{:?}", refused.first());
    refused
}

/// The types of the events about this user, oldest first, that are among `types`.
async fn events(org: &TestOrg, id: &str, types: &[&str]) -> Vec<String> {
    let types: Vec<String> = types.iter().map(|it| format!("eventType eq \"{it}\"")).collect();
    let filter = format!("outcome.result eq \"SUCCESS\" and target.id eq \"{id}\" and ({})", types.join(" or "));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("filter", &filter).append_pair("limit", "1000");
    let events = org.get(&format!("/api/v1/logs?{}", query.finish())).await.ok();
    events.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect()
}

/// The path of a new ACTIVE user.
async fn active_user(org: &TestOrg) -> (String, String) {
    let id = text(&org.create_active("isaac@example.com", "Abcd1234#@").await, "id");
    (format!("/api/v1/users/{id}"), id)
}

on_both_engines! {
    async fn of_many_creations_with_one_login_one_succeeds(org: TestOrg) {
        let answers = at_once(&org, |caller, number| async move {
            // The same login to the uniqueness rule.
            let login = if number % 2 == 0 { "isaac@example.com" } else { "Isáac@Example.com" };
            caller.send(Method::POST, "/api/v1/users", Some(json!({ "profile": profile(login) }))).await
        })
        .await;
        for refused in but_for_successes(answers, 1) {
            let cause = "login: An object with this field already exists in the current organization";
            refused.refused(400, "E0000001", "Api validation failed: login", &[cause]);
        }
        let users = org.get("/api/v1/users").await.ok();
        assert_eq!(users.as_array().unwrap().len(), 2, "the administrator and one more");
        let id = text(&users[1], "id");
        assert_eq!(events(&org, &id, &["user.lifecycle.create"]).await.len(), 1);
    }
}

on_both_engines! {
    async fn of_many_creations_with_one_value_of_a_unique_attribute_one_succeeds(org: TestOrg) {
        let badge = json!({ "badge": { "title": "Badge", "type": "string", "unique": "UNIQUE_VALIDATED" } });
        let change = json!({ "definitions": { "custom": { "properties": badge } } });
        org.post("/api/v1/meta/schemas/user/default", change).await.ok();
        let answers = at_once(&org, |caller, number| async move {
            let mut body = json!({ "profile": profile(&format!("user{number}@example.com")) });
            body["profile"]["badge"] = json!("B-1");
            caller.send(Method::POST, "/api/v1/users", Some(body)).await
        })
        .await;
        for refused in but_for_successes(answers, 1) {
            let cause = "badge: An object with this field already exists in the current organization";
            refused.refused(400, "E0000001", "Api validation failed: badge", &[cause]);
        }
    }
}

on_both_engines! {
    async fn suspensions_and_unsuspensions_at_once_alternate(org: TestOrg) {
        const ROUNDS: usize = 4;
        let (path, id) = active_user(&org).await;
        let answers = at_once(&org, |caller, number| {
            let path = path.clone();
            async move {
                let mut answers = Vec::new();
                for round in 0..ROUNDS {
                    let operation = if (number + round) % 2 == 0 { "suspend" } else { "unsuspend" };
                    let path = format!("{path}/lifecycle/{operation}");
                    answers.push((operation, caller.send(Method::POST, &path, None).await));
                }
                answers
            }
        })
        .await;
        let (mut suspended, mut unsuspended) = (0, 0);
        for (operation, answer) in answers.into_iter().flatten() {
            match (operation, answer.status) {
                ("suspend", 200) => suspended += 1,
                (_, 200) => unsuspended += 1,
                ("suspend", _) => {
                    let cause = "Cannot suspend a user that is not active";
                    answer.refused(400, "E0000001", "Api validation failed: suspendUser", &[cause]);
                }
                _ => {
                    let cause = "Cannot unsuspend a user that is not suspended";
                    answer.refused(400, "E0000001", "Api validation failed: unsuspendUser", &[cause]);
                }
            }
        }
        let expected = match suspended - unsuspended {
            0 => "ACTIVE",
            1 => "SUSPENDED",
            _ => panic!("{suspended} suspensions and {unsuspended} unsuspensions"),
        };
        assert_eq!(org.status(&id).await, expected);
        let types = ["user.lifecycle.suspend", "user.lifecycle.unsuspend"];
        let recorded = events(&org, &id, &types).await;
        let alternating: Vec<&str> = types.into_iter().cycle().take(suspended + unsuspended).collect();
        assert_eq!(recorded, alternating);
    }
}

on_both_engines! {
    async fn of_many_password_changes_from_one_old_password_one_succeeds(org: TestOrg) {
        let (path, id) = active_user(&org).await;
        let path = format!("{path}/credentials/change_password");
        let change = |old: &str, new: String| json!({ "oldPassword": { "value": old }, "newPassword": { "value": new } });
        let new_password = |number: usize| format!("Wxyz5678#{number}");
        let answers = at_once(&org, |caller, number| {
            let (path, body) = (path.clone(), change("Abcd1234#@", new_password(number)));
            async move { (number, caller.send(Method::POST, &path, Some(body)).await) }
        })
        .await;
        let winners: Vec<usize> = answers.iter().filter(|(_, it)| it.status == 200).map(|(number, _)| *number).collect();
        let [winner] = winners[..] else { panic!("{winners:?} have changed the password") };
        for (_, refused) in answers.into_iter().filter(|(number, _)| *number != winner) {
            refused.refused(403, "E0000014", "Update of credentials failed", &["Old Password is not correct"]);
        }
        assert_eq!(events(&org, &id, &["user.account.update_password"]).await.len(), 1);
        let by_loser = change(&new_password((winner + 1) % CLIENTS), "Qrst1234#@".to_owned());
        assert_eq!(org.post(&path, by_loser).await.status, 403);
        org.post(&path, change(&new_password(winner), "Qrst1234#@".to_owned())).await.ok();
    }
}

on_both_engines! {
    async fn updates_of_different_attributes_at_once_are_all_kept(org: TestOrg) {
        let (path, _) = active_user(&org).await;
        let attributes = [
            "middleName", "title", "displayName", "nickName", "mobilePhone", "primaryPhone", "streetAddress", "city",
            "state", "zipCode", "postalAddress", "userType", "employeeNumber", "costCenter", "organization", "division",
            "department", "managerId", "manager", "honorificPrefix",
        ];
        let answers = at_once(&org, |caller, number| {
            let path = path.clone();
            let body = match number {
                0 => json!({ "credentials": { "password": { "value": "Wxyz5678#@" } } }),
                1 => json!({ "credentials": { "recovery_question": { "question": "Who?", "answer": "Annie" } } }),
                2 => return suspend(caller, path),
                _ => json!({ "profile": { attributes[number % attributes.len()]: format!("by {number}") } }),
            };
            Box::pin(async move { caller.send(Method::POST, &path, Some(body)).await }) as Pending
        })
        .await;
        but_for_successes(answers, CLIENTS);
        let user = org.get(&path).await.ok();
        assert_eq!(text(&user, "status"), "SUSPENDED");
        assert_eq!(text(&user, "credentials.recovery_question.question"), "Who?");
        for (index, attribute) in attributes.into_iter().enumerate() {
            let by: usize = text(&user["profile"], attribute).trim_start_matches("by ").parse().unwrap();
            assert_eq!(by % attributes.len(), index, "{attribute}");
        }
        for (attribute, value) in user["profile"].as_object().unwrap().iter().filter(|(name, _)| *name != "secondEmail") {
            let search = format!("profile.{attribute} eq {value}");
            assert!(org.caller.names(&[("search", &search)]).await.contains("isaac"), "{search}");
        }
    }
}

type Pending = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

fn suspend(caller: Caller, path: String) -> Pending {
    Box::pin(async move { caller.send(Method::POST, &format!("{path}/lifecycle/suspend"), None).await })
}

on_both_engines! {
    async fn of_many_deletions_one_deactivates_and_one_erases(org: TestOrg) {
        let (path, id) = active_user(&org).await;
        let answers = at_once(&org, |caller, _| {
            let path = path.clone();
            async move { caller.send(Method::DELETE, &path, None).await }
        })
        .await;
        for refused in but_for_successes(answers, 2) {
            let summary = format!("Not found: Resource not found: {id} (User)");
            refused.refused(404, "E0000007", &summary, &[]);
        }
        let types = ["user.lifecycle.deactivate", "user.lifecycle.delete.completed"];
        assert_eq!(events(&org, &id, &types).await, types);
        org.create("isaac@example.com").await;
    }
}

on_both_engines! {
    async fn a_user_who_was_answered_is_in_every_list_at_once(org: TestOrg) {
        let found = at_once(&org, |caller, number| async move {
            let login = format!("user{number}@example.com");
            let body = json!({ "profile": profile(&login) });
            let user = caller.send(Method::POST, "/api/v1/users", Some(body)).await.ok();
            let search = format!("profile.login eq \"{login}\"");
            let listed: Value = caller.list_users(&[("search", &search)]).await.ok();
            let single = caller.send(Method::GET, &format!("/api/v1/users/{}", text(&user, "id")), None).await.ok();
            listed[0]["id"] == user["id"] && single["id"] == user["id"]
        })
        .await;
        assert!(found.into_iter().all(|found| found));
    }
}
