//! TABLE of the System Log event types that Roster writes (behaviour.md G.12).

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal $message:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType {
            $($(#[$doc])* $name,)*
        }

        impl EventType {
            /// Every event type, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The event type as the log spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The `displayMessage` of such an event.
            #[must_use]
            pub const fn display_message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }

            /// Reads an event type as the log spells it.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

event_types! {
    /// createUser.
    UserCreate = "user.lifecycle.create" "Create okta user";
    /// activateUser, and createUser with `activate=true`.
    UserActivate = "user.lifecycle.activate" "Activate Okta user";
    /// reactivateUser.
    UserReactivate = "user.lifecycle.reactivate" "Reactivate Okta user";
    /// deactivateUser, and the first half of deactivateOrDeleteUser.
    UserDeactivate = "user.lifecycle.deactivate" "Deactivate Okta user";
    /// The erasing half of deactivateOrDeleteUser begins.
    UserDeleteInitiated = "user.lifecycle.delete.initiated" "Delete Okta user initiated";
    /// The erasing half of deactivateOrDeleteUser is done.
    UserDeleteCompleted = "user.lifecycle.delete.completed" "Delete Okta user completed";
    /// suspendUser.
    UserSuspend = "user.lifecycle.suspend" "Suspend Okta user";
    /// unsuspendUser.
    UserUnsuspend = "user.lifecycle.unsuspend" "Unsuspend Okta user";
    /// unlockUser.
    UserUnlockByAdmin = "user.account.unlock_by_admin" "Unlock user account by admin";
    /// expirePassword.
    UserExpirePassword = "user.account.expire_password" "Expire user password";
    /// resetPassword, forgotPassword, a temporary password.
    UserResetPassword = "user.account.reset_password" "Fired when the user's Okta password is reset";
    /// changePassword, forgotPasswordSetNewPassword, a password set by an administrator.
    UserUpdatePassword = "user.account.update_password" "User update password for Okta";
    /// A profile or the recovery question changed.
    UserUpdateProfile = "user.account.update_profile" "Update user profile for Okta";
    /// A user moved to another user type.
    UserUpdateType = "user.account.update_user_type" "Update user type";
    /// resetFactors.
    UserResetFactors = "user.mfa.factor.reset_all" "Reset all factors for user";
    /// clearUserSessions, and what deactivation ends.
    UserSessionClear = "user.session.clear" "Clear user session";
    /// createGroup.
    GroupCreate = "group.lifecycle.create" "Create Okta group";
    /// updateGroup.
    GroupUpdate = "group.profile.update" "Update Okta group profile";
    /// deleteGroup.
    GroupDelete = "group.lifecycle.delete" "Delete Okta group";
    /// addUserToGroup, and `groupIds` of createUser.
    GroupMembershipAdd = "group.user_membership.add" "Add user to group membership";
    /// removeUserFromGroup.
    GroupMembershipRemove = "group.user_membership.remove" "Remove user from group membership";
    /// createUserType.
    UserTypeCreate = "user_type.lifecycle.create" "Create user type";
    /// updateUserType, replaceUserType.
    UserTypeUpdate = "user_type.lifecycle.update" "Update user type";
    /// deleteUserType.
    UserTypeDelete = "user_type.lifecycle.delete" "Delete user type";
    /// updateUserProfile (the schema).
    UserSchemaUpdate = "user_schema.lifecycle.update" "Update user schema";
    /// addLinkedObjectDefinition.
    LinkedObjectCreate = "directory.linked_object.create" "Create linked object definition";
    /// deleteLinkedObjectDefinition.
    LinkedObjectDelete = "directory.linked_object.delete" "Delete linked object definition";
    /// updatePolicy.
    PolicyUpdate = "policy.lifecycle.update" "Update policy";
    /// updatePolicyRule.
    PolicyRuleUpdate = "policy.rule.update" "Update policy rule";
    /// A new API token.
    ApiTokenCreate = "system.api_token.create" "Create API token";
    /// An API token revoked.
    ApiTokenRevoke = "system.api_token.revoke" "Revoke API token";
    /// A new org.
    OrgCreate = "system.org.lifecycle.create" "Create org";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_reads_back() {
        for event in EventType::ALL {
            assert_eq!(EventType::from_text(event.as_str()), Some(*event));
        }
    }
}
