//! Every operation of the table alike: who may call it, and what it says of ids that are not this org's.

use std::collections::HashMap;

use reqwest::Method;
use roster_model::operations::{Access, OPERATIONS, Operation, OperationId as Op};
use roster_model::rate_limit::Bucket;
use serde_json::{Value, json};

use crate::applications::{bookmark, client};
use crate::context::{Answer, Caller, TestOrg, new_org, profile, text};
use crate::identity_providers::identity_provider;

/// A body that the operation takes, if it needs one.
pub(crate) fn sample_body(operation: Op) -> Option<Value> {
    let password = json!({ "value": "Efgh5678#@" });
    let question = json!({ "question": "Best song?", "answer": "Float On" });
    Some(match operation {
        Op::CreateUser => json!({ "profile": profile("modest@example.com") }),
        Op::PartialUpdateUser => json!({ "profile": { "title": "Singer" } }),
        Op::UpdateUser => json!({ "profile": profile("mouse@example.com") }),
        Op::ChangePassword => json!({ "oldPassword": { "value": "Abcd1234#@" }, "newPassword": password }),
        Op::ChangeRecoveryQuestion => json!({ "password": { "value": "Abcd1234#@" }, "recovery_question": question }),
        Op::ForgotPasswordSetNewPassword => json!({ "password": password, "recovery_question": question }),
        Op::CreateGroup | Op::UpdateGroup => json!({ "profile": { "name": "Lonesome", "description": "Crowded" } }),
        Op::AssignGroupOwner => json!({ "id": "nobody", "type": "USER" }),
        Op::CreateGroupRule | Op::UpdateGroupRule => group_rule("nobody"),
        Op::CreateUserType => json!({ "name": "contractor", "displayName": "Contractor" }),
        Op::UpdateUserType | Op::ReplaceUserType => json!({ "displayName": "Freelancer" }),
        Op::UpdateUserProfile => {
            json!({ "definitions": { "custom": { "properties": { "band": { "title": "Band", "type": "string" } } } } })
        }
        Op::UpdateGroupSchema => {
            json!({ "definitions": { "custom": { "properties": { "region": { "title": "Region", "type": "string" } } } } })
        }
        Op::AddLinkedObjectDefinition => definition("mentor"),
        Op::CreateApplication | Op::UpdateApplication => bookmark("Books"),
        Op::AssignUserToApplication => json!({ "id": "nobody" }),
        Op::UpdateApplicationUser => json!({ "credentials": { "userName": "isaac" } }),
        Op::CreateIdentityProvider | Op::UpdateIdentityProvider => identity_provider("Facebook", "FACEBOOK"),
        Op::LinkUserToIdentityProvider => json!({ "externalId": "1" }),
        Op::CreateInlineHook | Op::UpdateInlineHook => inline_hook("Other"),
        Op::Authn => json!({ "username": "isaac@example.com", "password": "Abcd1234#@" }),
        Op::AuthnForgotPassword | Op::AuthnUnlockAccount => {
            json!({ "username": "isaac@example.com", "factorType": "EMAIL" })
        }
        Op::AuthnVerifyRecoveryToken => json!({ "recoveryToken": "unknown" }),
        Op::CreateSession => json!({ "sessionToken": "unknown" }),
        Op::AuthnChangePassword
        | Op::AuthnResetPassword
        | Op::AuthnAnswerRecoveryQuestion
        | Op::AuthnPrevious
        | Op::AuthnSkip
        | Op::AuthnCancel => {
            let (old, new) = ("Abcd1234#@", "Efgh5678#@");
            json!({ "stateToken": "unknown", "answer": "Float On", "oldPassword": old, "newPassword": new })
        }
        Op::UpdatePolicy => json!({ "settings": { "password": { "complexity": { "minLength": 9 } } } }),
        Op::UpdatePolicyRule => json!({ "actions": { "selfServiceUnlock": { "access": "DENY" } } }),
        Op::EnrollFactor => {
            json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+12345678901" } })
        }
        Op::UpdateFactor => security_question(),
        Op::ActivateFactor => json!({ "passCode": "123456" }),
        Op::VerifyFactor => json!({ "answer": "mayonnaise" }),
        Op::AssignRoleToUser | Op::AssignRoleToGroup => json!({ "type": "ORG_ADMIN" }),
        Op::GrantConsentToScope => json!({ "issuer": "https://ignored.example", "scopeId": "okta.users.read" }),
        Op::CreateApiToken => json!({ "name": "ci" }),
        _ => return None,
    })
}

