//! Orgs: told apart by the host, and strangers to each other.

use reqwest::Method;
use roster_model::user::password_policy::Password;
use roster_store::Error;
use roster_store::orgs::NewOrg;
use serde_json::{Value, json};

use crate::context::{ADMIN, ADMIN_PASSWORD, Caller, TestOrg, profile, text};
use crate::raw;

async fn admin_id(caller: &Caller) -> String {
    text(&caller.send(Method::GET, "/api/v1/users/me", None).await.ok(), "id")
}

/// What lists name their items by: logins, names, event types.
async fn names(caller: &Caller, path: &str) -> Vec<String> {
    let listed = caller.send(Method::GET, path, None).await.ok();
    let name = |item: &Value| {
        let places = ["/profile/login", "/profile/name", "/name", "/eventType"];
        places.into_iter().find_map(|place| item.pointer(place)).unwrap().as_str().unwrap().to_owned()
    };
    listed.as_array().unwrap().iter().map(name).collect()
}

on_both_engines! {
    async fn a_host_that_names_no_org_is_the_default_orgs(org: TestOrg) {
        let admin = admin_id(&org.caller).await;
        for host in [
            "localhost",
            "localhost:8080",
            "unknown.localhost",
            "127.0.0.1:1",
            "[::1]:8080",
            "roster.example",
            "default.localhost",
        ] {
            assert_eq!(admin_id(&org.at_host(host)).await, admin, "{host}");
        }
    }
}

on_both_engines! {
    async fn the_first_label_of_a_host_names_the_org_in_any_letter_case(org: TestOrg) {
        let acme = org.other_org("acme").await;
        let admin = admin_id(&acme).await;
        assert_ne!(admin, admin_id(&org.caller).await);
        for host in ["acme.localhost", "acme.roster.example:8080", "ACME.localhost", "acme.localhost."] {
            assert_eq!(admin_id(&acme.at_host(host)).await, admin, "{host}");
        }
    }
}

on_both_engines! {
    async fn links_begin_with_the_host_that_was_asked(org: TestOrg) {
        for host in ["localhost:1", "unknown.localhost", "[::1]:80"] {
            let caller = org.at_host(host);
            let user = caller.send(Method::GET, "/api/v1/users/me", None).await.ok();
            assert!(text(&user, "_links.self.href").starts_with(&format!("http://{host}/api/v1/users/00u")));
            let listed = caller.send(Method::GET, "/api/v1/users", None).await;
            assert_eq!(listed.link("self"), Some(format!("http://{host}/api/v1/users?limit=200")));
        }
    }
}

on_both_engines! {
    async fn a_host_that_is_none_stands_in_no_link(org: TestOrg) {
        for host in ["a\"b", "<script>", "a b", "", "évil", &"a".repeat(256)] {
            let request = raw::head(&org, "GET /api/v1/users/me", "");
            let request = request.replace(&format!("Host: {}", org.address()), &format!("Host: {host}"));
            let answer = raw::exchange(&org, request.as_bytes()).await;
            let link = text(&answer.json(), "_links.self.href");
            assert!(link.starts_with(&format!("http://{}/", org.address())), "{host}: {link}");
        }
    }
}

on_both_engines! {
    async fn a_new_org_has_an_administrator_a_token_everyone_and_a_default_type(org: TestOrg) {
        let acme = org.other_org("acme").await;
        assert_eq!(names(&acme, "/api/v1/users").await, [ADMIN]);
        assert_eq!(acme.send(Method::GET, "/api/v1/users/me", None).await.ok()["status"], "ACTIVE");
        assert_eq!(names(&acme, "/api/v1/api-tokens").await, ["Bootstrap token"]);
        assert_eq!(names(&acme, "/api/v1/groups").await, ["Everyone"]);
        assert_eq!(names(&acme, "/api/v1/meta/types/user").await, ["user"]);
        assert!(names(&acme, "/api/v1/logs").await.contains(&"system.org.lifecycle.create".to_owned()));
    }
}

