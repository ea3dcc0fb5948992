//! TABLE of the standard administrator roles: what each lets its holder do, and what it may be narrowed to.
//!
//! A token acts with the roles of its owner. What a role grants follows Okta's comparison of standard roles ("Standard
//! administrator roles and permissions"), put into the scopes and operations of this API.

use crate::operations::{Method, Operation, OperationId as Op};
use crate::scope::Scope;

/// What a role lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Every operation.
    Everything,
    /// Every operation that reads, short of administrators' roles: those only a super administrator sees.
    Reads,
    /// Every operation that needs this scope.
    Scope(Scope),
    /// This operation.
    Operation(Op),
}

impl Grant {
    fn covers(self, operation: &Operation) -> bool {
        match self {
            Self::Everything => true,
            Self::Reads => operation.method == Method::Get && operation.access.scope() != Some(Scope::RolesRead),
            Self::Scope(scope) => operation.access.scope() == Some(scope),
            Self::Operation(id) => operation.id == id,
        }
    }
}

/// What a role may be narrowed to: without targets it reaches all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Nothing: it always reaches all.
    None,
    /// Groups, and the users in them.
    Groups,
    /// Apps.
    Applications,
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal $label:literal $targets:ident [$($grant:expr),* $(,)?];)*) => {
        /// A standard administrator role.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RoleType {
            $($(#[$doc])* $name,)*
        }

        impl RoleType {
            /// Every role, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The type as the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What people call it.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What it may be narrowed to.
            #[must_use]
            pub const fn targets(self) -> Targets {
                match self { $(Self::$name => Targets::$targets,)* }
            }

            /// What it grants.
            #[must_use]
            pub const fn grants(self) -> &'static [Grant] {
                use Grant::{Everything, Operation, Reads, Scope as In};
                match self { $(Self::$name => &[$($grant,)*],)* }
            }

            /// Reads a type as the wire spells it.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

#[rustfmt::skip]
roles! {
    /// May do everything, and alone says who is an administrator.
    SuperAdmin = "SUPER_ADMIN" "Super Administrator" None [Everything];
    /// Runs the org, short of its apps and administrators.
    OrgAdmin = "ORG_ADMIN" "Organizational Administrator" None [
        Reads, In(Scope::UsersManage), In(Scope::GroupsManage), In(Scope::UserTypesManage), In(Scope::SchemasManage),
        In(Scope::LinkedObjectsManage), In(Scope::IdpsManage), In(Scope::InlineHooksManage), In(Scope::SessionsManage),
        In(Scope::PoliciesManage), In(Scope::ApiTokensManage),
    ];
    /// Configures apps and assigns them.
    AppAdmin = "APP_ADMIN" "Application Administrator" Applications [
        In(Scope::UsersRead), In(Scope::GroupsRead), In(Scope::UserTypesRead), In(Scope::SchemasRead), In(Scope::AppsRead),
        In(Scope::AppsManage), In(Scope::LogsRead),
    ];
    /// Creates users and manages those, and the groups.
    UserAdmin = "USER_ADMIN" "Group Administrator" Groups [
        In(Scope::UsersRead), In(Scope::UsersManage), In(Scope::GroupsRead), In(Scope::GroupsManage), In(Scope::UserTypesRead),
        In(Scope::SchemasRead), In(Scope::AppsRead), In(Scope::LogsRead),
    ];
    /// Helps users who cannot sign in.
    HelpDeskAdmin = "HELP_DESK_ADMIN" "Help Desk Administrator" Groups [
        In(Scope::UsersRead), In(Scope::GroupsRead), In(Scope::LogsRead), Operation(Op::UnlockUser),
        Operation(Op::ResetPassword), Operation(Op::ExpirePassword), Operation(Op::ExpirePasswordAndGetTemporaryPassword),
        Operation(Op::ForgotPassword), Operation(Op::ResetFactors), Operation(Op::DeleteFactor),
        Operation(Op::ClearUserSessions),
    ];
    /// Says who is in which group.
    GroupMembershipAdmin = "GROUP_MEMBERSHIP_ADMIN" "Group Membership Administrator" Groups [
        In(Scope::UsersRead), In(Scope::GroupsRead), Operation(Op::AddUserToGroup), Operation(Op::RemoveUserFromGroup),
    ];
    /// Sees everything but the administrators, and changes nothing.
    ReadOnlyAdmin = "READ_ONLY_ADMIN" "Read-only Administrator" None [Reads];
    /// Manages authorization servers, which need users, groups and apps to be seen.
    ApiAccessManagementAdmin = "API_ACCESS_MANAGEMENT_ADMIN" "API Access Management Administrator" None [
        In(Scope::UsersRead), In(Scope::GroupsRead), In(Scope::AppsRead),
    ];
    /// Manages devices, which need users, groups and apps to be seen.
    MobileAdmin = "MOBILE_ADMIN" "Mobile Administrator" None [
        In(Scope::UsersRead), In(Scope::GroupsRead), In(Scope::AppsRead), In(Scope::LogsRead),
    ];
    /// Reads the System Log.
    ReportAdmin = "REPORT_ADMIN" "Report Administrator" None [In(Scope::LogsRead)];
}

/// What everybody may do to themselves, without any role (behaviour.md C.3).
const SELF_SERVICE: &[Op] = &[
    Op::GetUser,
    Op::ListUserGroups,
    Op::ListAppLinks,
    Op::ListUserIdentityProviders,
    Op::ListUserClients,
    Op::GetLinkedObjectsForUser,
    Op::ListFactors,
    Op::GetFactor,
    Op::ListSupportedFactors,
    Op::ListSupportedSecurityQuestions,
    Op::ChangePassword,
    Op::ChangeRecoveryQuestion,
    Op::RevokeCurrentApiToken,
];

impl RoleType {
    /// Whether it lets its holder call this operation, on whatever it reaches.
    #[must_use]
    pub fn allows(self, operation: &Operation) -> bool {
        self.grants().iter().any(|grant| grant.covers(operation))
    }
}

/// Whether everybody may call this operation on themselves.
#[must_use]
pub fn is_self_service(operation: Op) -> bool {
    SELF_SERVICE.contains(&operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::OPERATIONS;

    #[test]
    fn every_role_reads_back_and_grants_something() {
        for role in RoleType::ALL {
            assert_eq!(RoleType::from_text(role.as_str()), Some(*role));
            assert!(OPERATIONS.iter().any(|operation| role.allows(operation)), "{role:?}");
        }
    }

    #[test]
    fn only_a_super_administrator_sees_and_makes_administrators() {
        for operation in OPERATIONS {
            let holders: Vec<_> = RoleType::ALL.iter().filter(|role| role.allows(operation)).collect();
            assert!(holders.contains(&&RoleType::SuperAdmin));
            if matches!(operation.access.scope(), Some(Scope::RolesRead | Scope::RolesManage)) {
                assert_eq!(holders, [&RoleType::SuperAdmin], "{}", operation.name);
            }
        }
    }

    #[test]
    fn who_may_only_read_changes_nothing() {
        for role in [RoleType::ReadOnlyAdmin, RoleType::ReportAdmin, RoleType::MobileAdmin] {
            let changing = OPERATIONS.iter().find(|it| it.method != Method::Get && role.allows(it));
            assert_eq!(changing, None, "{role:?}");
        }
    }
}
