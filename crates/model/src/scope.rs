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
