//! TABLE of the System Log event types that Roster writes (behaviour.md G.12).

use crate::operations::OperationId as Op;

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
    /// Too many failed attempts to sign in.
    UserLock = "user.account.lock" "Max sign in attempts exceeded";
    /// A user unlocked themselves, or the policy's time was up.
    UserUnlock = "user.account.unlock" "Unlock user account";
    /// A user asked for a token to unlock themselves.
    UserUnlockToken = "user.account.unlock_token" "Issue account unlock token";
    /// expirePassword, and a sign-in with a password past its age.
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
    /// A factor was activated.
    FactorActivate = "user.mfa.factor.activate" "Activate factor or authenticator enrollment";
    /// A factor was removed: deleteFactor, resetFactors, a user's deactivation.
    FactorDeactivate = "user.mfa.factor.deactivate" "Reset factor or authenticator enrollment";
    /// The enrolment of a factor began, or the factor was changed.
    FactorUpdate = "user.mfa.factor.update" "Update factor or authenticator enrollment";
    /// A factor was verified.
    FactorVerify = "user.authentication.auth_via_mfa" "Authentication of user via MFA";
    /// A passcode was sent by text message.
    FactorSendSms = "system.sms.send_factor_verify_message" "Send factor verification SMS";
    /// A passcode was sent by phone call.
    FactorSendCall = "system.voice.send_mfa_challenge_call" "Send MFA challenge phone call";
    /// A passcode was sent by e-mail.
    FactorSendEmail = "system.email.send_factor_verify_message" "Send factor verification email";
    /// A message could not be delivered by e-mail.
    EmailDelivery = "system.email.delivery" "Email delivery";
    /// A user signed in, or tried to.
    UserSessionStart = "user.session.start" "User login to Okta";
    /// endSession.
    UserSessionEnd = "user.session.end" "User logout from Okta";
    /// The password-import hook was asked.
    UserImportPassword = "user.import.password" "Import user password";
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
    /// assignGroupOwner.
    GroupOwnerAdd = "group.owner.add" "Add owner to group";
    /// deleteGroupOwner, and what ends with the owner.
    GroupOwnerRemove = "group.owner.remove" "Remove owner from group";
    /// createGroupRule.
    GroupRuleCreate = "policy.rule.add" "Add group rule";
    /// deleteGroupRule.
    GroupRuleDelete = "policy.rule.delete" "Delete group rule";
    /// activateGroupRule.
    GroupRuleActivate = "policy.rule.activate" "Activate group rule";
    /// deactivateGroupRule.
    GroupRuleDeactivate = "group.user_membership.rule.deactivated" "Deactivate group rule";
    /// A group that a rule names was deleted, or an attribute.
    GroupRuleInvalidate = "group.user_membership.rule.invalidate" "Group rule was invalidated";
    /// Somebody whom a rule put into a group was taken out of it.
    GroupRuleExclude = "group.user_membership.rule.add_exclusion" "User added to exclusion list for group rule";
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
    /// createInlineHook.
    InlineHookCreate = "inline_hook.created" "Create inline hook";
    /// updateInlineHook.
    InlineHookUpdate = "inline_hook.updated" "Update inline hook";
    /// activateInlineHook.
    InlineHookActivate = "inline_hook.activated" "Activate inline hook";
    /// deactivateInlineHook.
    InlineHookDeactivate = "inline_hook.deactivated" "Deactivate inline hook";
    /// deleteInlineHook.
    InlineHookDelete = "inline_hook.deleted" "Delete inline hook";
    /// updatePolicy.
    PolicyUpdate = "policy.lifecycle.update" "Update policy";
    /// updatePolicyRule.
    PolicyRuleUpdate = "policy.rule.update" "Update policy rule";
    /// createApplication.
    ApplicationCreate = "application.lifecycle.create" "Create application";
    /// updateApplication.
    ApplicationUpdate = "application.lifecycle.update" "Update application";
    /// activateApplication.
    ApplicationActivate = "application.lifecycle.activate" "Activate application";
    /// deactivateApplication.
    ApplicationDeactivate = "application.lifecycle.deactivate" "Deactivate application";
    /// deleteApplication.
    ApplicationDelete = "application.lifecycle.delete" "Delete application";
    /// assignUserToApplication.
    ApplicationMembershipAdd = "application.user_membership.add" "Add user to application membership";
    /// updateApplicationUser.
    ApplicationMembershipUpdate = "application.user_membership.update" "Update user in application membership";
    /// deleteApplicationUser, and what deactivation ends.
    ApplicationMembershipRemove = "application.user_membership.remove" "Remove user's application membership";
    /// createApplicationGroupAssignment.
    GroupApplicationAssignmentAdd = "group.application_assignment.add" "Add assigned application to group";
    /// createApplicationGroupAssignment of a group that is assigned.
    GroupApplicationAssignmentUpdate = "group.application_assignment.update" "Update assigned application of group";
    /// deleteApplicationGroupAssignment.
    GroupApplicationAssignmentRemove = "group.application_assignment.remove" "Remove assigned application from group";
    /// createIdentityProvider.
    IdentityProviderCreate = "system.idp.lifecycle.create" "Create identity provider";
    /// updateIdentityProvider.
    IdentityProviderUpdate = "system.idp.lifecycle.update" "Update identity provider";
    /// activateIdentityProvider.
    IdentityProviderActivate = "system.idp.lifecycle.activate" "Activate identity provider";
    /// deactivateIdentityProvider.
    IdentityProviderDeactivate = "system.idp.lifecycle.deactivate" "Deactivate identity provider";
    /// deleteIdentityProvider.
    IdentityProviderDelete = "system.idp.lifecycle.delete" "Delete identity provider";
    /// A client got a code of the org's authorization server.
    AuthorizeCode = "app.oauth2.authorize.code" "OAuth2 authorization code request";
    /// A client got a code of a custom authorization server.
    CustomAuthorizeCode = "app.oauth2.as.authorize.code" "OAuth2 authorization code request";
    /// An id token of the org's authorization server was issued.
    IdTokenGrant = "app.oauth2.token.grant.id_token" "OIDC id token is granted";
    /// An id token of a custom authorization server was issued.
    AuthorizationServerIdTokenGrant = "app.oauth2.as.token.grant.id_token" "OIDC id token is granted";
    /// A refresh token of the org's authorization server was used again after its leeway.
    TokenReuse = "app.oauth2.token.detect_reuse" "One-time refresh token reused";
    /// A refresh token of a custom authorization server was used again after its leeway.
    CustomTokenReuse = "app.oauth2.as.token.detect_reuse" "One-time refresh token reused";
    /// revokeUserGrant, revokeScopeConsentGrant.
    ConsentRevoke = "app.oauth2.as.consent.revoke" "Revoke consent of user to OAuth2 client";
    /// revokeUserGrants.
    ConsentRevokeUser = "app.oauth2.as.consent.revoke.user" "Revoke all consents of user";
    /// revokeGrantsForUserAndClient.
    ConsentRevokeUserClient = "app.oauth2.as.consent.revoke.user.client" "Revoke all consents of user to OAuth2 client";
    /// The deactivation or deletion of a user takes their grants along.
    ConsentRevokeImplicitUser = "app.oauth2.as.consent.revoke.implicit.user" "Consents revoked as user deactivated";
    /// The deactivation or deletion of an app takes its grants along.
    ConsentRevokeImplicitClient = "app.oauth2.as.consent.revoke.implicit.client" "Consents revoked as OAuth2 client deactivated";
    /// revokeTokenForUserAndClient, of the org's authorization server.
    TokenRevoke = "app.oauth2.token.revoke" "OAuth2 token revocation request";
    /// revokeTokenForUserAndClient, of a custom authorization server.
    CustomTokenRevoke = "app.oauth2.as.token.revoke" "OAuth2 token revocation request";
    /// revokeTokensForUserAndClient; the deactivation or deletion of an app takes its tokens along.
    TokenRevokeImplicitClient = "app.oauth2.token.revoke.implicit.client" "OAuth2 tokens of client revoked";
    /// clearUserSessions with `oauthTokens=true`; the deactivation or deletion of a user takes their tokens along.
    TokenRevokeImplicitUser = "app.oauth2.token.revoke.implicit.user" "OAuth2 tokens of user revoked";
    /// updateGroupSchema.
    GroupSchemaUpdate = "group_schema.lifecycle.update" "Update group schema";
    /// token, of the org's server: an access token.
    AccessTokenGrant = "app.oauth2.token.grant.access_token" "OAuth2 access token is granted";
    /// token, of a custom server: an access token.
    AuthorizationServerAccessTokenGrant = "app.oauth2.as.token.grant.access_token" "OAuth2 access token is granted";
    /// grantConsentToScope, and a user who consents.
    OAuthConsentGrant = "app.oauth2.as.consent.grant" "User has granted consent";
    /// The org's signing key changed.
    OAuthKeyRollover = "app.oauth2.key.rollover" "OAuth2 key rollover";
    /// rotateAuthorizationServerKeys, and what happens by itself four times a year.
    AuthorizationServerKeyRollover = "app.oauth2.as.key.rollover" "OAuth2 authorization server key rollover";
    /// assignRoleToUser, and a target more for a user's role.
    UserPrivilegeGrant = "user.account.privilege.grant" "Grant user privilege";
    /// unassignRoleFromUser, a target less, and what deactivation takes.
    UserPrivilegeRevoke = "user.account.privilege.revoke" "Revoke user privilege";
    /// assignRoleToGroup, and a target more for a group's role.
    GroupPrivilegeGrant = "group.privilege.grant" "Grant group privilege";
    /// unassignRoleFromGroup, and a target less.
    GroupPrivilegeRevoke = "group.privilege.revoke" "Revoke group privilege";
    /// A new API token.
    ApiTokenCreate = "system.api_token.create" "Create API token";
    /// An API token revoked.
    ApiTokenRevoke = "system.api_token.revoke" "Revoke API token";
    /// A new org.
    OrgCreate = "system.org.lifecycle.create" "Create org";
}

