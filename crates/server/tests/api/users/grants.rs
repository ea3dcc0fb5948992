//! What users allowed clients: `/grants` and `/clients/{clientId}/grants`.

use serde_json::{Value, json};

use super::fixtures::{created_client, hold, path_of};
use crate::applications::ids;
use crate::context::{Answer, TestOrg, text};

/// Somebody, and the two clients that hold something of them.
struct Fixture {
    path: String,
    id: String,
    mail: String,
    files: String,
}

async fn fixture(org: &TestOrg) -> Fixture {
    let user = org.create("isaac@example.com").await;
    let (mail, files) = (created_client(org, "Mail").await, created_client(org, "Files").await);
    Fixture { path: path_of(&user), id: text(&user, "id"), mail, files }
}

fn no_grant(answer: Answer, id: &str) {
    let summary = format!("Not found: Resource not found: {id} (OAuth2ScopeConsentGrant)");
    answer.refused(404, "E0000007", &summary, &[]);
}

/// The ids of the live refresh tokens that a client holds.
async fn tokens(org: &TestOrg, path: &str, client: &str) -> Vec<String> {
    ids(&org.get(&format!("{path}/clients/{client}/tokens")).await.ok())
}

on_both_engines! {
    async fn a_grant_says_who_may_do_what_for_whom(org: TestOrg) {
        let Fixture { path, id, mail, .. } = fixture(&org).await;
        let held = hold(&org, &path, &mail, "email").await;
        let (base, now) = (format!("http://{}", org.address()), org.clock.now().to_string());
        let own = format!("{base}{path}/grants/{}", held.grant);
        let wanted = json!({
            "id": held.grant, "status": "ACTIVE", "created": now, "lastUpdated": now, "issuer": base, "clientId": mail,
            "userId": id, "scopeId": "email", "source": "END_USER",
            "_links": {
                "app": { "href": format!("{base}/api/v1/apps/{mail}"), "title": "Mail" },
                "client": { "href": format!("{base}/oauth2/v1/clients/{mail}"), "title": "Mail" },
                "self": { "href": own, "hints": { "allow": ["GET", "DELETE"] } },
                "user": { "href": format!("{base}{path}"), "title": "Isaac Brock" },
            },
        });
        let grant = org.get(&format!("{path}/grants/{}", held.grant)).await.ok();
        assert_eq!(grant, wanted);
        let order: Vec<&str> = grant.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(order, ["id", "status", "created", "lastUpdated", "issuer", "clientId", "userId", "scopeId", "source",
            "_links"]);
        assert_eq!(org.get(&format!("{path}/grants")).await.ok(), json!([wanted]));
        assert_eq!(org.get(&format!("{path}/clients/{mail}/grants")).await.ok(), json!([wanted]));
        assert_eq!(org.get(&format!("/api/v1/users/isaac@example.com/grants/{}", held.grant)).await.ok(), wanted);
    }
}

on_both_engines! {
    async fn expand_scope_tells_the_scope_in_full(org: TestOrg) {
        let Fixture { path, mail, .. } = fixture(&org).await;
        let held = hold(&org, &path, &mail, "email").await;
        let embedded = json!({ "scope": { "id": "email", "name": "email", "displayName": "View your email address",
            "description": "The app learns your email address and whether it is verified." } });
        let one = org.get(&format!("{path}/grants/{}?expand=scope", held.grant)).await.ok();
        assert_eq!(one["_embedded"], embedded);
        let keys: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(&keys[8..], ["source", "_embedded", "_links"]);
        for list in ["grants".to_owned(), format!("clients/{mail}/grants")] {
            let answer = org.get(&format!("{path}/{list}?expand=scope")).await;
            let link = format!("http://{}{path}/{list}?limit=20&expand=scope", org.address());
            assert_eq!((answer.link("self"), &answer.body[0]["_embedded"]), (Some(link), &embedded));
        }
        let other = org.get(&format!("{path}/grants/{}?expand=scopes", held.grant)).await.ok();
        assert_eq!(other["_embedded"], Value::Null);
    }
}

