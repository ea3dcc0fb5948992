//! TABLE of the Okta error codes that Roster answers, and the pieces an error body is made of.

/// One field that breaks a rule: becomes an error cause `field: text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the wire spells it (`login`, `password`).
    pub field: String,
    /// What is wrong, as a real org words it.
    pub text: String,
}

impl Violation {
    /// A violation of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), text: text.into() }
    }

    /// A value that must be unique and that another object has (behaviour.md E.6).
    #[must_use]
    pub fn taken(field: impl Into<String>) -> Self {
        Self::new(field, "An object with this field already exists in the current organization")
    }
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal $summary:literal;)*) => {
        /// An error that the wire knows. Code, HTTP status and summary are Okta's own (error-codes.json).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every error, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `E0000001` …
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The summary; `{0}` stands for the argument.
            #[must_use]
            pub const fn summary_template(self) -> &'static str {
                match self { $(Self::$name => $summary,)* }
            }
        }
    };
}

error_codes! {
    /// A field breaks a rule; the argument names the first offending field or the object.
    ApiValidation = "E0000001" 400 "Api validation failed: {0}";
    /// A request that makes no sense as a whole.
    InvalidRequest = "E0000002" 400 "The request was not valid: {0}";
    /// The body is larger than the server takes. Okta has no code for it; this is the nearest, under HTTP's own status.
    BodyTooLarge = "E0000002" 413 "The request was not valid: The request body is too large.";
    /// No JSON, or another shape than the operation takes.
    NotWellFormed = "E0000003" 400 "The request body was not well-formed.";
    /// Wrong credentials, or nobody's. Which, nobody is told.
    AuthenticationFailed = "E0000004" 401 "Authentication failed";
    /// The caller's role or scope does not reach.
    AccessDenied = "E0000006" 403 "You do not have permission to perform the requested action";
    /// No such resource; the argument says which.
    ResourceNotFound = "E0000007" 404 "Not found: {0}";
    /// No such route.
    PathNotFound = "E0000008" 404 "The requested path was not found";
    /// Something broke on our side.
    Internal = "E0000009" 500 "Internal Server Error";
    /// The server cannot take work right now.
    Unavailable = "E0000010" 503 "Service is in read only mode";
    /// The caller's credentials are missing, unknown, revoked or expired.
    InvalidToken = "E0000011" 401 "Invalid token provided";
    /// A credential was not changed; the cause says why.
    CredentialsUpdateFailed = "E0000014" 403 "Update of credentials failed";
    /// A new password that breaks the policy, in a sign-in or a recovery.
    PasswordRefused = "E0000014" 403
        "The password does not meet the complexity requirements of the current password policy.";
    /// Activation of a user who is active.
    AlreadyActive = "E0000016" 403 "Activation failed because the user is already active";
    /// Reset of a password that is not Okta's.
    PasswordResetFailed = "E0000017" 403 "Password reset failed";
    /// A body of another media type than JSON.
    MediaTypeNotSupported = "E0000021" 400
        "Bad request.  Accept and/or Content-Type headers likely do not match supported values.";
    /// A known path, another method.
    MethodNotSupported = "E0000022" 405 "The endpoint does not support the provided HTTP method";
    /// A cursor that is not ours, or of another list or org.
    InvalidPaging = "E0000029" 400 "Invalid paging request.";
    /// A `filter` that compares a time with what is no date.
    InvalidDate = "E0000030" 400
        "Bad request. Invalid date. Dates must be of the form yyyy-MM-dd'T'HH:mm:ss.SSSZZ, e.g. 2013-01-01T12:00:00.000-07:00.";
    /// A filter or search that cannot be read or is not supported.
    InvalidSearch = "E0000031" 400 "Invalid search criteria.";
    /// Unlock of a user who is not locked out.
    UnlockNotAllowed = "E0000032" 403 "Unlock is not allowed for this user.";
    /// More than one of `q`, `filter` and `search`.
    SearchAndFilter = "E0000033" 400
        "Bad request. Can't specify a search query and filter in the same request.";
    /// Forgotten password of a user who cannot recover it.
    ForgotPasswordNotAllowed = "E0000034" 403 "Forgot password not allowed on specified user.";
    /// Password change of a user who cannot change it.
    ChangePasswordNotAllowed = "E0000035" 403 "Change password not allowed on specified user.";
    /// Change of the recovery question of a user who cannot change it.
    ChangeRecoveryQuestionNotAllowed = "E0000036" 403 "Change recovery question not allowed on specified user.";
    /// A query parameter of another type.
    TypeMismatch = "E0000037" 400 "Type mismatch exception.  {0}";
    /// The user's status does not allow it.
    OperationForbidden = "E0000038" 403 "This operation is not allowed in the user's current status.";
    /// Credentials for a user whose provider keeps them.
    CredentialsNotSettable = "E0000041" 400
        "Credentials should not be set on this resource based on the scheme.";
    /// The rate-limit bucket is empty.
    TooManyRequests = "E0000047" 429 "API call exceeded rate limit due to too many requests.";
    /// A built-in resource cannot be changed this way.
    UnsupportedOperation = "E0000060" 501 "Unsupported operation.";
    /// A wrong passcode or answer; the cause says which.
    InvalidPasscode = "E0000068" 403 "Invalid Passcode/Answer";
    /// A wrong passcode or answer too many.
    FactorUserLocked = "E0000069" 403 "User Locked";
    /// A time-based code that was used before.
    PasscodeReplayed = "E0000082" 403
        "Each code can only be used once. Please wait for a new code and try again.";
    /// Deletion of an active app.
    DeleteApplicationForbidden = "E0000056" 403 "Delete application forbidden.";
    /// A step that a sign-in does not wait for.
    WrongAuthenticationState = "E0000079" 403 "This operation is not allowed in the current authentication state.";
    /// A role that its user or group has.
    RoleAlreadyAssigned = "E0000090" 409 "The role specified is already assigned to the user.";
    /// A target that this kind of role cannot have.
    WrongRoleType = "E0000091" 400 "The provided role type was not the same as required role type.";
    /// A wrong answer to the recovery question.
    WrongRecoveryAnswer = "E0000087" 403 "The recovery question answer did not match our records.";
    /// No phone number.
    InvalidPhoneNumber = "E0000098" 400 "This phone number is invalid.";
    /// A text message was sent just now.
    SmsRecentlySent = "E0000109" 429 "An SMS message was recently sent. Please wait 30 seconds before trying again.";
    /// A recovery for a login that nobody has; only trusted applications are told.
    RecoveryOfUnknownUser = "E0000095" 403 "Recovery not allowed for unknown user.";
    /// A write while an asynchronous transition is under way.
    StillTransitioning = "E0000112" 409
        "Cannot update this user because they are still being activated. Please try again in a few minutes.";
    /// An e-mail was sent just now.
    EmailRecentlySent = "E0000118" 429 "An email was recently sent. Please wait 5 seconds before trying again.";
    /// No phone extension.
    InvalidPhoneExtension = "E0000121" 400 "Invalid phone extension. Please enter a valid phone extension.";
    /// Assignment of a deactivated user to an app.
    InactiveUserForbidden = "E0000117" 403 "Cannot assign apps or update app profiles for an inactive user.";
    /// The caller accepts no JSON.
    NotAcceptable = "E0000122" 406 "Accept Header did not contain supported media type 'application/json'";
    /// `nextLogin=changePassword` without a password.
    ExpireOnCreateNeedsPassword = "E0000124" 400
        "Could not create user. To create a user and expire their password immediately, a password must be specified";
    /// `nextLogin=changePassword` with `activate=false`.
    ExpireOnCreateNeedsActivation = "E0000125" 400
        "Could not create user. To create a user and expire their password immediately, \"activate\" must be true";
    /// A linked-object definition with a name in use, or one too many.
    InvalidLinkedObjectDefinition = "E0000127" 409 "Invalid linked objection definition. {0}";
    /// A phone call was made just now.
    CallRecentlyMade = "E0000133" 429 "A phone call was recently made. Please wait 30 seconds before trying again.";
    /// The default user type, or one that users have.
    UserTypeNotDeletable = "E0000142" 403 "This User Type cannot be deleted.";
    /// A role for a group with a group rule, or the other way round.
    RoleForRuledGroup = "E0000192" 400 "Roles cannot be granted to groups with group membership rules. {0}";
    /// A role for a group with too many members.
    RoleForLargeGroup = "E0000193" 400 "Roles can only be granted to groups with 5000 or less users. {0}";
    /// A role for Everyone.
    RoleForBuiltInGroup = "E0000211" 400 "Roles cannot be granted to built-in groups: {0}";
    /// Verification of a factor that is not active yet.
    FactorNotActive = "E0000154" 410 "Invalid factor id, it is not currently active.";
}