/// TABLE: what the operations that change a user are logged as when they are refused (behaviour.md C.0, G.12).
const ATTEMPTS: &[(Op, EventType)] = &[
    (Op::PartialUpdateUser, EventType::UserUpdateProfile),
    (Op::UpdateUser, EventType::UserUpdateProfile),
    (Op::DeactivateOrDeleteUser, EventType::UserDeactivate),
    (Op::ActivateUser, EventType::UserActivate),
    (Op::ReactivateUser, EventType::UserReactivate),
    (Op::DeactivateUser, EventType::UserDeactivate),
    (Op::SuspendUser, EventType::UserSuspend),
    (Op::UnsuspendUser, EventType::UserUnsuspend),
    (Op::UnlockUser, EventType::UserUnlockByAdmin),
    (Op::ExpirePassword, EventType::UserExpirePassword),
    (Op::ExpirePasswordAndGetTemporaryPassword, EventType::UserExpirePassword),
    (Op::ResetPassword, EventType::UserResetPassword),
    (Op::ResetFactors, EventType::UserResetFactors),
    (Op::ChangePassword, EventType::UserUpdatePassword),
    (Op::ChangeRecoveryQuestion, EventType::UserUpdateProfile),
    (Op::ForgotPassword, EventType::UserResetPassword),
    (Op::ForgotPasswordSetNewPassword, EventType::UserUpdatePassword),
    (Op::ClearUserSessions, EventType::UserSessionClear),
    (Op::RemoveLinkedObjectForUser, EventType::UserUpdateProfile),
    (Op::SetLinkedObjectForUser, EventType::UserUpdateProfile),
    (Op::AssignRoleToUser, EventType::UserPrivilegeGrant),
    (Op::UnassignRoleFromUser, EventType::UserPrivilegeRevoke),
];

impl EventType {
    /// The event that a refused operation leaves, if it leaves one.
    #[must_use]
    pub fn attempted(operation: Op) -> Option<Self> {
        ATTEMPTS.iter().find(|(known, _)| *known == operation).map(|(_, event)| *event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_tried_on_a_user_changes_them_and_names_them_first() {
        for (operation, _) in ATTEMPTS {
            let operation = operation.operation();
            let named = ["/api/v1/users/{userId}", "/api/v1/users/{associatedUserId}"];
            assert!(named.iter().any(|path| operation.path.starts_with(path)), "{}", operation.name);
            assert_ne!(operation.method, crate::operations::Method::Get, "{}", operation.name);
        }
    }

    #[test]
    fn every_event_type_reads_back() {
        for event in EventType::ALL {
            assert_eq!(EventType::from_text(event.as_str()), Some(*event));
        }
    }
}