on_both_engines! {
    async fn lists_of_grants_come_in_pages_in_the_order_of_consent(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        let mut made = Vec::new();
        for number in 0..23 {
            made.push(hold(&org, &path, &mail, &format!("scope{number}")).await.grant);
        }
        let others = hold(&org, &path, &files, "scope0").await.grant;
        let whole = format!("clients/{mail}/grants");
        for (list, wanted) in [("grants", [made.clone(), vec![others.clone()]].concat()), (&whole, made.clone())] {
            let first = org.get(&format!("{path}/{list}")).await;
            let link = format!("http://{}{path}/{list}?limit=20", org.address());
            assert_eq!((first.link("self"), ids(&first.body).len()), (Some(link), 20));
            let second = org.get(&first.link_path("next").unwrap()).await;
            assert_eq!(second.link("next"), None);
            assert_eq!([ids(&first.body), ids(&second.body)].concat(), wanted);
            assert_eq!(ids(&org.get(&format!("{path}/{list}?limit=200")).await.ok()), wanted);
        }
        // What is revoked meanwhile shifts nothing.
        let first = org.get(&format!("{path}/{whole}?limit=5")).await;
        org.delete(&format!("{path}/grants/{}", made[4])).await.no_content();
        assert_eq!(ids(&org.get(&first.link_path("next").unwrap()).await.ok()), made[5..10]);
        let of_scope = org.get(&format!("{path}/grants?scopeId=scope0&limit=1&expand=scope")).await;
        let next = of_scope.link("next").unwrap();
        assert!(next.ends_with("&limit=1&scopeId=scope0&expand=scope"), "{next}");
        let rest = org.get(&of_scope.link_path("next").unwrap()).await.ok();
        assert_eq!([ids(&of_scope.body), ids(&rest)].concat(), [made[0].clone(), others]);
        assert_eq!(org.get(&format!("{path}/grants?scopeId=scope")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_limit_is_between_one_and_two_hundred_and_a_cursor_of_its_list(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        for scope in ["email", "phone"] {
            hold(&org, &path, &mail, scope).await;
        }
        let lists = ["grants".to_owned(), format!("clients/{mail}/grants"), format!("clients/{mail}/tokens")];
        for list in &lists {
            for (limit, text) in [("0", "be greater than 0"), ("-1", "be greater than 0"), ("201", "not be greater than 200")] {
                let cause = format!("limit: The limit must {text}");
                let answer = org.get(&format!("{path}/{list}?limit={limit}")).await;
                answer.refused(400, "E0000001", "Api validation failed: limit", &[&cause]);
            }
            let next = org.get(&format!("{path}/{list}?limit=1")).await.link_path("next").unwrap();
            let cursor = next.split("after=").nth(1).unwrap().split('&').next().unwrap();
            let foreign = lists.iter().filter(|other| *other != list).cloned().chain([format!("clients/{files}/tokens")]);
            for other in foreign.chain(["grants?scopeId=email".to_owned()]) {
                let separator = if other.contains('?') { '&' } else { '?' };
                let answer = org.get(&format!("{path}/{other}{separator}after={cursor}")).await;
                answer.refused(400, "E0000029", "Invalid paging request.", &["Invalid cursor."]);
            }
        }
    }
}

on_both_engines! {
    async fn a_grant_is_its_users_alone(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        let held = hold(&org, &path, &mail, "email").await;
        let other = path_of(&org.create("eric@example.com").await);
        no_grant(org.get(&format!("{other}/grants/{}", held.grant)).await, &held.grant);
        no_grant(org.delete(&format!("{other}/grants/{}", held.grant)).await, &held.grant);
        assert_eq!(org.get(&format!("{other}/grants")).await.ok(), json!([]));
        org.delete(&format!("{other}/grants")).await.no_content();
        org.delete(&format!("{path}/clients/{files}/grants")).await.no_content();
        assert_eq!(org.get(&format!("{path}/clients/{files}/grants")).await.ok(), json!([]));
        assert_eq!(ids(&org.get(&format!("{path}/grants")).await.ok()), [held.grant]);
        assert_eq!(tokens(&org, &path, &mail).await, [held.token]);
    }
}

on_both_engines! {
    async fn revoking_a_grant_ends_the_refresh_tokens_that_could_do_what_it_allowed(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        let email = hold(&org, &path, &mail, "email").await;
        let phone = hold(&org, &path, &mail, "phone").await;
        let others = hold(&org, &path, &files, "email").await;
        org.delete(&format!("{path}/grants/{}", email.grant)).await.no_content();
        no_grant(org.get(&format!("{path}/grants/{}", email.grant)).await, &email.grant);
        no_grant(org.delete(&format!("{path}/grants/{}", email.grant)).await, &email.grant);
        assert_eq!(ids(&org.get(&format!("{path}/grants")).await.ok()), [phone.grant, others.grant]);
        assert_eq!((tokens(&org, &path, &mail).await, tokens(&org, &path, &files).await), (vec![phone.token], vec![others.token]));
    }
}

on_both_engines! {
    async fn revoking_all_grants_ends_those_of_the_user_or_of_one_client(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        let other = path_of(&org.create("eric@example.com").await);
        for (path, client) in [(&path, &mail), (&path, &files), (&other, &mail)] {
            hold(&org, path, client, "email").await;
        }
        org.delete(&format!("{path}/clients/{mail}/grants")).await.no_content();
        assert_eq!(org.get(&format!("{path}/clients/{mail}/grants")).await.ok(), json!([]));
        assert_eq!((tokens(&org, &path, &mail).await.len(), tokens(&org, &path, &files).await.len()), (0, 1));
        org.delete(&format!("{path}/grants")).await.no_content();
        assert_eq!(org.get(&format!("{path}/grants")).await.ok(), json!([]));
        assert_eq!(tokens(&org, &path, &files).await.len(), 0);
        assert_eq!(ids(&org.get(&format!("{other}/grants")).await.ok()).len(), 1);
        org.delete(&format!("{path}/grants")).await.no_content();
    }
}

on_both_engines! {
    async fn what_a_client_holds_ends_with_the_user_and_with_the_app(org: TestOrg) {
        let Fixture { path, mail, files, .. } = fixture(&org).await;
        let other = path_of(&org.create("eric@example.com").await);
        for (path, client) in [(&path, &mail), (&other, &mail), (&other, &files)] {
            hold(&org, path, client, "email").await;
        }
        let held = async |path: &str| ids_of_clients(&org.get(&format!("{path}/clients")).await.ok());
        org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(held(&path).await, Vec::<String>::new());
        assert_eq!(held(&other).await, [mail.clone(), files.clone()]);
        org.post(&format!("/api/v1/apps/{mail}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(held(&other).await, std::slice::from_ref(&files));
        org.post(&format!("/api/v1/apps/{mail}/lifecycle/activate"), None).await.ok();
        assert_eq!((held(&other).await, tokens(&org, &other, &mail).await), (vec![files], vec![]));
        org.post(&format!("/api/v1/apps/{mail}/lifecycle/deactivate"), None).await.ok();
        org.delete(&format!("/api/v1/apps/{mail}")).await.no_content();
        let gone = format!("Not found: Resource not found: {mail} (OAuth2Client)");
        org.get(&format!("{other}/clients/{mail}/tokens")).await.refused(404, "E0000007", &gone, &[]);
    }
}

fn ids_of_clients(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|client| text(client, "client_id")).collect()
}

on_both_engines! {
    async fn a_client_is_named_by_its_client_id_and_must_be_one(org: TestOrg) {
        let Fixture { path, .. } = fixture(&org).await;
        let bookmark = text(&org.post("/api/v1/apps", crate::applications::bookmark("Books")).await.ok(), "id");
        let mut own = crate::applications::client("Own");
        own["credentials"] = json!({ "oauthClient": { "client_id": "own", "token_endpoint_auth_method": "none" } });
        let app = text(&org.post("/api/v1/apps", own).await.ok(), "id");
        assert_eq!(org.get(&format!("{path}/clients/own/grants")).await.ok(), json!([]));
        for list in ["grants", "tokens"] {
            for client in [&bookmark, &app] {
                let gone = format!("Not found: Resource not found: {client} (OAuth2Client)");
                org.get(&format!("{path}/clients/{client}/{list}")).await.refused(404, "E0000007", &gone, &[]);
                org.delete(&format!("{path}/clients/{client}/{list}")).await.refused(404, "E0000007", &gone, &[]);
            }
        }
        let held = hold(&org, &path, "own", "email").await;
        let links = org.get(&format!("{path}/grants/{}", held.grant)).await.ok()["_links"].clone();
        let base = format!("http://{}", org.address());
        assert_eq!(text(&links, "app.href"), format!("{base}/api/v1/apps/{app}"));
        assert_eq!(text(&links, "client.href"), format!("{base}/oauth2/v1/clients/own"));
    }
}