impl ErrorCode {
    /// The summary with `argument` in its place.
    #[must_use]
    pub fn summary(self, argument: &str) -> String {
        self.summary_template().replace("{0}", argument)
    }
}

/// An error as the wire tells it, short of its `errorId`: what a refused rule turns into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which error.
    pub code: ErrorCode,
    /// What stands for `{0}` in the summary; empty where the summary has none.
    pub argument: String,
    /// The texts of `errorCauses`, possibly none.
    pub causes: Vec<String>,
}

impl Problem {
    /// An error without argument and causes.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, argument: String::new(), causes: Vec::new() }
    }

    /// The same with the argument of its summary.
    #[must_use]
    pub fn about(mut self, argument: impl Into<String>) -> Self {
        self.argument = argument.into();
        self
    }

    /// The same with one more cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// A validation failure: the summary names the first field, one cause for each (behaviour.md A.6).
    #[must_use]
    pub fn violations(violations: &[Violation]) -> Self {
        let first = violations.first().map_or("", |violation| violation.field.as_str());
        let causes = violations.iter().map(|violation| format!("{}: {}", violation.field, violation.text)).collect();
        Self { code: ErrorCode::ApiValidation, argument: first.to_owned(), causes }
    }

    /// `Not found: Resource not found: {asked} ({kind})`.
    #[must_use]
    pub fn not_found(asked: &str, kind: ResourceKind) -> Self {
        Self::new(ErrorCode::ResourceNotFound).about(format!("Resource not found: {asked} ({})", kind.name()))
    }
}

