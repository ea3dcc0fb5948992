//! createUser: the matrix of credentials and parameters, groups and types, and that an error leaves nothing.

use serde_json::{Value, json};

use super::fixtures::{PASSWORD, POLICY, credentials, path_of, question};
use crate::context::{Answer, TestOrg, profile, text};

/// What a new user is, in one row: status; which of activated, statusChanged and passwordChanged are set; the provider;
/// the links besides self, schema, type and resetFactors.
type Created = (&'static str, [bool; 3], &'static str, &'static str);

const ACTIVE_LINKS: &str =
    "suspend resetPassword forgotPassword expirePassword changeRecoveryQuestion changePassword deactivate";
const PROVISIONED_LINKS: &str = "suspend resetPassword reactivate deactivate";
const FEDERATED_LINKS: &str = "suspend resetPassword deactivate";

const STAGED: Created = ("STAGED", [false, false, false], "OKTA", "activate");
const PROVISIONED: Created = ("PROVISIONED", [true, true, false], "OKTA", PROVISIONED_LINKS);
const STAGED_PASSWORD: Created = ("STAGED", [false, false, true], "OKTA", "activate");
const ACTIVE: Created = ("ACTIVE", [true, true, true], "OKTA", ACTIVE_LINKS);
const EXPIRED: Created = ("PASSWORD_EXPIRED", [true, true, true], "OKTA", ACTIVE_LINKS);
const STAGED_IMPORT: Created = ("STAGED", [false, true, true], "IMPORT", "activate");
const ACTIVE_IMPORT: Created = ("ACTIVE", [true, true, true], "IMPORT", ACTIVE_LINKS);

fn assert_created(user: &Value, expected: Created, row: &str) {
    let (status, set, provider, links) = expected;
    assert_eq!(text(user, "status"), status, "{row}");
    let times = ["activated", "statusChanged", "passwordChanged"];
    for (time, set) in times.into_iter().zip(set) {
        let expected = if set { user["created"].clone() } else { Value::Null };
        assert_eq!(user[time], expected, "{time} of {row}");
    }
    assert_eq!((&user["lastUpdated"], &user["lastLogin"]), (&user["created"], &Value::Null), "{row}");
    assert_eq!(user["credentials"]["provider"], json!({ "type": provider, "name": provider }), "{row}");
    let others = ["self", "schema", "type", "resetFactors"];
    let names = user["_links"].as_object().unwrap().keys().map(String::as_str);
    assert_eq!(names.filter(|name| !others.contains(name)).collect::<Vec<_>>().join(" "), links, "{row}");
}

on_both_engines! {
    async fn create_user_follows_the_matrix(org: TestOrg) {
        let value = json!({ "value": PASSWORD });
        let hash = json!({ "hash": { "algorithm": "SHA-256", "value": "7rqcR23CipYDvh3Ura8TrTx8wXLXbs8xOnVr3DSytrU=" } });
        let hook = json!({ "hook": { "type": "default" } });
        let provider = |name: &str| json!({ "provider": { "type": name, "name": name } });
        let rows = [
            ("activate=false", json!({}), STAGED),
            ("activate=false", json!({ "password": {} }), STAGED),
            ("activate=False", json!(null), STAGED),
            ("", json!({}), PROVISIONED),
            ("activate=true", json!({ "password": {} }), PROVISIONED),
            ("activate=false", json!({ "recovery_question": question() }), STAGED),
            ("", json!({ "recovery_question": question() }), PROVISIONED),
            ("activate=false", json!({ "password": value }), STAGED_PASSWORD),
            ("", json!({ "password": value }), ACTIVE),
            ("activate=false", json!({ "password": value, "recovery_question": question() }), STAGED_PASSWORD),
            ("", json!({ "password": value, "recovery_question": question() }), ACTIVE),
            ("nextLogin=changePassword", json!({ "password": value }), EXPIRED),
            ("activate=false", json!({ "password": hash }), STAGED_IMPORT),
            ("", json!({ "password": hash }), ACTIVE_IMPORT),
            ("activate=false", json!({ "password": hook }), STAGED_IMPORT),
            ("", json!({ "password": hook }), ACTIVE_IMPORT),
            ("provider=true&activate=false", provider("FEDERATION"), ("STAGED", [false; 3], "FEDERATION", "activate")),
            ("provider=true", provider("FEDERATION"), ("ACTIVE", [true, true, false], "FEDERATION", FEDERATED_LINKS)),
            ("provider=true", provider("SOCIAL"), ("ACTIVE", [true, true, false], "SOCIAL", FEDERATED_LINKS)),
            ("", provider("FEDERATION"), PROVISIONED),
            ("provider=false", provider("SOCIAL"), PROVISIONED),
            ("provider=true", json!({ "provider": { "type": "OKTA" }, "password": value }), ACTIVE),
        ];
        for (number, (query, credentials, expected)) in rows.into_iter().enumerate() {
            let row = format!("?{query} {credentials}");
            let user = org.create_with(&format!("?{query}"), &format!("isaac{number}@example.com"), credentials.clone()).await;
            assert_created(&user, expected, &row);
            let password = credentials.get("password").filter(|password| **password != json!({}));
            let shown = password.map(|_| json!({}));
            assert_eq!(user["credentials"].get("password"), shown.as_ref(), "{row}");
            let asked = credentials["recovery_question"].get("question").map(|question| json!({ "question": question }));
            assert_eq!(user["credentials"].get("recovery_question"), asked.as_ref(), "{row}");
            assert_eq!(org.get(&path_of(&user)).await.ok(), user, "{row}");
        }
    }
}

/// Sends a create that must be refused, and looks that no user came of it.
async fn refused(org: &TestOrg, query: &str, body: Value) -> Answer {
    let answer = org.post(&format!("/api/v1/users?{query}"), body).await;
    assert_eq!(org.get("/api/v1/users/isaac@example.com").await.status, 404);
    answer
}

on_both_engines! {
    async fn create_user_refuses_what_the_matrix_refuses(org: TestOrg) {
        let value = json!({ "value": PASSWORD });
        let hash = json!({ "algorithm": "MD5", "value": "vFGjVbzEzJM7xw07fjbyFQ==" });
        let hook = json!({ "type": "default" });
        let federated = json!({ "type": "FEDERATION", "name": "FEDERATION" });
        let expire = "Could not create user. To create a user and expire their password immediately, ";
        let inactive = format!("{expire}\"activate\" must be true");
        let without_password = format!("{expire}a password must be specified");
        let scheme = "Credentials should not be set on this resource based on the scheme.";
        let validation = |field: &str| format!("Api validation failed: {field}");
        let two_kinds = "password: only one of value, hash, hook may be given";
        let next_login = "nextLogin: The value must be changePassword";
        for (query, credentials, code, summary, causes) in [
            ("nextLogin=changePassword&activate=false", json!({ "password": value }), "E0000125", &inactive, vec![]),
            ("nextLogin=changePassword", json!({}), "E0000124", &without_password, vec![]),
            ("nextLogin=changePassword", json!({ "password": { "hash": hash } }), "E0000124", &without_password, vec![]),
            ("nextLogin=changePassword", json!({ "password": { "hook": hook } }), "E0000124", &without_password, vec![]),
            ("nextLogin=never", json!({ "password": value }), "E0000001", &validation("nextLogin"), vec![next_login]),
            ("provider=true", json!({ "provider": federated, "password": value }), "E0000041", &scheme.to_owned(), vec![]),
            ("provider=true", json!({ "provider": federated, "recovery_question": question() }), "E0000041",
                &scheme.to_owned(), vec![]),
            ("provider=true", json!({ "provider": { "type": "LDAP", "name": "ldap.example" } }), "E0000001",
                &validation("provider"), vec!["provider: The directory instance \"ldap.example\" does not exist"]),
            ("", json!({ "password": { "value": PASSWORD, "hash": hash } }), "E0000001", &validation("password"), vec![two_kinds]),
            ("", json!({ "password": { "value": PASSWORD, "hook": hook } }), "E0000001", &validation("password"), vec![two_kinds]),
            ("", json!({ "password": { "hash": hash, "hook": hook } }), "E0000001", &validation("password"), vec![two_kinds]),
            ("activate=maybe", json!({}), "E0000037",
                &"Type mismatch exception.  The value \"maybe\" of the parameter activate is not of type boolean.".to_owned(), vec![]),
        ] {
            let body = json!({ "profile": profile("isaac@example.com"), "credentials": credentials });
            refused(&org, query, body).await.refused(400, code, summary, &causes);
        }
    }
}

on_both_engines! {
    async fn create_user_refuses_a_weak_password_with_the_policy(org: TestOrg) {
        let longest = format!("aA1{}", "x".repeat(70));
        for password in ["", "aB3", "abcd1234", "ABCD1234", "Abcdefgh", "Isaac1234", "1EXAMPLEa", longest.as_str()] {
            let body = json!({ "profile": profile("isaac@example.com"), "credentials": { "password": { "value": password } } });
            let answer = refused(&org, "", body).await;
            answer.refused(400, "E0000001", "Api validation failed: password", &[&format!("password: {POLICY}")]);
        }
    }
}

on_both_engines! {
    async fn create_user_refuses_a_body_of_another_shape(org: TestOrg) {
        let person = profile("isaac@example.com");
        for body in [
            json!([person]),
            json!({ "profile": "isaac@example.com" }),
            json!({ "profile": person, "credentials": [] }),
            json!({ "profile": person, "credentials": { "password": "Abcd1234" } }),
            json!({ "profile": person, "credentials": { "password": { "value": 1234 } } }),
            json!({ "profile": person, "groupIds": "00g" }),
            json!({ "profile": person, "groupIds": [7] }),
            json!({ "profile": person, "type": "default" }),
            json!({ "profile": person, "type": { "id": 7 } }),
        ] {
            refused(&org, "", body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
        let empty = org.post("/api/v1/users", None).await;
        empty.refused(400, "E0000003", "The request body was not well-formed.", &[]);
    }
}

on_both_engines! {
    async fn create_user_refuses_a_login_that_differs_in_case_or_diacritics_only(org: TestOrg) {
        org.create("isaac.brock@example.com").await;
        let taken = "login: An object with this field already exists in the current organization";
        for login in ["isaac.brock@example.com", "ISAAC.Brock@Example.COM", "isáàc.bröck@example.com"] {
            let answer = org.post("/api/v1/users", json!({ "profile": profile(login) })).await;
            answer.refused(400, "E0000001", "Api validation failed: login", &[taken]);
        }
        org.delete("/api/v1/users/isaac.brock@example.com").await.no_content();
        let deactivated = org.post("/api/v1/users", json!({ "profile": profile("isaac.brock@example.com") })).await;
        deactivated.refused(400, "E0000001", "Api validation failed: login", &[taken]);
    }
}

/// Creates a group and answers its id.
async fn group(org: &TestOrg, name: &str) -> String {
    text(&org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok(), "id")
}

on_both_engines! {
    async fn create_user_joins_the_groups_named(org: TestOrg) {
        let (west, east) = (group(&org, "West Coast").await, group(&org, "East Coast").await);
        let body = json!({ "profile": profile("isaac@example.com"), "groupIds": [east, west, east] });
        let user = org.post("/api/v1/users", body).await.ok();
        let groups = org.get(&format!("{}/groups", path_of(&user))).await.ok();
        let names: Vec<String> = groups.as_array().unwrap().iter().map(|group| text(group, "profile.name")).collect();
        assert_eq!(names, ["Everyone", "West Coast", "East Coast"]);
        let members = org.get(&format!("/api/v1/groups/{west}/users")).await.ok();
        assert_eq!((members.as_array().unwrap().len(), &members[0]["id"]), (1, &user["id"]));
    }
}

on_both_engines! {
    async fn create_user_with_a_group_it_cannot_join_creates_nobody(org: TestOrg) {
        let known = group(&org, "West Coast").await;
        let groups = org.get("/api/v1/groups?q=Everyone").await.ok();
        let everyone = text(&groups[0], "id");
        let body = |ids: Value| json!({ "profile": profile("isaac@example.com"), "groupIds": ids });
        let unknown = refused(&org, "", body(json!([known, "00gnone"]))).await;
        unknown.refused(404, "E0000007", "Not found: Resource not found: 00gnone (UserGroup)", &[]);
        refused(&org, "", body(json!([known, everyone]))).await.refused(501, "E0000060", "Unsupported operation.", &[]);
        let many = refused(&org, "", body(json!(vec![known.as_str(); 21]))).await;
        let rule = "groupIds: No more than 20 groups may be given";
        many.refused(400, "E0000001", "Api validation failed: groupIds", &[rule]);
        assert_eq!(org.get(&format!("/api/v1/groups/{known}/users")).await.ok(), json!([]));
        org.post("/api/v1/users", body(json!(vec![known.as_str(); 20]))).await.ok();
    }
}

on_both_engines! {
    async fn create_user_takes_the_type_named_or_the_default_one(org: TestOrg) {
        let made = json!({ "name": "musician", "displayName": "Musician" });
        let musician = text(&org.post("/api/v1/meta/types/user", made).await.ok(), "id");
        let default = text(&org.get("/api/v1/meta/types/user/default").await.ok(), "id");
        for (number, (asked, expected)) in [
            (json!({}), &default),
            (json!({ "type": { "id": "default" } }), &default),
            (json!({ "type": { "id": default } }), &default),
            (json!({ "type": { "id": musician, "name": "ignored" } }), &musician),
        ]
        .into_iter()
        .enumerate()
        {
            let mut body = asked.clone();
            body["profile"] = profile(&format!("isaac{number}@example.com"));
            let user = org.post("/api/v1/users", body).await.ok();
            assert_eq!(user["type"], json!({ "id": expected }), "{asked}");
            assert!(text(&user, "_links.type.href").ends_with(&format!("/api/v1/meta/types/user/{expected}")));
            let schema = expected.replacen("oty", "osc", 1);
            assert!(text(&user, "_links.schema.href").ends_with(&format!("/api/v1/meta/schemas/user/{schema}")));
        }
        let body = json!({ "profile": profile("isaac@example.com"), "type": { "id": "otynone" } });
        let cause = "type: The specified user type is invalid";
        refused(&org, "", body).await.refused(400, "E0000001", "Api validation failed: type", &[cause]);
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

on_both_engines! {
    async fn create_user_answers_members_in_a_real_orgs_order(org: TestOrg) {
        let mut person = profile("isaac@example.com");
        for (name, value) in [("zipCode", "98027"), ("city", "Issaquah"), ("secondEmail", "ike@example.com"), ("nickName", "Ike")] {
            person[name] = json!(value);
        }
        let body = json!({ "credentials": credentials(), "profile": person });
        let user = org.post("/api/v1/users", body).await.ok();
        let order = "id status created activated statusChanged lastLogin lastUpdated passwordChanged type profile credentials _links";
        assert_eq!(keys(&user).join(" "), order);
        let order = "firstName lastName mobilePhone nickName city zipCode secondEmail login email";
        assert_eq!(keys(&user["profile"]).join(" "), order);
        assert_eq!(user["profile"]["mobilePhone"], json!(null));
        assert_eq!(keys(&user["credentials"]).join(" "), "password recovery_question emails provider");
        let email = |value: &str, kind: &str| json!({ "value": value, "status": "VERIFIED", "type": kind });
        let emails = json!([email("isaac@example.com", "PRIMARY"), email("ike@example.com", "SECONDARY")]);
        assert_eq!(user["credentials"]["emails"], emails);
        let id = text(&user, "id");
        assert!(id.len() == 20 && id.starts_with("00u") && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert_eq!(text(&user, "created"), "2026-01-02T03:04:05.000Z");
    }
}