/// A rule that puts nobody into this group.
pub(crate) fn group_rule(group: &str) -> Value {
    let expression = json!({ "value": "user.department == \"Nowhere\"", "type": "urn:okta:expression:1.0" });
    let actions = json!({ "assignUserToGroups": { "groupIds": [group] } });
    json!({ "type": "group_rule", "name": "Nowhere", "conditions": { "expression": expression }, "actions": actions })
}

fn security_question() -> Value {
    let profile = json!({ "question": "disliked_food", "answer": "mayonnaise" });
    json!({ "factorType": "question", "provider": "OKTA", "profile": profile })
}

/// A password-import hook of this name.
fn inline_hook(name: &str) -> Value {
    let config = json!({ "uri": "https://hooks.example.com/import" });
    json!({ "name": name, "type": "com.okta.user.credential.password.import", "channel": { "config": config } })
}

/// A relation whose ends have this name and `{name}ed`.
fn definition(name: &str) -> Value {
    let end = |name: &str| json!({ "name": name, "title": name, "description": null, "type": "USER" });
    json!({ "primary": end(name), "associated": end(&format!("{name}ed")) })
}

/// Calls an operation with these ids in its path and its sample body.
pub(crate) async fn call(caller: &Caller, operation: &Operation, ids: &Ids) -> Answer {
    let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
    caller.send(method, &ids.path(operation), sample_body(operation.id)).await
}