on_both_engines! {
    async fn an_orgs_name_is_a_free_host_label_and_its_administrator_obeys_the_rules(org: TestOrg) {
        let new = |name: &str, login: &str, password: &str| NewOrg {
            name: name.to_owned(),
            admin_login: login.to_owned(),
            admin_password: Password::new(password.to_owned()),
            token: None,
        };
        for (new, told) in [
            (
                new("default", ADMIN, ADMIN_PASSWORD),
                "name: An object with this field already exists in the current organization",
            ),
            (new("Acme Inc", ADMIN, ADMIN_PASSWORD), "name: must be 1 to 63 lower-case letters, digits and hyphens"),
            (new("", ADMIN, ADMIN_PASSWORD), "name: must be 1 to 63 lower-case letters, digits and hyphens"),
            (new("acme", "nobody", ADMIN_PASSWORD), "login: Username must be in the form of an email address"),
            (new("acme", ADMIN, "short"), "password: Password requirements were not met."),
        ] {
            let causes = match org.store.create_org(new).await.err().unwrap() {
                Error::Rule(problem) => problem.causes,
                Error::Profile(error) => error.causes(),
                other => panic!("{other}"),
            };
            assert!(causes.iter().any(|cause| cause.starts_with(told)), "{causes:?}");
        }
        assert_eq!(org.store.list_orgs().await.unwrap().len(), 1);
    }
}

/// Makes a user, a group, a type, a token and a custom attribute of this name.
async fn fill(caller: &Caller, name: &str) {
    let login = format!("{name}@example.com");
    let attribute =
        json!({ "definitions": { "custom": { "properties": { name: { "title": "T", "type": "string" } } } } });
    for (path, body) in [
        ("users", json!({ "profile": profile(&login) })),
        ("groups", json!({ "profile": { "name": name } })),
        ("meta/types/user", json!({ "name": name, "displayName": name })),
        ("meta/schemas/user/default", attribute),
        ("api-tokens", json!({ "name": name })),
    ] {
        caller.send(Method::POST, &format!("/api/v1/{path}"), Some(body)).await.ok();
    }
}

on_both_engines! {
    async fn no_list_has_rows_of_another_org(org: TestOrg) {
        let acme = org.other_org("acme").await;
        fill(&org.caller, "ours").await;
        fill(&acme, "theirs").await;
        let everyone = text(&acme.send(Method::GET, "/api/v1/groups", None).await.ok()[0], "id");
        for (path, listed) in [
            ("users", vec![ADMIN, "theirs@example.com"]),
            ("users?q=Isaac", vec!["theirs@example.com"]),
            ("users?filter=status+eq+%22PROVISIONED%22", vec!["theirs@example.com"]),
            ("users?search=id+pr&sortBy=profile.login", vec![ADMIN, "theirs@example.com"]),
            ("users?search=profile.lastName+eq+%22Brock%22", vec!["theirs@example.com"]),
            ("groups", vec!["Everyone", "theirs"]),
            ("groups?q=o", vec![]),
            ("groups?search=profile.name+sw+%22t%22", vec!["theirs"]),
            (&format!("groups/{everyone}/users"), vec![ADMIN, "theirs@example.com"]),
            ("users/me/groups", vec!["Everyone"]),
            ("meta/types/user", vec!["user", "theirs"]),
            ("api-tokens", vec!["Bootstrap token", "theirs"]),
            ("logs?q=ours", vec![]),
        ] {
            assert_eq!(names(&acme, &format!("/api/v1/{path}")).await, listed, "{path}");
        }
        let schema = acme.send(Method::GET, "/api/v1/meta/schemas/user/default", None).await.ok();
        let custom: Vec<&String> = schema["definitions"]["custom"]["properties"].as_object().unwrap().keys().collect();
        assert_eq!(custom, ["theirs"]);
    }
}

on_both_engines! {
    async fn two_orgs_may_have_the_same_logins_and_names(org: TestOrg) {
        let acme = org.other_org("acme").await;
        fill(&org.caller, "same").await;
        fill(&acme, "same").await;
        let id = async |caller: &Caller| {
            text(&caller.send(Method::GET, "/api/v1/users/same@example.com", None).await.ok(), "id")
        };
        let (ours, theirs) = (id(&org.caller).await, id(&acme).await);
        assert_ne!(ours, theirs);
        for _ in ["deactivated", "erased"] {
            org.delete(&format!("/api/v1/users/{ours}")).await.no_content();
        }
        assert_eq!(id(&acme).await, theirs);
    }
}