/// What a 404 says is missing; the names are a real org's (observed.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A group rule.
    GroupRule,
    /// An owner of a group.
    GroupOwner,
    /// A user type.
    UserType,
    /// A profile schema.
    UserSchema,
    /// A linked-object definition.
    LinkedObjectProperty,
    /// An identity provider.
    IdentityProvider,
    /// A user's link to an identity provider.
    IdentityProviderUser,
    /// An app.
    Application,
    /// A user's assignment to an app.
    ApplicationUser,
    /// A group's assignment to an app.
    ApplicationGroupAssignment,
    /// A factor.
    Factor,
    /// An API token.
    ApiToken,
    /// A session.
    Session,
    /// An inline hook.
    InlineHook,
    /// A custom authorization server.
    AuthorizationServer,
    /// A policy.
    Policy,
    /// A policy's rule.
    PolicyRule,
    /// An app as an OAuth client.
    OAuth2Client,
    /// What a user allowed a client.
    OAuth2ScopeConsentGrant,
    /// A refresh token.
    OAuth2RefreshToken,
    /// An administrator's role.
    RoleAssignment,
    /// An app of the catalogue.
    CatalogApplication,
}

impl ResourceKind {
    /// The name between the parentheses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "UserGroup",
            Self::GroupRule => "GroupRule",
            Self::GroupOwner => "GroupOwner",
            Self::UserType => "CVDType",
            Self::UserSchema => "UserSchema",
            Self::LinkedObjectProperty => "LinkedObjectProperty",
            Self::IdentityProvider => "IdpTrust",
            Self::IdentityProviderUser => "IdpAppUser",
            Self::Application => "AppInstance",
            Self::ApplicationUser => "AppUser",
            Self::ApplicationGroupAssignment => "ApplicationGroupAssignment",
            Self::Factor => "UserFactor",
            Self::ApiToken => "Token",
            Self::Session => "AppSession",
            Self::InlineHook => "InlineHook",
            Self::AuthorizationServer => "AuthorizationServer",
            Self::Policy => "Policy",
            Self::PolicyRule => "PolicyRule",
            Self::OAuth2Client => "OAuth2Client",
            Self::OAuth2ScopeConsentGrant => "OAuth2ScopeConsentGrant",
            Self::OAuth2RefreshToken => "OAuth2RefreshToken",
            Self::RoleAssignment => "RoleAssignment",
            Self::CatalogApplication => "App",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_okta_form_and_a_status_of_an_error() {
        for code in ErrorCode::ALL {
            let digits = code.code().strip_prefix('E').unwrap_or_default();
            assert!(digits.len() == 7 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{code:?}");
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }

    #[test]
    fn no_two_errors_are_told_alike() {
        let told = |code: &ErrorCode| (code.code(), code.status(), code.summary_template());
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(ErrorCode::ALL.iter().position(|other| told(other) == told(code)), Some(index), "{code:?}");
        }
    }

    #[test]
    fn violations_name_the_first_field_and_list_all() {
        let problem = Problem::violations(&[Violation::new("login", "a"), Violation::new("email", "b")]);
        assert_eq!(problem.code.summary(&problem.argument), "Api validation failed: login");
        assert_eq!(problem.causes, ["login: a", "email: b"]);
    }
}
