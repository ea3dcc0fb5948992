//! getUser.

use roster_model::id::{OrgKey, UserId};
use roster_model::user::User;

use super::{find, select_natural};
use crate::Store;
use crate::error::Error;

impl Store {
    /// getUser, by id, login or unambiguous short name, in every status (behaviour.md C.0, C.3).
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn get_user(&self, org: OrgKey, asked: &str) -> Result<User, Error> {
        let asked = asked.to_owned();
        self.engine().read(move |tx| find(tx, org, &asked)).await
    }

    /// The org's first user: its first administrator, unless they were deleted.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn first_user(&self, org: OrgKey) -> Result<Option<UserId>, Error> {
        self.engine().read(move |tx| Ok(select_natural(tx, org, 0, 1)?.into_iter().next().map(|user| user.id))).await
    }
}