on_both_engines! {
    async fn a_unique_attribute_is_unique_in_its_org(org: TestOrg) {
        let badge = json!({ "title": "Badge", "type": "string", "unique": "UNIQUE_VALIDATED" });
        let schema = json!({ "definitions": { "custom": { "properties": { "badge": badge } } } });
        let acme = org.other_org("acme").await;
        let mut user = profile("isaac@example.com");
        user["badge"] = json!("7");
        for caller in [&org.caller, &acme] {
            caller.send(Method::POST, "/api/v1/meta/schemas/user/default", Some(schema.clone())).await.ok();
            caller.send(Method::POST, "/api/v1/users", Some(json!({ "profile": user }))).await.ok();
        }
    }
}

on_both_engines! {
    async fn a_user_gets_no_group_and_no_type_of_another_org(org: TestOrg) {
        let acme = org.other_org("acme").await;
        let make = async |path: &str, body: Value| text(&acme.send(Method::POST, path, Some(body)).await.ok(), "id");
        let group = make("/api/v1/groups", json!({ "profile": { "name": "West" } })).await;
        let user_type = make("/api/v1/meta/types/user", json!({ "name": "contractor", "displayName": "C" })).await;
        let user = json!({ "profile": profile("isaac@example.com") });
        let with = |name: &str, value: Value| {
            let mut user = user.clone();
            user[name] = value;
            user
        };
        let summary = format!("Not found: Resource not found: {group} (UserGroup)");
        org.post("/api/v1/users", with("groupIds", json!([group]))).await.refused(404, "E0000007", &summary, &[]);
        let answer = org.post("/api/v1/users", with("type", json!({ "id": user_type }))).await;
        let cause = "type: The specified user type is invalid";
        answer.refused(400, "E0000001", "Api validation failed: type", &[cause]);
        assert_eq!(names(&org.caller, "/api/v1/users").await, [ADMIN]);
    }
}

/// The cursors of the lists that have any, by the list's path and query.
async fn cursors(org: &TestOrg, caller: &Caller) -> Vec<(String, String)> {
    let group = text(
        &caller.send(Method::POST, "/api/v1/groups", Some(json!({ "profile": { "name": "West" } }))).await.ok(),
        "id",
    );
    for login in ["isaac@example.com", "brock@example.com"] {
        let user = json!({ "profile": profile(login), "groupIds": [group] });
        caller.send(Method::POST, "/api/v1/users", Some(user)).await.ok();
    }
    let mut cursors = Vec::new();
    for list in [
        "users?".to_owned(),
        "users?filter=status+eq+%22PROVISIONED%22&".to_owned(),
        "users?search=id+pr&".to_owned(),
        "users?search=id+pr&sortBy=profile.login&".to_owned(),
        "groups?".to_owned(),
        format!("groups/{group}/users?"),
        "logs?".to_owned(),
    ] {
        let next = caller.send(Method::GET, &format!("/api/v1/{list}limit=1"), None).await.link_path("next").unwrap();
        let query = url_query(&next);
        let after = query.into_iter().find(|(name, _)| name == "after").unwrap().1;
        assert_eq!(caller.send(Method::GET, &next, None).await.status, 200, "{list}");
        cursors.push((list, after));
    }
    assert!(org.store.check().await.is_ok());
    cursors
}

fn url_query(path: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

on_both_engines! {
    async fn a_cursor_of_another_org_or_a_made_up_one_is_invalid(org: TestOrg) {
        let acme = org.other_org("acme").await;
        let (ours, theirs) = (cursors(&org, &org.caller).await, cursors(&org, &acme).await);
        let made_up = ["x", "00u1234567890abcdef", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "é", "-1"].map(str::to_owned);
        for ((list, _), (_, after)) in ours.iter().zip(&theirs) {
            for after in made_up.iter().chain([after]) {
                let after: String = form_urlencoded::byte_serialize(after.as_bytes()).collect();
                let answer = org.get(&format!("/api/v1/{list}after={after}")).await;
                answer.refused(400, "E0000029", "Invalid paging request.", &["Invalid cursor."]);
            }
        }
    }
}

on_both_engines! {
    async fn a_cursor_of_another_list_is_invalid(org: TestOrg) {
        let cursors = cursors(&org, &org.caller).await;
        let first = |list: &str| list.split(['?', '/']).next().unwrap().to_owned();
        for (list, _) in &cursors {
            for (other, after) in cursors.iter().filter(|(other, _)| first(other) != first(list)) {
                let answer = org.get(&format!("/api/v1/{list}after={after}")).await;
                assert_eq!(answer.status, 400, "{other} at {list}");
            }
        }
    }
}
