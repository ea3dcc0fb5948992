//! TABLE of every API operation: the router, authentication, rate limits, the reference in `docs/` and the tests read it.
//!
//! Names and paths are the API reference's; the 38 operations of the founding document come first and in its order.

use crate::rate_limit::Bucket;
use crate::scope::Scope;

/// An HTTP method that some operation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// As the request line spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Whoever has an API token, or an OAuth access token with this scope.
    Token(Scope),
    /// Anyone. A token that comes along must be good: it makes the caller a trusted application (behaviour.md G.1).
    Anyone,
    /// Anyone. An `Authorization` header is an OAuth client's, for the operation itself to read.
    Client,
}

impl Access {
    /// The scope that an access token needs; none where anyone may call.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Token(scope) => Some(scope),
            Self::Anyone | Self::Client => None,
        }
    }
}

/// [`Access`] as the table writes it: a scope, `Anyone` or `Client`.
macro_rules! access {
    (Anyone) => {
        Access::Anyone
    };
    (Client) => {
        Access::Client
    };
    ($scope:ident) => {
        Access::Token(Scope::$scope)
    };
}

macro_rules! operations {
    ($($name:ident $id:literal $method:ident $path:literal $access:ident $bucket:ident;)*) => {
        /// The operations, by the names the API reference gives them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OperationId {
            $(#[doc = concat!("`", $id, "`: ", $path)] $name,)*
        }

        /// Every operation, once.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            id: OperationId::$name,
            name: $id,
            method: Method::$method,
            path: $path,
            access: access!($access),
            bucket: Bucket::$bucket,
        },)*];

        impl OperationId {
            /// The row of this operation.
            #[must_use]
            pub const fn operation(self) -> &'static Operation {
                match self {
                    $(Self::$name => &Operation {
                        id: OperationId::$name,
                        name: $id,
                        method: Method::$method,
                        path: $path,
                        access: access!($access),
                        bucket: Bucket::$bucket,
                    },)*
                }
            }
        }
    };
}

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its identity in the program.
    pub id: OperationId,
    /// Its `operationId` in the API reference.
    pub name: &'static str,
    /// Its HTTP method.
    pub method: Method,
    /// Its path; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who may call it. API tokens carry every scope.
    pub access: Access,
    /// The rate-limit bucket it draws from.
    pub bucket: Bucket,
}