/// An id for each parameter that a path may have.
#[derive(Debug, Clone)]
pub(crate) struct Ids(HashMap<&'static str, String>);

/// The parameters, and what a 404 calls what they name.
const KINDS: [(&str, &str); 27] = [
    ("ownerId", "GroupOwner"),
    ("groupRuleId", "GroupRule"),
    ("groupId", "UserGroup"),
    ("userId", "User"),
    ("associatedUserId", "User"),
    ("primaryUserId", "User"),
    ("typeId", "CVDType"),
    ("schemaId", "UserSchema"),
    ("linkedObjectName", "LinkedObjectProperty"),
    ("relationshipName", "LinkedObjectProperty"),
    ("primaryRelationshipName", "LinkedObjectProperty"),
    ("appId", "AppInstance"),
    ("idpId", "IdpTrust"),
    ("apiTokenId", "Token"),
    ("factorId", "UserFactor"),
    ("policyId", "Policy"),
    ("ruleId", "PolicyRule"),
    ("sessionId", "AppSession"),
    ("inlineHookId", "InlineHook"),
    ("clientId", "OAuth2Client"),
    ("grantId", "OAuth2ScopeConsentGrant"),
    ("tokenId", "OAuth2RefreshToken"),
    ("roleId", "RoleAssignment"),
    ("groupRoleId", "RoleAssignment"),
    ("targetGroupId", "UserGroup"),
    ("appName", "App"),
    ("targetAppId", "AppInstance"),
];

impl Ids {
    /// Those of things made for the purpose: an active user who is in a group, a type and its schema, a relation of
    /// this name, which is its id, a token.
    pub(crate) async fn made(caller: &Caller, relation: &str) -> Self {
        let make = async |path: &str, body: Value| {
            let made = caller.send(Method::POST, path, Some(body)).await;
            assert!(made.status < 300, "{path}: {}", made.body);
            made.body
        };
        let credentials = json!({
            "password": { "value": "Abcd1234#@" },
            "recovery_question": { "question": "Best song?", "answer": "Float On" },
        });
        let group = text(&make("/api/v1/groups", json!({ "profile": { "name": "West" } })).await, "id");
        let user = json!({ "profile": profile("isaac@example.com"), "credentials": credentials, "groupIds": [group] });
        let user_type = json!({ "name": "employee", "displayName": "Employee" });
        let type_id = text(&make("/api/v1/meta/types/user", user_type).await, "id");
        make("/api/v1/meta/schemas/user/linkedObjects", definition(relation)).await;
        let user_id = text(&make("/api/v1/users", user).await, "id");
        let get = async |path: &str| text(&caller.send(Method::GET, path, None).await.ok()[0], "id");
        let policy_id = get("/api/v1/policies?type=PASSWORD").await;
        let credentials = json!({ "username": "isaac@example.com", "password": "Abcd1234#@" });
        let signed_in = make("/api/v1/authn", credentials).await;
        let session = make("/api/v1/sessions", json!({ "sessionToken": signed_in["sessionToken"] })).await;
        let hook = make("/api/v1/inlineHooks", inline_hook("Directory")).await;
        let application = text(&make("/api/v1/apps", bookmark("Records")).await, "id");
        let settings = json!({ "signOn": { "loginUrl": "https://example.com" } });
        let own = json!({ "label": "Own", "signOnMode": "AUTO_LOGIN", "settings": settings });
        let own = make("/api/v1/apps", own).await;
        let role = json!({ "type": "APP_ADMIN" });
        let ruled = json!({ "profile": { "name": "Ruled" } });
        let ruled = text(&make("/api/v1/groups", ruled).await, "id");
        let rule = make("/api/v1/groups/rules", group_rule(&ruled)).await;
        let owner = json!({ "id": user_id, "type": "USER" });
        let owner = make(&format!("/api/v1/groups/{group}/owners"), owner).await;
        Self(HashMap::from([
            ("groupRuleId", text(&rule, "id")),
            ("roleId", text(&make(&format!("/api/v1/users/{user_id}/roles"), role.clone()).await, "id")),
            ("groupRoleId", text(&make(&format!("/api/v1/groups/{group}/roles"), role).await, "id")),
            ("targetGroupId", ruled),
            ("appName", text(&own, "name")),
            ("targetAppId", text(&own, "id")),
            ("appId", application),
            ("idpId", text(&make("/api/v1/idps", identity_provider("Google", "GOOGLE")).await, "id")),
            ("authorizationServerId", "default".to_owned()),
            ("groupId", group),
            ("ownerId", text(&owner, "id")),
            ("factorId", text(&make(&format!("/api/v1/users/{user_id}/factors"), security_question()).await, "id")),
            ("token", "00nobody".to_owned()),
            ("factorType", "SMS".to_owned()),
            ("clientId", text(&make("/api/v1/apps", client("Mail")).await, "id")),
            // Only who signs in can make these; see logs/events.rs.
            ("grantId", "oagNobodyConsented00".to_owned()),
            ("tokenId", "oarNobodySignedIn000".to_owned()),
            ("userId", user_id.clone()),
            ("associatedUserId", user_id.clone()),
            ("primaryUserId", user_id),
            ("linkedObjectName", relation.to_owned()),
            ("relationshipName", relation.to_owned()),
            ("primaryRelationshipName", relation.to_owned()),
            ("schemaId", type_id.replacen("oty", "osc", 1)),
            ("typeId", type_id),
            ("ruleId", get(&format!("/api/v1/policies/{policy_id}/rules")).await),
            ("policyId", policy_id),
            ("sessionId", text(&session, "id")),
            ("inlineHookId", text(&hook, "id")),
            ("apiTokenId", text(&make("/api/v1/api-tokens", json!({ "name": "spare" })).await, "id")),
        ]))
    }

    pub(crate) fn with(&self, name: &'static str, id: &str) -> Self {
        let mut ids = self.clone();
        ids.0.insert(name, id.to_owned());
        ids
    }

    pub(crate) fn path(&self, operation: &Operation) -> String {
        let path = self.fill(operation.path);
        assert!(!path.contains('{'), "KINDS lacks a parameter of {path}");
        path
    }

    /// The path with the ids in place of its parameters.
    pub(crate) fn fill(&self, path: &str) -> String {
        let fill = |path: String, (name, id): (&&str, &String)| path.replace(&format!("{{{name}}}"), id);
        self.0.iter().fold(path.to_owned(), fill)
    }
}

/// All that an org holds, short of its tokens' expiry.
async fn everything(caller: &Caller, ids: &Ids) -> Vec<Value> {
    let mut paths = vec![format!("groups/{}/users", ids.0["groupId"]), format!("users/{}", ids.0["userId"])];
    paths.extend(
        ["users?search=id%20pr", "groups", "api-tokens", "policies?type=PASSWORD&expand=rules", "logs"]
            .map(str::to_owned),
    );
    paths.extend(
        ["types/user", "schemas/user/default", "schemas/user/linkedObjects"].map(|path| format!("meta/{path}")),
    );
    let mut all = Vec::new();
    for path in paths {
        all.push(caller.send(Method::GET, &format!("/api/v1/{path}"), None).await.ok());
    }
    all
}

/// Calls every operation and asserts that each was refused for the caller's credentials, and did nothing.
async fn assert_refused(org: &TestOrg, good: &Caller, bad: &[Caller], ids: &Ids) {
    let before = everything(good, ids).await;
    for caller in bad {
        for operation in OPERATIONS {
            let is_open = operation.access == Access::Anyone && caller.authorization().is_none();
            // An OAuth client's credentials are refused in OAuth's own words: see `oauth`.
            if is_open || operation.access == Access::Client {
                continue;
            }
            let answer = call(caller, operation, ids).await;
            assert_eq!(answer.status, 401, "{} {:?}", operation.name, caller.authorization());
            answer.refused(401, "E0000011", "Invalid token provided", &[]);
        }
    }
    assert_eq!(everything(good, ids).await, before);
    org.store.check().await.unwrap();
}

async fn secret(caller: &Caller, body: Value) -> String {
    text(&caller.send(Method::POST, "/api/v1/api-tokens", Some(body)).await.ok(), "token")
}

on_both_engines! {
    async fn every_operation_refuses_a_missing_malformed_or_unknown_token(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let token = org.caller.authorization().unwrap().replace("SSWS ", "");
        let mut bad = vec![org.with_token(None)];
        for authorization in [
            "",
            "SSWS",
            "SSWS ",
            "Basic YTpi",
            "00abc",
            &token,
            &format!("Token {token}"),
            &format!("SSWS {token}x"),
            &format!("SSWS {}", token.to_lowercase()),
            "SSWS 00unknown",
        ] {
            bad.push(org.caller.authorized(authorization));
        }
        assert_refused(&org, &org.caller, &bad, &ids).await;
    }
}

on_both_engines! {
    async fn every_operation_refuses_a_revoked_token(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let made = org.post("/api/v1/api-tokens", json!({ "name": "old" })).await.ok();
        let revoked = org.with_token(Some(&text(&made, "token")));
        revoked.send(Method::GET, "/api/v1/users/me", None).await.ok();
        org.delete(&format!("/api/v1/api-tokens/{}", text(&made, "id"))).await.no_content();
        assert_refused(&org, &org.caller, &[revoked], &ids).await;
    }
}

on_both_engines! {
    async fn every_operation_refuses_a_token_unused_for_thirty_one_days(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let expired = org.with_token(Some(&secret(&org.caller, json!({ "name": "idle" })).await));
        for _ in 0..31 {
            org.wait_seconds(86_400);
            org.get("/api/v1/users/me").await.ok();
        }
        assert_refused(&org, &org.caller, &[expired], &ids).await;
    }
}

on_both_engines! {
    async fn every_operation_refuses_another_orgs_token(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let token = new_org(&org.store, "acme").await;
        let (theirs_here, ours_there) = (org.with_token(Some(&token)), org.at_host("acme.localhost"));
        assert_refused(&org, &org.caller, &[theirs_here, ours_there], &ids).await;
    }
}

on_both_engines! {
    async fn every_operation_refuses_the_token_of_a_suspended_or_deactivated_owner(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let mut bad = Vec::new();
        for operation in ["suspend", "deactivate"] {
            let owner = org.create_active(&format!("{operation}@example.com"), "Abcd1234#@").await;
            let owned = json!({ "name": operation, "userId": owner["id"] });
            let caller = org.with_token(Some(&secret(&org.caller, owned).await));
            caller.send(Method::GET, "/api/v1/users/me", None).await.ok();
            org.post(&format!("/api/v1/users/{}/lifecycle/{operation}", text(&owner, "id")), None).await.ok();
            bad.push(caller);
        }
        assert_refused(&org, &org.caller, &bad, &ids).await;
    }
}

on_both_engines! {
    async fn every_operation_challenges_a_bearer_token_with_the_scope_it_needs(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let bearer = org.caller.authorized("Bearer eyJhbGciOiJSUzI1NiJ9.e30.AA");
        for operation in OPERATIONS {
            let Some(scope) = operation.access.scope() else { continue };
            let answer = call(&bearer, operation, &ids).await;
            let base = format!("http://{}", org.address());
            let challenge = format!(
                "Bearer authorization_uri=\"{base}/oauth2/v1/authorize\", realm=\"{base}\", scope=\"{}\", \
                 error=\"invalid_token\", error_description=\"The token is invalid or expired.\", resource=\"{}\"",
                scope.as_str(),
                ids.path(operation)
            );
            assert_eq!(answer.headers["www-authenticate"], challenge);
            answer.refused(401, "E0000011", "Invalid token provided", &[]);
        }
        assert_eq!(call(&org.with_token(None), &OPERATIONS[0], &ids).await.headers.get("www-authenticate"), None);
    }
}

/// Asserts that each operation with this parameter in its path answers that there is no such thing. In a sign-in the state
/// token comes before the id: see `authn/factors.rs`.
async fn assert_not_found(caller: &Caller, known: &Ids, wrong: impl Fn(&'static str) -> String) {
    for (name, kind) in KINDS {
        let has_it = |it: &&Operation| it.path.contains(&format!("{{{name}}}")) && it.bucket != Bucket::Authn;
        for operation in OPERATIONS.iter().filter(has_it) {
            let asked = wrong(name);
            let summary = format!("Not found: Resource not found: {asked} ({kind})");
            let answer = call(caller, operation, &known.with(name, &asked)).await;
            assert_eq!(answer.status, 404, "{} {}", operation.name, answer.body);
            answer.refused(404, "E0000007", &summary, &[]);
        }
    }
}

on_both_engines! {
    async fn every_operation_names_the_id_it_does_not_know_and_its_kind(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        for wrong in ["nobody", "00T", "invalid-id", "00u0000000000000000x"] {
            assert_not_found(&org.caller, &ids, |_| wrong.to_owned()).await;
        }
    }
}

on_both_engines! {
    async fn ids_are_case_sensitive(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let swapped = |id: &str| -> String {
            let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            id.chars().map(swap).collect()
        };
        assert_not_found(&org.caller, &ids, |name| swapped(&ids.0[name])).await;
    }
}

on_both_engines! {
    async fn every_operation_hides_the_things_of_another_org(org: TestOrg) {
        let acme = org.other_org("acme").await;
        let (ours, theirs) = (Ids::made(&org.caller, "leader").await, Ids::made(&acme, "boss").await);
        let before = everything(&acme, &theirs).await;
        assert_not_found(&org.caller, &ours, |name| theirs.0[name].clone()).await;
        assert_eq!(everything(&acme, &theirs).await, before);
    }
}
