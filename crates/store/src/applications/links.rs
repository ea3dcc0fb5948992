//! The links that a user's apps put on their dashboard.

use roster_model::application::ApplicationStatus;
use roster_model::id::{ApplicationUserId, IdSeed, OrgKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::users::keys_of;
use super::{Application, read_application, select_sql};
use crate::error::Error;
use crate::{Store, params, users};

/// One link of an app of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationLink {
    /// The app.
    pub application: Application,
    /// Which of its links.
    pub name: String,
    /// The assignment by which the user has it.
    pub assignment_id: ApplicationUserId,
    /// The user's id.
    pub user_id: String,
}

impl Store {
    /// listAppLinks: the links of the active apps that the user has, by their own assignment or a group's.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_app_links(&self, org: OrgKey, asked: &str) -> Result<Vec<ApplicationLink>, Error> {
        let asked = asked.to_owned();
        self.engine()
            .read(move |tx| {
                let user = users::find(tx, org, &asked)?;
                let by_key = select_sql("WHERE a.application_key = $1 AND a.status = $2");
                let mut links = Vec::new();
                for key in keys_of(tx, org, &user)? {
                    let found =
                        tx.query_first(&by_key, params![key, ApplicationStatus::Active.as_str()], read_application)?;
                    links.extend(found.into_iter().flat_map(|application| links_of(&application, user.id.as_str())));
                }
                Ok(links)
            })
            .await
    }
}

/// The links that an app shows: those of its `visibility.appLinks` that are true.
fn links_of(application: &Application, user_id: &str) -> Vec<ApplicationLink> {
    let links = application.document.get("visibility").and_then(|visibility| visibility.get("appLinks"));
    let shown =
        links.and_then(Value::as_object).into_iter().flatten().filter(|(_, shown)| **shown == Value::Bool(true));
    let link = |name: &String| ApplicationLink {
        application: application.clone(),
        name: name.clone(),
        assignment_id: assignment_id(application, user_id),
        user_id: user_id.to_owned(),
    };
    shown.map(|(name, _)| link(name)).collect()
}

/// The id of a user's assignment to an app. Members of a group have an assignment without a row, so it is worked out.
fn assignment_id(application: &Application, user_id: &str) -> ApplicationUserId {
    let digest = Sha256::digest(format!("{} {user_id}", application.id).as_bytes());
    let number = |bytes: &[u8]| bytes.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (first, second) = digest.split_at(16);
    ApplicationUserId::new(IdSeed { millis: number(first), tail: number(second) })
}