#[rustfmt::skip]
operations! {
    // Users
    ListUsers "listUsers" Get "/api/v1/users" UsersRead Users;
    CreateUser "createUser" Post "/api/v1/users" UsersManage Users;
    GetUser "getUser" Get "/api/v1/users/{userId}" UsersRead UserRead;
    PartialUpdateUser "partialUpdateUser" Post "/api/v1/users/{userId}" UsersManage UserWrite;
    UpdateUser "updateUser" Put "/api/v1/users/{userId}" UsersManage UserWrite;
    DeactivateOrDeleteUser "deactivateOrDeleteUser" Delete "/api/v1/users/{userId}" UsersManage UserWrite;
    ActivateUser "activateUser" Post "/api/v1/users/{userId}/lifecycle/activate" UsersManage UserChildren;
    ReactivateUser "reactivateUser" Post "/api/v1/users/{userId}/lifecycle/reactivate" UsersManage UserChildren;
    DeactivateUser "deactivateUser" Post "/api/v1/users/{userId}/lifecycle/deactivate" UsersManage UserChildren;
    SuspendUser "suspendUser" Post "/api/v1/users/{userId}/lifecycle/suspend" UsersManage UserChildren;
    UnsuspendUser "unsuspendUser" Post "/api/v1/users/{userId}/lifecycle/unsuspend" UsersManage UserChildren;
    UnlockUser "unlockUser" Post "/api/v1/users/{userId}/lifecycle/unlock" UsersManage UserChildren;
    ExpirePassword "expirePassword" Post "/api/v1/users/{userId}/lifecycle/expire_password" UsersManage UserChildren;
    ExpirePasswordAndGetTemporaryPassword "expirePasswordAndGetTemporaryPassword" Post "/api/v1/users/{userId}/lifecycle/expire_password_with_temp_password" UsersManage UserChildren;
    ResetPassword "resetPassword" Post "/api/v1/users/{userId}/lifecycle/reset_password" UsersManage UserChildren;
    ResetFactors "resetFactors" Post "/api/v1/users/{userId}/lifecycle/reset_factors" UsersManage UserChildren;
    ChangePassword "changePassword" Post "/api/v1/users/{userId}/credentials/change_password" UsersManage UserChildren;
    ChangeRecoveryQuestion "changeRecoveryQuestion" Post "/api/v1/users/{userId}/credentials/change_recovery_question" UsersManage UserChildren;
    ForgotPassword "forgotPassword" Post "/api/v1/users/{userId}/credentials/forgot_password" UsersManage UserChildren;
    ForgotPasswordSetNewPassword "forgotPasswordSetNewPassword" Post "/api/v1/users/{userId}/credentials/forgot_password_recovery_question" UsersManage UserChildren;
    ClearUserSessions "clearUserSessions" Delete "/api/v1/users/{userId}/sessions" UsersManage UserChildren;
    ListUserGroups "listUserGroups" Get "/api/v1/users/{userId}/groups" UsersRead UserChildren;
    ListUserIdentityProviders "listUserIdentityProviders" Get "/api/v1/users/{userId}/idps" UsersRead UserChildren;
    ListAppLinks "listAppLinks" Get "/api/v1/users/{userId}/appLinks" UsersRead UserChildren;
    ListUserClients "listUserClients" Get "/api/v1/users/{userId}/clients" UsersRead UserChildren;
    ListUserGrants "listUserGrants" Get "/api/v1/users/{userId}/grants" UsersRead UserChildren;
    GetUserGrant "getUserGrant" Get "/api/v1/users/{userId}/grants/{grantId}" UsersRead UserChildren;
    RevokeUserGrant "revokeUserGrant" Delete "/api/v1/users/{userId}/grants/{grantId}" UsersManage UserChildren;
    RevokeUserGrants "revokeUserGrants" Delete "/api/v1/users/{userId}/grants" UsersManage UserChildren;
    ListGrantsForUserAndClient "listGrantsForUserAndClient" Get "/api/v1/users/{userId}/clients/{clientId}/grants" UsersRead UserChildren;
    RevokeGrantsForUserAndClient "revokeGrantsForUserAndClient" Delete "/api/v1/users/{userId}/clients/{clientId}/grants" UsersManage UserChildren;
    ListRefreshTokensForUserAndClient "listRefreshTokensForUserAndClient" Get "/api/v1/users/{userId}/clients/{clientId}/tokens" UsersRead UserChildren;
    GetRefreshTokenForUserAndClient "getRefreshTokenForUserAndClient" Get "/api/v1/users/{userId}/clients/{clientId}/tokens/{tokenId}" UsersRead UserChildren;
    RevokeTokenForUserAndClient "revokeTokenForUserAndClient" Delete "/api/v1/users/{userId}/clients/{clientId}/tokens/{tokenId}" UsersManage UserChildren;
    RevokeTokensForUserAndClient "revokeTokensForUserAndClient" Delete "/api/v1/users/{userId}/clients/{clientId}/tokens" UsersManage UserChildren;
    GetLinkedObjectsForUser "getLinkedObjectsForUser" Get "/api/v1/users/{userId}/linkedObjects/{relationshipName}" UsersRead UserChildren;
    RemoveLinkedObjectForUser "removeLinkedObjectForUser" Delete "/api/v1/users/{userId}/linkedObjects/{relationshipName}" UsersManage UserChildren;
    SetLinkedObjectForUser "setLinkedObjectForUser" Put "/api/v1/users/{associatedUserId}/linkedObjects/{primaryRelationshipName}/{primaryUserId}" UsersManage UserChildren;
    // Factors
    ListFactors "listFactors" Get "/api/v1/users/{userId}/factors" UsersRead UserChildren;
    EnrollFactor "enrollFactor" Post "/api/v1/users/{userId}/factors" UsersManage UserChildren;
    ListSupportedFactors "listSupportedFactors" Get "/api/v1/users/{userId}/factors/catalog" UsersRead UserChildren;
    ListSupportedSecurityQuestions "listSupportedSecurityQuestions" Get "/api/v1/users/{userId}/factors/questions" UsersRead UserChildren;
    GetFactor "getFactor" Get "/api/v1/users/{userId}/factors/{factorId}" UsersRead UserChildren;
    UpdateFactor "updateFactor" Put "/api/v1/users/{userId}/factors/{factorId}" UsersManage UserChildren;
    DeleteFactor "deleteFactor" Delete "/api/v1/users/{userId}/factors/{factorId}" UsersManage UserChildren;
    ActivateFactor "activateFactor" Post "/api/v1/users/{userId}/factors/{factorId}/lifecycle/activate" UsersManage UserChildren;
    VerifyFactor "verifyFactor" Post "/api/v1/users/{userId}/factors/{factorId}/verify" UsersManage UserChildren;
    ResendEnrollFactor "resendEnrollFactor" Post "/api/v1/users/{userId}/factors/{factorId}/resend" UsersManage UserChildren;
    GetFactorQrCode "getFactorQrCode" Get "/api/v1/users/{userId}/factors/{factorId}/qr/{token}" Anyone UserChildren;
    // Groups
    ListGroups "listGroups" Get "/api/v1/groups" GroupsRead Groups;
    CreateGroup "createGroup" Post "/api/v1/groups" GroupsManage Groups;
    GetGroup "getGroup" Get "/api/v1/groups/{groupId}" GroupsRead Groups;
    UpdateGroup "updateGroup" Put "/api/v1/groups/{groupId}" GroupsManage Groups;
    DeleteGroup "deleteGroup" Delete "/api/v1/groups/{groupId}" GroupsManage Groups;
    ListGroupUsers "listGroupUsers" Get "/api/v1/groups/{groupId}/users" GroupsRead Groups;
    AddUserToGroup "addUserToGroup" Put "/api/v1/groups/{groupId}/users/{userId}" GroupsManage Groups;
    RemoveUserFromGroup "removeUserFromGroup" Delete "/api/v1/groups/{groupId}/users/{userId}" GroupsManage Groups;
    ListAssignedApplicationsForGroup "listAssignedApplicationsForGroup" Get "/api/v1/groups/{groupId}/apps" GroupsRead Groups;
    ListGroupOwners "listGroupOwners" Get "/api/v1/groups/{groupId}/owners" GroupsRead Groups;
    AssignGroupOwner "assignGroupOwner" Post "/api/v1/groups/{groupId}/owners" GroupsManage Groups;
    DeleteGroupOwner "deleteGroupOwner" Delete "/api/v1/groups/{groupId}/owners/{ownerId}" GroupsManage Groups;
    // Group rules
    ListGroupRules "listGroupRules" Get "/api/v1/groups/rules" GroupsRead Groups;
    CreateGroupRule "createGroupRule" Post "/api/v1/groups/rules" GroupsManage Groups;
    GetGroupRule "getGroupRule" Get "/api/v1/groups/rules/{groupRuleId}" GroupsRead Groups;
    UpdateGroupRule "updateGroupRule" Put "/api/v1/groups/rules/{groupRuleId}" GroupsManage Groups;
    DeleteGroupRule "deleteGroupRule" Delete "/api/v1/groups/rules/{groupRuleId}" GroupsManage Groups;
    ActivateGroupRule "activateGroupRule" Post "/api/v1/groups/rules/{groupRuleId}/lifecycle/activate" GroupsManage Groups;
    DeactivateGroupRule "deactivateGroupRule" Post "/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate" GroupsManage Groups;
    // User types and schemas
    ListUserTypes "listUserTypes" Get "/api/v1/meta/types/user" UserTypesRead Other;
    CreateUserType "createUserType" Post "/api/v1/meta/types/user" UserTypesManage Other;
    GetUserType "getUserType" Get "/api/v1/meta/types/user/{typeId}" UserTypesRead Other;
    UpdateUserType "updateUserType" Post "/api/v1/meta/types/user/{typeId}" UserTypesManage Other;
    ReplaceUserType "replaceUserType" Put "/api/v1/meta/types/user/{typeId}" UserTypesManage Other;
    DeleteUserType "deleteUserType" Delete "/api/v1/meta/types/user/{typeId}" UserTypesManage Other;
    GetUserSchema "getUserSchema" Get "/api/v1/meta/schemas/user/{schemaId}" SchemasRead Other;
    UpdateUserProfile "updateUserProfile" Post "/api/v1/meta/schemas/user/{schemaId}" SchemasManage Other;
    GetGroupSchema "getGroupSchema" Get "/api/v1/meta/schemas/group/default" SchemasRead Other;
    UpdateGroupSchema "updateGroupSchema" Post "/api/v1/meta/schemas/group/default" SchemasManage Other;
    // Linked-object definitions
    ListLinkedObjectDefinitions "listLinkedObjectDefinitions" Get "/api/v1/meta/schemas/user/linkedObjects" LinkedObjectsRead Other;
    AddLinkedObjectDefinition "addLinkedObjectDefinition" Post "/api/v1/meta/schemas/user/linkedObjects" LinkedObjectsManage Other;
    GetLinkedObjectDefinition "getLinkedObjectDefinition" Get "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}" LinkedObjectsRead Other;
    DeleteLinkedObjectDefinition "deleteLinkedObjectDefinition" Delete "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}" LinkedObjectsManage Other;
    // Signing in
    Authn "authn" Post "/api/v1/authn" Anyone Authn;
    AuthnChangePassword "authnChangePassword" Post "/api/v1/authn/credentials/change_password" Anyone Authn;
    AuthnResetPassword "authnResetPassword" Post "/api/v1/authn/credentials/reset_password" Anyone Authn;
    AuthnForgotPassword "authnForgotPassword" Post "/api/v1/authn/recovery/password" Anyone Authn;
    AuthnUnlockAccount "authnUnlockAccount" Post "/api/v1/authn/recovery/unlock" Anyone Authn;
    AuthnVerifyRecoveryFactor "authnVerifyRecoveryFactor" Post "/api/v1/authn/recovery/factors/{factorType}/verify" Anyone Authn;
    AuthnResendRecoveryFactor "authnResendRecoveryFactor" Post "/api/v1/authn/recovery/factors/{factorType}/resend" Anyone Authn;
    AuthnVerifyRecoveryToken "authnVerifyRecoveryToken" Post "/api/v1/authn/recovery/token" Anyone Authn;
    AuthnAnswerRecoveryQuestion "authnAnswerRecoveryQuestion" Post "/api/v1/authn/recovery/answer" Anyone Authn;
    AuthnEnrollFactor "authnEnrollFactor" Post "/api/v1/authn/factors" Anyone Authn;
    AuthnActivateFactor "authnActivateFactor" Post "/api/v1/authn/factors/{factorId}/lifecycle/activate" Anyone Authn;
    AuthnResendEnrollFactor "authnResendEnrollFactor" Post "/api/v1/authn/factors/{factorId}/lifecycle/resend" Anyone Authn;
    AuthnVerifyFactor "authnVerifyFactor" Post "/api/v1/authn/factors/{factorId}/verify" Anyone Authn;
    AuthnResendFactorChallenge "authnResendFactorChallenge" Post "/api/v1/authn/factors/{factorId}/verify/resend" Anyone Authn;
    AuthnPrevious "authnPrevious" Post "/api/v1/authn/previous" Anyone Authn;
    AuthnSkip "authnSkip" Post "/api/v1/authn/skip" Anyone Authn;
    AuthnCancel "authnCancel" Post "/api/v1/authn/cancel" Anyone Authn;
    // Sessions
    CreateSession "createSession" Post "/api/v1/sessions" Anyone Sessions;
    GetCurrentSession "getCurrentSession" Get "/api/v1/sessions/me" Anyone Sessions;
    CloseCurrentSession "closeCurrentSession" Delete "/api/v1/sessions/me" Anyone Sessions;
    RefreshCurrentSession "refreshCurrentSession" Post "/api/v1/sessions/me/lifecycle/refresh" Anyone Sessions;
    GetSession "getSession" Get "/api/v1/sessions/{sessionId}" SessionsRead Sessions;
    EndSession "endSession" Delete "/api/v1/sessions/{sessionId}" SessionsManage Sessions;
    RefreshSession "refreshSession" Post "/api/v1/sessions/{sessionId}/lifecycle/refresh" SessionsManage Sessions;
    SessionCookieRedirect "sessionCookieRedirect" Get "/login/sessionCookieRedirect" Anyone Sessions;
    // Inline hooks
    ListInlineHooks "listInlineHooks" Get "/api/v1/inlineHooks" InlineHooksRead Other;
    CreateInlineHook "createInlineHook" Post "/api/v1/inlineHooks" InlineHooksManage Other;
    GetInlineHook "getInlineHook" Get "/api/v1/inlineHooks/{inlineHookId}" InlineHooksRead Other;
    UpdateInlineHook "updateInlineHook" Put "/api/v1/inlineHooks/{inlineHookId}" InlineHooksManage Other;
    DeleteInlineHook "deleteInlineHook" Delete "/api/v1/inlineHooks/{inlineHookId}" InlineHooksManage Other;
    ActivateInlineHook "activateInlineHook" Post "/api/v1/inlineHooks/{inlineHookId}/lifecycle/activate" InlineHooksManage Other;
    DeactivateInlineHook "deactivateInlineHook" Post "/api/v1/inlineHooks/{inlineHookId}/lifecycle/deactivate" InlineHooksManage Other;
    // Policies
    ListPolicies "listPolicies" Get "/api/v1/policies" PoliciesRead Other;
    GetPolicy "getPolicy" Get "/api/v1/policies/{policyId}" PoliciesRead Other;
    UpdatePolicy "updatePolicy" Put "/api/v1/policies/{policyId}" PoliciesManage Other;
    ListPolicyRules "listPolicyRules" Get "/api/v1/policies/{policyId}/rules" PoliciesRead Other;
    GetPolicyRule "getPolicyRule" Get "/api/v1/policies/{policyId}/rules/{ruleId}" PoliciesRead Other;
    UpdatePolicyRule "updatePolicyRule" Put "/api/v1/policies/{policyId}/rules/{ruleId}" PoliciesManage Other;
    // Apps
    ListApplications "listApplications" Get "/api/v1/apps" AppsRead Apps;
    CreateApplication "createApplication" Post "/api/v1/apps" AppsManage Apps;
    GetApplication "getApplication" Get "/api/v1/apps/{appId}" AppsRead App;
    UpdateApplication "updateApplication" Put "/api/v1/apps/{appId}" AppsManage App;
    DeleteApplication "deleteApplication" Delete "/api/v1/apps/{appId}" AppsManage App;
    ActivateApplication "activateApplication" Post "/api/v1/apps/{appId}/lifecycle/activate" AppsManage Apps;
    DeactivateApplication "deactivateApplication" Post "/api/v1/apps/{appId}/lifecycle/deactivate" AppsManage Apps;
    ListApplicationUsers "listApplicationUsers" Get "/api/v1/apps/{appId}/users" AppsRead Apps;
    AssignUserToApplication "assignUserToApplication" Post "/api/v1/apps/{appId}/users" AppsManage Apps;
    GetApplicationUser "getApplicationUser" Get "/api/v1/apps/{appId}/users/{userId}" AppsRead Apps;
    UpdateApplicationUser "updateApplicationUser" Post "/api/v1/apps/{appId}/users/{userId}" AppsManage Apps;
    DeleteApplicationUser "deleteApplicationUser" Delete "/api/v1/apps/{appId}/users/{userId}" AppsManage Apps;
    ListApplicationGroupAssignments "listApplicationGroupAssignments" Get "/api/v1/apps/{appId}/groups" AppsRead Apps;
    GetApplicationGroupAssignment "getApplicationGroupAssignment" Get "/api/v1/apps/{appId}/groups/{groupId}" AppsRead Apps;
    CreateApplicationGroupAssignment "createApplicationGroupAssignment" Put "/api/v1/apps/{appId}/groups/{groupId}" AppsManage Apps;
    DeleteApplicationGroupAssignment "deleteApplicationGroupAssignment" Delete "/api/v1/apps/{appId}/groups/{groupId}" AppsManage Apps;
    ListScopeConsentGrants "listScopeConsentGrants" Get "/api/v1/apps/{appId}/grants" AppGrantsRead Apps;
    GrantConsentToScope "grantConsentToScope" Post "/api/v1/apps/{appId}/grants" AppGrantsManage Apps;
    GetScopeConsentGrant "getScopeConsentGrant" Get "/api/v1/apps/{appId}/grants/{grantId}" AppGrantsRead Apps;
    RevokeScopeConsentGrant "revokeScopeConsentGrant" Delete "/api/v1/apps/{appId}/grants/{grantId}" AppGrantsManage Apps;
    ListOAuth2TokensForApplication "listOAuth2TokensForApplication" Get "/api/v1/apps/{appId}/tokens" AppsRead Apps;
    RevokeOAuth2TokensForApplication "revokeOAuth2TokensForApplication" Delete "/api/v1/apps/{appId}/tokens" AppsManage Apps;
    GetOAuth2TokenForApplication "getOAuth2TokenForApplication" Get "/api/v1/apps/{appId}/tokens/{tokenId}" AppsRead Apps;
    RevokeOAuth2TokenForApplication "revokeOAuth2TokenForApplication" Delete "/api/v1/apps/{appId}/tokens/{tokenId}" AppsManage Apps;
    // Identity providers
    ListIdentityProviders "listIdentityProviders" Get "/api/v1/idps" IdpsRead Other;
    CreateIdentityProvider "createIdentityProvider" Post "/api/v1/idps" IdpsManage Other;
    GetIdentityProvider "getIdentityProvider" Get "/api/v1/idps/{idpId}" IdpsRead Other;
    UpdateIdentityProvider "updateIdentityProvider" Put "/api/v1/idps/{idpId}" IdpsManage Other;
    DeleteIdentityProvider "deleteIdentityProvider" Delete "/api/v1/idps/{idpId}" IdpsManage Other;
    ActivateIdentityProvider "activateIdentityProvider" Post "/api/v1/idps/{idpId}/lifecycle/activate" IdpsManage Other;
    DeactivateIdentityProvider "deactivateIdentityProvider" Post "/api/v1/idps/{idpId}/lifecycle/deactivate" IdpsManage Other;
    ListIdentityProviderApplicationUsers "listIdentityProviderApplicationUsers" Get "/api/v1/idps/{idpId}/users" IdpsRead Other;
    GetIdentityProviderApplicationUser "getIdentityProviderApplicationUser" Get "/api/v1/idps/{idpId}/users/{userId}" IdpsRead Other;
    LinkUserToIdentityProvider "linkUserToIdentityProvider" Post "/api/v1/idps/{idpId}/users/{userId}" UsersManage Other;
    UnlinkUserFromIdentityProvider "unlinkUserFromIdentityProvider" Delete "/api/v1/idps/{idpId}/users/{userId}" IdpsManage Other;
    ListSocialAuthTokens "listSocialAuthTokens" Get "/api/v1/idps/{idpId}/users/{userId}/credentials/tokens" IdpsRead Other;
    // Authorization servers
    Token "token" Post "/oauth2/v1/token" Client Oauth;
    TokenCustomAs "tokenCustomAS" Post "/oauth2/{authorizationServerId}/v1/token" Client Oauth;
    Userinfo "userinfo" Get "/oauth2/v1/userinfo" Client Oauth;
    UserinfoByPost "userinfoByPost" Post "/oauth2/v1/userinfo" Client Oauth;
    UserinfoCustomAs "userinfoCustomAS" Get "/oauth2/{authorizationServerId}/v1/userinfo" Client Oauth;
    UserinfoCustomAsByPost "userinfoCustomASByPost" Post "/oauth2/{authorizationServerId}/v1/userinfo" Client Oauth;
    Introspect "introspect" Post "/oauth2/v1/introspect" Client Oauth;
    IntrospectCustomAs "introspectCustomAS" Post "/oauth2/{authorizationServerId}/v1/introspect" Client Oauth;
    Revoke "revoke" Post "/oauth2/v1/revoke" Client Oauth;
    RevokeCustomAs "revokeCustomAS" Post "/oauth2/{authorizationServerId}/v1/revoke" Client Oauth;
    GetWellKnownOpenIdConfiguration "getWellKnownOpenIDConfiguration" Get "/.well-known/openid-configuration" Client Oauth;
    GetWellKnownOpenIdConfigurationCustomAs "getWellKnownOpenIDConfigurationCustomAS" Get "/oauth2/{authorizationServerId}/.well-known/openid-configuration" Client Oauth;
    GetWellKnownOauthConfiguration "getWellKnownOAuthConfiguration" Get "/.well-known/oauth-authorization-server" Client Oauth;
    GetWellKnownOauthConfigurationCustomAs "getWellKnownOAuthConfigurationCustomAS" Get "/oauth2/{authorizationServerId}/.well-known/oauth-authorization-server" Client Oauth;
    OauthKeys "oauthKeys" Get "/oauth2/v1/keys" Client Oauth;
    OauthKeysCustomAs "oauthKeysCustomAS" Get "/oauth2/{authorizationServerId}/v1/keys" Client Oauth;
    // Administrators' roles
    ListAssignedRolesForUser "listAssignedRolesForUser" Get "/api/v1/users/{userId}/roles" RolesRead UserChildren;
    AssignRoleToUser "assignRoleToUser" Post "/api/v1/users/{userId}/roles" RolesManage UserChildren;
    GetUserAssignedRole "getUserAssignedRole" Get "/api/v1/users/{userId}/roles/{roleId}" RolesRead UserChildren;
    UnassignRoleFromUser "unassignRoleFromUser" Delete "/api/v1/users/{userId}/roles/{roleId}" RolesManage UserChildren;
    ListGroupTargetsForRole "listGroupTargetsForRole" Get "/api/v1/users/{userId}/roles/{roleId}/targets/groups" RolesRead UserChildren;
    AssignGroupTargetToUserRole "assignGroupTargetToUserRole" Put "/api/v1/users/{userId}/roles/{roleId}/targets/groups/{targetGroupId}" RolesManage UserChildren;
    UnassignGroupTargetFromUserAdminRole "unassignGroupTargetFromUserAdminRole" Delete "/api/v1/users/{userId}/roles/{roleId}/targets/groups/{targetGroupId}" RolesManage UserChildren;
    ListApplicationTargetsForApplicationAdministratorRoleForUser "listApplicationTargetsForApplicationAdministratorRoleForUser" Get "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps" RolesRead UserChildren;
    AssignAllAppsAsTargetToRoleForUser "assignAllAppsAsTargetToRoleForUser" Put "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps" RolesManage UserChildren;
    AssignAppTargetToAdminRoleForUser "assignAppTargetToAdminRoleForUser" Put "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps/{appName}" RolesManage UserChildren;
    UnassignAppTargetFromAppAdminRoleForUser "unassignAppTargetFromAppAdminRoleForUser" Delete "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps/{appName}" RolesManage UserChildren;
    AssignAppInstanceTargetToAppAdminRoleForUser "assignAppInstanceTargetToAppAdminRoleForUser" Put "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps/{appName}/{targetAppId}" RolesManage UserChildren;
    UnassignAppInstanceTargetFromAdminRoleForUser "unassignAppInstanceTargetFromAdminRoleForUser" Delete "/api/v1/users/{userId}/roles/{roleId}/targets/catalog/apps/{appName}/{targetAppId}" RolesManage UserChildren;
    ListGroupAssignedRoles "listGroupAssignedRoles" Get "/api/v1/groups/{groupId}/roles" RolesRead Groups;
    AssignRoleToGroup "assignRoleToGroup" Post "/api/v1/groups/{groupId}/roles" RolesManage Groups;
    GetGroupAssignedRole "getGroupAssignedRole" Get "/api/v1/groups/{groupId}/roles/{groupRoleId}" RolesRead Groups;
    UnassignRoleFromGroup "unassignRoleFromGroup" Delete "/api/v1/groups/{groupId}/roles/{groupRoleId}" RolesManage Groups;
    ListGroupTargetsForGroupRole "listGroupTargetsForGroupRole" Get "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/groups" RolesRead Groups;
    AssignGroupTargetToGroupAdminRole "assignGroupTargetToGroupAdminRole" Put "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/groups/{targetGroupId}" RolesManage Groups;
    UnassignGroupTargetFromGroupAdminRole "unassignGroupTargetFromGroupAdminRole" Delete "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/groups/{targetGroupId}" RolesManage Groups;
    ListApplicationTargetsForApplicationAdministratorRoleForGroup "listApplicationTargetsForApplicationAdministratorRoleForGroup" Get "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/catalog/apps" RolesRead Groups;
    AssignAppTargetToAdminRoleForGroup "assignAppTargetToAdminRoleForGroup" Put "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/catalog/apps/{appName}" RolesManage Groups;
    UnassignAppTargetToAdminRoleForGroup "unassignAppTargetToAdminRoleForGroup" Delete "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/catalog/apps/{appName}" RolesManage Groups;
    AssignAppInstanceTargetToAppAdminRoleForGroup "assignAppInstanceTargetToAppAdminRoleForGroup" Put "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/catalog/apps/{appName}/{targetAppId}" RolesManage Groups;
    UnassignAppInstanceTargetToAppAdminRoleForGroup "unassignAppInstanceTargetToAppAdminRoleForGroup" Delete "/api/v1/groups/{groupId}/roles/{groupRoleId}/targets/catalog/apps/{appName}/{targetAppId}" RolesManage Groups;
    // API tokens
    ListApiTokens "listApiTokens" Get "/api/v1/api-tokens" ApiTokensRead Other;
    CreateApiToken "createApiToken" Post "/api/v1/api-tokens" ApiTokensManage Other;
    GetApiToken "getApiToken" Get "/api/v1/api-tokens/{apiTokenId}" ApiTokensRead Other;
    RevokeCurrentApiToken "revokeCurrentApiToken" Delete "/api/v1/api-tokens/current" ApiTokensManage Other;
    RevokeApiToken "revokeApiToken" Delete "/api/v1/api-tokens/{apiTokenId}" ApiTokensManage Other;
    // System Log
    GetLogs "getLogs" Get "/api/v1/logs" LogsRead Logs;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_operations_share_a_name_or_a_route() {
        for (index, operation) in OPERATIONS.iter().enumerate() {
            let same = |other: &&Operation| {
                other.name == operation.name || (other.method, other.path) == (operation.method, operation.path)
            };
            assert_eq!(OPERATIONS.iter().filter(same).count(), 1, "{}", operation.name);
            assert_eq!(OPERATIONS.get(index), Some(operation.id.operation()));
        }
    }

    #[test]
    fn reading_needs_a_read_scope_and_writing_a_manage_scope() {
        for operation in OPERATIONS {
            let wanted = if operation.method == Method::Get { ".read" } else { ".manage" };
            if let Some(scope) = operation.access.scope() {
                assert!(scope.as_str().ends_with(wanted), "{}", operation.name);
            }
        }
    }
}
