//! How a user is printed (observed.md 3, behaviour.md C.0).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use roster_model::operations::OperationId;
use roster_model::user::User;
use roster_model::user::credentials::StoredCredentials;
use roster_model::user::status::{LifecycleOperation, UserStatus};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::response::ApiError;
use crate::wire::Time;

/// What the caller wants left out of a user: `okta-response=…` in the request's `Content-Type` (behaviour.md A.10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Omissions {
    credentials: bool,
    credentials_links: bool,
    transitioning_to_status: bool,
}

impl<S: Sync> FromRequestParts<S> for Omissions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Omissions {
    fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some((_, wanted)) = content_type.split_once("okta-response=") else { return Self::default() };
        let wanted = wanted.split(';').next().unwrap_or_default().replace('"', "");
        let has = |name: &str| wanted.split(',').any(|item| item.trim() == name);
        Self {
            credentials: has("omitCredentials"),
            credentials_links: has("omitCredentialsLinks"),
            transitioning_to_status: has("omitTransitioningToStatus"),
        }
    }
}

/// Which links a user is printed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// What may be done with the user, besides the user itself, their type and schema.
    All,
    /// The user itself: in lists.
    SelfOnly,
}

/// A user on the wire.
pub(crate) struct UserView<'a> {
    pub(crate) user: &'a User,
    pub(crate) base_url: &'a str,
    pub(crate) links: Links,
    pub(crate) omissions: Omissions,
    /// `_embedded`, if the request expanded anything.
    pub(crate) embedded: Option<Value>,
}

impl<'a> UserView<'a> {
    /// A user by themselves.
    pub(crate) fn single(user: &'a User, base_url: &'a str) -> Self {
        Self { user, base_url, links: Links::All, omissions: Omissions::default(), embedded: None }
    }

    /// A user in a list.
    pub(crate) fn listed(user: &'a User, base_url: &'a str) -> Self {
        Self { links: Links::SelfOnly, ..Self::single(user, base_url) }
    }

    /// The JSON of this user.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::with_capacity(2048);
        serde_json::to_writer(&mut bytes, self).map_err(|error| ApiError::internal(&error))?;
        Ok(bytes)
    }
}

impl Serialize for UserView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let user = self.user;
        let time = |time: Option<_>| time.map(Time);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", user.id.as_str())?;
        map.serialize_entry("status", user.status().as_str())?;
        if let Some(status) = user.transitioning_to_status.filter(|_| !self.omissions.transitioning_to_status) {
            map.serialize_entry("transitioningToStatus", status.as_str())?;
        }
        map.serialize_entry("created", &Time(user.created))?;
        map.serialize_entry("activated", &time(user.activated))?;
        map.serialize_entry("statusChanged", &time(user.status_changed))?;
        map.serialize_entry("lastLogin", &time(user.last_login))?;
        map.serialize_entry("lastUpdated", &Time(user.last_updated))?;
        map.serialize_entry("passwordChanged", &time(user.password_changed))?;
        map.serialize_entry("type", &Id { id: user.type_id.as_str() })?;
        let profile: &RawValue = serde_json::from_str(&user.profile_json).map_err(S::Error::custom)?;
        map.serialize_entry("profile", profile)?;
        if !self.omissions.credentials {
            map.serialize_entry("credentials", &CredentialsView::of_user(user))?;
        }
        if let Some(embedded) = &self.embedded {
            map.serialize_entry("_embedded", embedded)?;
        }
        map.serialize_entry("_links", &LinksView(self))?;
        map.end()
    }
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
}

/// Credentials on the wire: never more than that there is a password, and the question without its answer.
#[derive(Serialize)]
pub(crate) struct CredentialsView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_question: Option<Question<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<Email>,
    provider: ProviderView<'a>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Question<'a> {
    question: &'a str,
}

#[derive(Serialize)]
struct ProviderView<'a> {
    #[serde(rename = "type")]
    provider_type: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct Email {
    value: String,
    status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> CredentialsView<'a> {
    /// As the credential operations answer them.
    pub(crate) fn of(credentials: &'a StoredCredentials) -> Self {
        Self {
            password: credentials.password.as_ref().map(|_| Empty {}),
            recovery_question: credentials
                .recovery_question
                .as_ref()
                .map(|question| Question { question: &question.question }),
            emails: Vec::new(),
            provider: ProviderView {
                provider_type: credentials.provider.provider_type.as_str(),
                name: &credentials.provider.name,
            },
        }
    }

    /// As a user shows them: with the e-mail addresses.
    fn of_user(user: &'a User) -> Self {
        Self { emails: emails_of(&user.profile_json), ..Self::of(&user.credentials) }
    }
}

