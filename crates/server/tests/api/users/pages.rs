//! Lists and their pages, as a client walks them.

use serde_json::Value;

use crate::context::{Answer, Caller, text};
use reqwest::Method;

/// The path of listUsers with these parameters.
pub(crate) fn users_path(parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    format!("/api/v1/users?{}", query.finish())
}

impl Caller {
    /// One page of listUsers.
    pub(crate) async fn list_users(&self, parameters: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, &users_path(parameters), None).await
    }

    /// The names of the users on a page.
    pub(crate) async fn names(&self, parameters: &[(&str, &str)]) -> String {
        names(&self.list_users(parameters).await.ok()).join(" ")
    }

    /// The users of every page, following the links as they are.
    pub(crate) async fn all_users(&self, parameters: &[(&str, &str)]) -> Vec<Value> {
        let mut users = Vec::new();
        let mut path = Some(users_path(parameters));
        while let Some(page) = path {
            let answer = self.send(Method::GET, &page, None).await;
            path = answer.link_path("next");
            users.extend(answer.ok().as_array().unwrap().iter().cloned());
        }
        users
    }
}

/// What tests call users by: their logins before the `@`.
pub(crate) fn names(users: &Value) -> Vec<String> {
    users.as_array().unwrap().iter().map(name).collect()
}

/// The login of a user before the `@`.
pub(crate) fn name(user: &Value) -> String {
    text(user, "profile.login").split('@').next().unwrap_or_default().to_owned()
}
