//! OAuth scopes of the management API (behaviour.md A.3).

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A permission that an access token may carry. An API token has all of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Scope {
            $($(#[$doc])* $name,)*
        }

        impl Scope {
            /// Every scope, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The scope as tokens spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// Read users and what hangs on them.
    UsersRead = "okta.users.read";
    /// Change users.
    UsersManage = "okta.users.manage";
    /// Read groups.
    GroupsRead = "okta.groups.read";
    /// Change groups and memberships.
    GroupsManage = "okta.groups.manage";
    /// Read user types.
    UserTypesRead = "okta.userTypes.read";
    /// Change user types.
    UserTypesManage = "okta.userTypes.manage";
    /// Read profile schemas.
    SchemasRead = "okta.schemas.read";
    /// Change profile schemas.
    SchemasManage = "okta.schemas.manage";
    /// Read apps and their assignments.
    AppsRead = "okta.apps.read";
    /// Change apps and their assignments.
    AppsManage = "okta.apps.manage";
    /// Read the scopes that apps were granted.
    AppGrantsRead = "okta.appGrants.read";
    /// Grant scopes to apps, and take them back.
    AppGrantsManage = "okta.appGrants.manage";
    /// Read identity providers and their users.
    IdpsRead = "okta.idps.read";
    /// Change identity providers and their users.
    IdpsManage = "okta.idps.manage";
    /// Read linked-object definitions.
    LinkedObjectsRead = "okta.linkedObjects.read";
    /// Change linked-object definitions.
    LinkedObjectsManage = "okta.linkedObjects.manage";
    /// Read inline hooks.
    InlineHooksRead = "okta.inlineHooks.read";
    /// Change inline hooks.
    InlineHooksManage = "okta.inlineHooks.manage";
    /// Read sessions.
    SessionsRead = "okta.sessions.read";
    /// End and prolong sessions.
    SessionsManage = "okta.sessions.manage";
    /// Read policies and their rules.
    PoliciesRead = "okta.policies.read";
    /// Change policies and their rules.
    PoliciesManage = "okta.policies.manage";
    /// Read administrators' roles.
    RolesRead = "okta.roles.read";
    /// Assign administrators' roles and narrow them.
    RolesManage = "okta.roles.manage";
    /// Read API tokens.
    ApiTokensRead = "okta.apiTokens.read";
    /// Create and revoke API tokens.
    ApiTokensManage = "okta.apiTokens.manage";
    /// Read the System Log.
    LogsRead = "okta.logs.read";
}

impl Scope {
    /// Whether a token with these scopes may do what needs this one. Who may manage may read (behaviour.md A.3).
    #[must_use]
    pub fn is_within<'a>(self, granted: impl IntoIterator<Item = &'a str>) -> bool {
        let wanted = self.as_str();
        let manage = wanted.strip_suffix(".read");
        granted
            .into_iter()
            .any(|scope| scope == wanted || manage.is_some_and(|family| scope.strip_suffix(".manage") == Some(family)))
    }
}

/// Whether an app can be granted this scope: one of the management API's, also where nothing here needs it yet.
#[must_use]
pub fn is_management_scope(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_word =
        |part: &str| !part.is_empty() && part.len() <= 64 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    parts.next() == Some("okta") && parts.clone().count() >= 2 && parts.all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_manage_may_read_and_nothing_else() {
        assert!(Scope::UsersRead.is_within(["okta.groups.read", "okta.users.read"]));
        assert!(Scope::UsersRead.is_within(["okta.users.manage"]));
        assert!(!Scope::UsersManage.is_within(["okta.users.read", "okta.users.manage.self", "okta.users"]));
        assert!(!Scope::UsersRead.is_within(["okta.users.manage.self", "okta.userTypes.manage"]));
    }

    #[test]
    fn scopes_of_the_management_api_begin_with_okta() {
        assert!(Scope::ALL.iter().all(|scope| is_management_scope(scope.as_str())));
        assert!(is_management_scope("okta.roles.read"));
        for text in ["", "okta", "okta.users", "okta..read", "openid", "acme.users.read", "okta.users.read "] {
            assert!(!is_management_scope(text), "{text}");
        }
    }
}