/// The two members of a profile that `credentials.emails` repeats.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Emails {
    email: Option<String>,
    second_email: Option<String>,
}

fn emails_of(profile_json: &str) -> Vec<Email> {
    let Ok(emails) = serde_json::from_str::<Emails>(profile_json) else { return Vec::new() };
    let email = |value: Option<String>, kind| value.map(|value| Email { value, status: "VERIFIED", kind });
    let secondary = email(emails.second_email.filter(|value| !value.is_empty()), "SECONDARY");
    email(emails.email, "PRIMARY").into_iter().chain(secondary).collect()
}

/// The operation that a link calls.
fn linked_operation(operation: LifecycleOperation) -> OperationId {
    use LifecycleOperation as Do;
    match operation {
        Do::Activate => OperationId::ActivateUser,
        Do::Reactivate => OperationId::ReactivateUser,
        Do::Deactivate => OperationId::DeactivateUser,
        Do::Delete => OperationId::DeactivateOrDeleteUser,
        Do::Suspend => OperationId::SuspendUser,
        Do::Unsuspend => OperationId::UnsuspendUser,
        Do::Unlock => OperationId::UnlockUser,
        Do::ExpirePassword => OperationId::ExpirePassword,
        Do::ExpirePasswordWithTemporaryPassword => OperationId::ExpirePasswordAndGetTemporaryPassword,
        Do::ResetPassword => OperationId::ResetPassword,
        Do::ResetFactors => OperationId::ResetFactors,
        Do::ChangePassword => OperationId::ChangePassword,
        Do::ChangeRecoveryQuestion => OperationId::ChangeRecoveryQuestion,
        Do::ForgotPassword => OperationId::ForgotPassword,
        Do::ForgotPasswordSetNewPassword => OperationId::ForgotPasswordSetNewPassword,
        Do::UpdateProfile | Do::SetPassword | Do::SetPasswordHash => OperationId::PartialUpdateUser,
        Do::LockOut | Do::AutoUnlock | Do::ExpirePasswordByAge => OperationId::Authn,
        Do::SelfServiceUnlock => OperationId::AuthnAnswerRecoveryQuestion,
        Do::CompleteActivation | Do::CompleteRecovery => OperationId::AuthnResetPassword,
    }
}

/// The links that `omitCredentialsLinks` leaves out (behaviour.md A.10).
fn is_credential_link(operation: LifecycleOperation) -> bool {
    use LifecycleOperation as Do;
    matches!(
        operation,
        Do::ChangePassword
            | Do::ChangeRecoveryQuestion
            | Do::ForgotPassword
            | Do::ResetPassword
            | Do::ResetFactors
            | Do::Unlock
    )
}

struct LinksView<'a>(&'a UserView<'a>);

#[derive(Serialize)]
struct Link {
    href: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
}

impl Serialize for LinksView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let UserView { user, base_url, links, omissions, .. } = self.0;
        let to = |path: &str| Link { href: format!("{base_url}{path}"), method: None };
        let of_user = |operation: OperationId| operation.operation().path.replace("{userId}", user.id.as_str());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("self", &to(&of_user(OperationId::GetUser)))?;
        if *links == Links::SelfOnly {
            return map.end();
        }
        let schema = OperationId::GetUserSchema.operation().path;
        map.serialize_entry("schema", &to(&schema.replace("{schemaId}", user.type_id.schema_id().as_str())))?;
        let user_type = OperationId::GetUserType.operation().path;
        map.serialize_entry("type", &to(&user_type.replace("{typeId}", user.type_id.as_str())))?;
        for (name, operation) in user.status().links(user.credential_state()) {
            if omissions.credentials_links && is_credential_link(operation) {
                continue;
            }
            let linked = linked_operation(operation);
            let method = Some(linked.operation().method.as_str());
            map.serialize_entry(name, &Link { method, ..to(&of_user(linked)) })?;
        }
        map.end()
    }
}

/// `expand=blocks`: what keeps the user from signing in (behaviour.md A.10).
pub(crate) fn blocks(user: &User) -> Value {
    match user.status() {
        UserStatus::LockedOut => json!({ "blocks": [{ "type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES" }] }),
        _ => json!({ "blocks": [] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn omissions_are_read_from_the_content_type() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
            Omissions::of(&headers)
        };
        let both = of("application/json; okta-response=\"omitCredentials,omitCredentialsLinks, other\"");
        assert_eq!(both, Omissions { credentials: true, credentials_links: true, ..Omissions::default() });
        assert_eq!(of("application/json"), Omissions::default());
    }
}
