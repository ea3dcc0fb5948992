//! Every route on one page: each operation of `roster_model::operations` and the handler that answers it.

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use roster_model::error::ErrorCode;
use roster_model::operations::{Method, OPERATIONS, Operation, OperationId as Op};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::entrance::Entrance;
use crate::gate::Gate;
use crate::response::{Answer, ApiError};
use crate::{
    App, api_tokens, applications, authn, factors, group_rules, groups, health, identity_providers, inline_hooks,
    linked_object_definitions, logs, oauth, pages, policies, roles, schemas, sessions, user_types, users,
};

/// Bodies below this are sent as they are: compressing one takes longer than sending it.
const COMPRESS_ABOVE_BYTES: u64 = 8 << 10;

/// Other paths of the same operations: the older one of linked-object definitions (behaviour.md G.9).
const ALIASES: [(&str, &str); 1] =
    [("/api/v1/meta/schemas/user/linkedObjects", "/api/v1/meta/schemas/user/default/linkedObjects")];

/// The handler of each operation.
fn handler(operation: &Operation) -> MethodRouter<App> {
    let filter = match operation.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    };
    match operation.id {
        Op::ListUsers => on(filter, users::list_users),
        Op::CreateUser => on(filter, users::create_user),
        Op::GetUser => on(filter, users::get_user),
        Op::PartialUpdateUser => on(filter, users::partial_update_user),
        Op::UpdateUser => on(filter, users::update_user),
        Op::DeactivateOrDeleteUser => on(filter, users::deactivate_or_delete_user),
        Op::ActivateUser => on(filter, users::lifecycle::activate_user),
        Op::ReactivateUser => on(filter, users::lifecycle::reactivate_user),
        Op::DeactivateUser => on(filter, users::lifecycle::deactivate_user),
        Op::SuspendUser => on(filter, users::lifecycle::suspend_user),
        Op::UnsuspendUser => on(filter, users::lifecycle::unsuspend_user),
        Op::UnlockUser => on(filter, users::lifecycle::unlock_user),
        Op::ExpirePassword => on(filter, users::lifecycle::expire_password),
        Op::ExpirePasswordAndGetTemporaryPassword => {
            on(filter, users::lifecycle::expire_password_and_get_temporary_password)
        }
        Op::ResetPassword => on(filter, users::lifecycle::reset_password),
        Op::ResetFactors => on(filter, users::lifecycle::reset_factors),
        Op::ChangePassword => on(filter, users::credentials::change_password),
        Op::ChangeRecoveryQuestion => on(filter, users::credentials::change_recovery_question),
        Op::ForgotPassword => on(filter, users::credentials::forgot_password),
        Op::ForgotPasswordSetNewPassword => on(filter, users::credentials::forgot_password_set_new_password),
        Op::ClearUserSessions => on(filter, users::related::clear_user_sessions),
        Op::ListUserGroups => on(filter, users::related::list_user_groups),
        Op::ListUserIdentityProviders => on(filter, users::related::list_user_identity_providers),
        Op::ListAppLinks => on(filter, users::related::list_app_links),
        Op::ListUserClients => on(filter, users::related::list_user_clients),
        Op::ListUserGrants => on(filter, users::grants::list_user_grants),
        Op::GetUserGrant => on(filter, users::grants::get_user_grant),
        Op::RevokeUserGrant => on(filter, users::grants::revoke_user_grant),
        Op::RevokeUserGrants => on(filter, users::grants::revoke_user_grants),
        Op::ListGrantsForUserAndClient => on(filter, users::grants::list_grants_for_user_and_client),
        Op::RevokeGrantsForUserAndClient => on(filter, users::grants::revoke_grants_for_user_and_client),
        Op::ListRefreshTokensForUserAndClient => {
            on(filter, users::refresh_tokens::list_refresh_tokens_for_user_and_client)
        }
        Op::GetRefreshTokenForUserAndClient => on(filter, users::refresh_tokens::get_refresh_token_for_user_and_client),
        Op::RevokeTokenForUserAndClient => on(filter, users::refresh_tokens::revoke_token_for_user_and_client),
        Op::RevokeTokensForUserAndClient => on(filter, users::refresh_tokens::revoke_tokens_for_user_and_client),
        Op::GetLinkedObjectsForUser => on(filter, users::linked_objects::get_linked_objects_for_user),
        Op::RemoveLinkedObjectForUser => on(filter, users::linked_objects::remove_linked_object_for_user),
        Op::SetLinkedObjectForUser => on(filter, users::linked_objects::set_linked_object_for_user),
        Op::ListFactors => on(filter, factors::list_factors),
        Op::EnrollFactor => on(filter, factors::enroll_factor),
        Op::ListSupportedFactors => on(filter, factors::list_supported_factors),
        Op::ListSupportedSecurityQuestions => on(filter, factors::list_supported_security_questions),
        Op::GetFactor => on(filter, factors::get_factor),
        Op::UpdateFactor => on(filter, factors::update_factor),
        Op::DeleteFactor => on(filter, factors::delete_factor),
        Op::ActivateFactor => on(filter, factors::activate_factor),
        Op::VerifyFactor => on(filter, factors::verify_factor),
        Op::ResendEnrollFactor => on(filter, factors::resend_enroll_factor),
        Op::GetFactorQrCode => on(filter, factors::qr_code::get_factor_qr_code),
        Op::ListGroups => on(filter, groups::list_groups),
        Op::CreateGroup => on(filter, groups::create_group),
        Op::GetGroup => on(filter, groups::get_group),
        Op::UpdateGroup => on(filter, groups::update_group),
        Op::DeleteGroup => on(filter, groups::delete_group),
        Op::ListGroupUsers => on(filter, groups::list_group_users),
        Op::AddUserToGroup => on(filter, groups::add_user_to_group),
        Op::RemoveUserFromGroup => on(filter, groups::remove_user_from_group),
        Op::ListAssignedApplicationsForGroup => on(filter, applications::groups::list_assigned_applications_for_group),
        Op::ListGroupOwners => on(filter, groups::owners::list_group_owners),
        Op::AssignGroupOwner => on(filter, groups::owners::assign_group_owner),
        Op::DeleteGroupOwner => on(filter, groups::owners::delete_group_owner),
        Op::ListGroupRules => on(filter, group_rules::list_group_rules),
        Op::CreateGroupRule => on(filter, group_rules::create_group_rule),
        Op::GetGroupRule => on(filter, group_rules::get_group_rule),
        Op::UpdateGroupRule => on(filter, group_rules::update_group_rule),
        Op::DeleteGroupRule => on(filter, group_rules::delete_group_rule),
        Op::ActivateGroupRule => on(filter, group_rules::activate_group_rule),
        Op::DeactivateGroupRule => on(filter, group_rules::deactivate_group_rule),
        Op::ListUserTypes => on(filter, user_types::list_user_types),
        Op::CreateUserType => on(filter, user_types::create_user_type),
        Op::GetUserType => on(filter, user_types::get_user_type),
        Op::UpdateUserType => on(filter, user_types::update_user_type),
        Op::ReplaceUserType => on(filter, user_types::replace_user_type),
        Op::DeleteUserType => on(filter, user_types::delete_user_type),
        Op::GetUserSchema => on(filter, schemas::get_user_schema),
        Op::UpdateUserProfile => on(filter, schemas::update_user_profile),
        Op::GetGroupSchema => on(filter, schemas::get_group_schema),
        Op::UpdateGroupSchema => on(filter, schemas::update_group_schema),
        Op::ListLinkedObjectDefinitions => on(filter, linked_object_definitions::list_linked_object_definitions),
        Op::AddLinkedObjectDefinition => on(filter, linked_object_definitions::add_linked_object_definition),
        Op::GetLinkedObjectDefinition => on(filter, linked_object_definitions::get_linked_object_definition),
        Op::DeleteLinkedObjectDefinition => on(filter, linked_object_definitions::delete_linked_object_definition),
        Op::Authn => on(filter, authn::authn),
        Op::AuthnChangePassword => on(filter, authn::authn_change_password),
        Op::AuthnResetPassword => on(filter, authn::authn_reset_password),
        Op::AuthnForgotPassword => on(filter, authn::recovery::authn_forgot_password),
        Op::AuthnUnlockAccount => on(filter, authn::recovery::authn_unlock_account),
        Op::AuthnVerifyRecoveryFactor => on(filter, authn::recovery::authn_verify_recovery_factor),
        Op::AuthnResendRecoveryFactor => on(filter, authn::recovery::authn_resend_recovery_factor),
        Op::AuthnVerifyRecoveryToken => on(filter, authn::recovery::authn_verify_recovery_token),
        Op::AuthnAnswerRecoveryQuestion => on(filter, authn::recovery::authn_answer_recovery_question),
        Op::AuthnEnrollFactor => on(filter, authn::factors::authn_enroll_factor),
        Op::AuthnActivateFactor => on(filter, authn::factors::authn_activate_factor),
        Op::AuthnResendEnrollFactor => on(filter, authn::factors::authn_resend_enroll_factor),
        Op::AuthnVerifyFactor => on(filter, authn::factors::authn_verify_factor),
        Op::AuthnResendFactorChallenge => on(filter, authn::factors::authn_resend_factor_challenge),
        Op::AuthnPrevious => on(filter, authn::authn_previous),
        Op::AuthnSkip => on(filter, authn::authn_skip),
        Op::AuthnCancel => on(filter, authn::authn_cancel),
        Op::CreateSession => on(filter, sessions::create_session),
        Op::GetCurrentSession => on(filter, sessions::get_current_session),
        Op::CloseCurrentSession => on(filter, sessions::close_current_session),
        Op::RefreshCurrentSession => on(filter, sessions::refresh_current_session),
        Op::GetSession => on(filter, sessions::get_session),
        Op::EndSession => on(filter, sessions::end_session),
        Op::RefreshSession => on(filter, sessions::refresh_session),
        Op::SessionCookieRedirect => on(filter, sessions::session_cookie_redirect),
        Op::ListInlineHooks => on(filter, inline_hooks::list_inline_hooks),
        Op::CreateInlineHook => on(filter, inline_hooks::create_inline_hook),
        Op::GetInlineHook => on(filter, inline_hooks::get_inline_hook),
        Op::UpdateInlineHook => on(filter, inline_hooks::update_inline_hook),
        Op::DeleteInlineHook => on(filter, inline_hooks::delete_inline_hook),
        Op::ActivateInlineHook => on(filter, inline_hooks::activate_inline_hook),
        Op::DeactivateInlineHook => on(filter, inline_hooks::deactivate_inline_hook),
        Op::ListPolicies => on(filter, policies::list_policies),
        Op::GetPolicy => on(filter, policies::get_policy),
        Op::UpdatePolicy => on(filter, policies::update_policy),
        Op::ListPolicyRules => on(filter, policies::list_policy_rules),
        Op::GetPolicyRule => on(filter, policies::get_policy_rule),
        Op::UpdatePolicyRule => on(filter, policies::update_policy_rule),
        Op::ListApplications => on(filter, applications::list_applications),
        Op::CreateApplication => on(filter, applications::create_application),
        Op::GetApplication => on(filter, applications::get_application),
        Op::UpdateApplication => on(filter, applications::update_application),
        Op::DeleteApplication => on(filter, applications::delete_application),
        Op::ActivateApplication => on(filter, applications::activate_application),
        Op::DeactivateApplication => on(filter, applications::deactivate_application),
        Op::ListApplicationUsers => on(filter, applications::users::list_application_users),
        Op::AssignUserToApplication => on(filter, applications::users::assign_user_to_application),
        Op::GetApplicationUser => on(filter, applications::users::get_application_user),
        Op::UpdateApplicationUser => on(filter, applications::users::update_application_user),
        Op::DeleteApplicationUser => on(filter, applications::users::delete_application_user),
        Op::ListApplicationGroupAssignments => on(filter, applications::groups::list_application_group_assignments),
        Op::GetApplicationGroupAssignment => on(filter, applications::groups::get_application_group_assignment),
        Op::CreateApplicationGroupAssignment => on(filter, applications::groups::create_application_group_assignment),
        Op::DeleteApplicationGroupAssignment => on(filter, applications::groups::delete_application_group_assignment),
        Op::ListIdentityProviders => on(filter, identity_providers::list_identity_providers),
        Op::CreateIdentityProvider => on(filter, identity_providers::create_identity_provider),
        Op::GetIdentityProvider => on(filter, identity_providers::get_identity_provider),
        Op::UpdateIdentityProvider => on(filter, identity_providers::update_identity_provider),
        Op::DeleteIdentityProvider => on(filter, identity_providers::delete_identity_provider),
        Op::ActivateIdentityProvider => on(filter, identity_providers::activate_identity_provider),
        Op::DeactivateIdentityProvider => on(filter, identity_providers::deactivate_identity_provider),
        Op::ListIdentityProviderApplicationUsers => {
            on(filter, identity_providers::users::list_identity_provider_application_users)
        }
        Op::GetIdentityProviderApplicationUser => {
            on(filter, identity_providers::users::get_identity_provider_application_user)
        }
        Op::LinkUserToIdentityProvider => on(filter, identity_providers::users::link_user_to_identity_provider),
        Op::UnlinkUserFromIdentityProvider => on(filter, identity_providers::users::unlink_user_from_identity_provider),
        Op::ListSocialAuthTokens => on(filter, identity_providers::users::list_social_auth_tokens),
        Op::ListScopeConsentGrants => on(filter, applications::grants::list_scope_consent_grants),
        Op::GrantConsentToScope => on(filter, applications::grants::grant_consent_to_scope),
        Op::GetScopeConsentGrant => on(filter, applications::grants::get_scope_consent_grant),
        Op::RevokeScopeConsentGrant => on(filter, applications::grants::revoke_scope_consent_grant),
        Op::ListOAuth2TokensForApplication => on(filter, applications::tokens::list_oauth2_tokens_for_application),
        Op::RevokeOAuth2TokensForApplication => on(filter, applications::tokens::revoke_oauth2_tokens_for_application),
        Op::GetOAuth2TokenForApplication => on(filter, applications::tokens::get_oauth2_token_for_application),
        Op::RevokeOAuth2TokenForApplication => on(filter, applications::tokens::revoke_oauth2_token_for_application),
        Op::Token | Op::TokenCustomAs => on(filter, oauth::token::token),
        Op::Userinfo | Op::UserinfoByPost | Op::UserinfoCustomAs | Op::UserinfoCustomAsByPost => {
            on(filter, oauth::userinfo::userinfo)
        }
        Op::Introspect | Op::IntrospectCustomAs => on(filter, oauth::introspect::introspect),
        Op::Revoke | Op::RevokeCustomAs => on(filter, oauth::introspect::revoke),
        Op::GetWellKnownOpenIdConfiguration | Op::GetWellKnownOpenIdConfigurationCustomAs => {
            on(filter, oauth::metadata::well_known_openid_configuration)
        }
        Op::GetWellKnownOauthConfiguration | Op::GetWellKnownOauthConfigurationCustomAs => {
            on(filter, oauth::metadata::well_known_oauth_configuration)
        }
        Op::OauthKeys | Op::OauthKeysCustomAs => on(filter, oauth::keys::oauth_keys),
        Op::ListAssignedRolesForUser | Op::ListGroupAssignedRoles => on(filter, roles::list_assigned_roles),
        Op::AssignRoleToUser | Op::AssignRoleToGroup => on(filter, roles::assign_role),
        Op::GetUserAssignedRole | Op::GetGroupAssignedRole => on(filter, roles::get_assigned_role),
        Op::UnassignRoleFromUser | Op::UnassignRoleFromGroup => on(filter, roles::unassign_role),
        Op::ListGroupTargetsForRole | Op::ListGroupTargetsForGroupRole => {
            on(filter, roles::targets::list_group_targets)
        }
        Op::AssignGroupTargetToUserRole | Op::AssignGroupTargetToGroupAdminRole => {
            on(filter, roles::targets::assign_group_target)
        }
        Op::UnassignGroupTargetFromUserAdminRole | Op::UnassignGroupTargetFromGroupAdminRole => {
            on(filter, roles::targets::unassign_group_target)
        }
        Op::ListApplicationTargetsForApplicationAdministratorRoleForUser
        | Op::ListApplicationTargetsForApplicationAdministratorRoleForGroup => {
            on(filter, roles::targets::list_application_targets)
        }
        Op::AssignAllAppsAsTargetToRoleForUser => on(filter, roles::targets::assign_all_applications),
        Op::AssignAppTargetToAdminRoleForGroup => on(filter, roles::targets::assign_application_target_to_group_role),
        Op::AssignAppTargetToAdminRoleForUser
        | Op::AssignAppInstanceTargetToAppAdminRoleForUser
        | Op::AssignAppInstanceTargetToAppAdminRoleForGroup => on(filter, roles::targets::assign_application_target),
        Op::UnassignAppTargetFromAppAdminRoleForUser
        | Op::UnassignAppInstanceTargetFromAdminRoleForUser
        | Op::UnassignAppTargetToAdminRoleForGroup
        | Op::UnassignAppInstanceTargetToAppAdminRoleForGroup => {
            on(filter, roles::targets::unassign_application_target)
        }
        Op::ListApiTokens => on(filter, api_tokens::list_api_tokens),
        Op::CreateApiToken => on(filter, api_tokens::create_api_token),
        Op::GetApiToken => on(filter, api_tokens::get_api_token),
        Op::RevokeCurrentApiToken => on(filter, api_tokens::revoke_current_api_token),
        Op::RevokeApiToken => on(filter, api_tokens::revoke_api_token),
        Op::GetLogs => on(filter, logs::get_logs),
    }
}

/// The whole server, short of its socket.
pub(crate) fn service(
    app: App,
) -> impl tower::Service<Request, Response = Answer, Error = std::convert::Infallible, Future: Send> + Clone + Send + 'static
{
    let mut router = Router::new();
    for operation in OPERATIONS {
        router = router.route(operation.path, handler(operation).layer(Gate::of(&app, operation)));
    }
    for (path, alias) in ALIASES {
        for operation in OPERATIONS.iter().filter(|operation| operation.path.starts_with(path)) {
            let path = operation.path.replacen(path, alias, 1);
            router = router.route(&path, handler(operation).layer(Gate::of(&app, operation)));
        }
    }
    let router = router
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(pages::router())
        .merge(oauth::pages())
        .fallback(|| async { ApiError::from(ErrorCode::PathNotFound) })
        .method_not_allowed_fallback(|| async { ApiError::from(ErrorCode::MethodNotSupported) })
        .with_state(app.clone());
    let whole = ServiceBuilder::new()
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE_BYTES)))
        .layer(CatchPanicLayer::custom(|_| ApiError::from(ErrorCode::Internal).into_response()))
        .service(router);
    Entrance::new(app, whole)
}
