//! TABLE of the errors of the OAuth endpoints: RFC 6749's codes with the status and the description of each mistake.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The `error` of an answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl OAuthErrorCode {
            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, repeated or malformed (RFC 6749, 5.2).
    InvalidRequest = "invalid_request";
    /// The client is unknown, or did not prove who it is.
    InvalidClient = "invalid_client";
    /// The code, refresh token or password is not good.
    InvalidGrant = "invalid_grant";
    /// The client may not use this grant type.
    UnauthorizedClient = "unauthorized_client";
    /// The server does not know this grant type.
    UnsupportedGrantType = "unsupported_grant_type";
    /// A scope is unknown, or not granted.
    InvalidScope = "invalid_scope";
    /// A policy, or the user, said no.
    AccessDenied = "access_denied";
    /// The proof of possession is missing or not good (RFC 9449, 5).
    InvalidDpopProof = "invalid_dpop_proof";
    /// The proof of possession needs a nonce (RFC 9449, 8).
    UseDpopNonce = "use_dpop_nonce";
    /// The client may not have this kind of answer (RFC 6749, 4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type";
    /// The answer cannot go back this way.
    UnsupportedResponseMode = "unsupported_response_mode";
    /// The user would have to sign in (OpenID Connect Core, 3.1.2.6).
    LoginRequired = "login_required";
    /// The user would have to consent.
    ConsentRequired = "consent_required";
    /// Requests in signed objects are not taken.
    RequestNotSupported = "request_not_supported";
    /// An access token that is not good (RFC 6750, 3.1).
    InvalidToken = "invalid_token";
    /// An access token that may not do this.
    InsufficientScope = "insufficient_scope";
    /// A `request_uri` that is unknown, used or old (RFC 9126).
    InvalidRequestUri = "invalid_request_uri";
}

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident = $code:ident $status:literal $description:literal;)*) => {
        /// What is wrong with a request to an OAuth endpoint.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OAuthMistake {
            $($(#[$doc])* $name,)*
        }

        impl OAuthMistake {
            /// Every mistake, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The `error` that it is told as.
            #[must_use]
            pub const fn code(self) -> OAuthErrorCode {
                match self { $(Self::$name => OAuthErrorCode::$code,)* }
            }

            /// The HTTP status, where the answer is not a redirect.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The `error_description`; `{0}` stands for the argument.
            #[must_use]
            pub const fn description_template(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

mistakes! {
    /// A parameter is there twice (RFC 6749, 3.2).
    RepeatedParameter = InvalidRequest 400 "The '{0}' parameter must not be repeated.";
    /// The body is no form, or no text.
    NoForm = InvalidRequest 400 "The request body must be of type application/x-www-form-urlencoded.";
    /// A parameter is missing.
    MissingParameter = InvalidRequest 400 "The token request must contain the '{0}' parameter.";
    /// A secret in the header and in the form, or beside an assertion.
    SeveralCredentials = InvalidRequest 400
        "Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.";
    /// Another type of assertion.
    UnknownAssertionType = InvalidRequest 400
        "The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.";
    /// No client id anywhere.
    NoClientId = InvalidClient 401
        "A client_id must be provided in the request.";
    /// Nobody's client id, or an inactive client's.
    UnknownClient = InvalidClient 401 "Invalid value for 'client_id' parameter.";
    /// A secret that is not the client's.
    WrongSecret = InvalidClient 401 "The client secret supplied for a confidential client is invalid.";
    /// No signed token.
    MalformedAssertion = InvalidClient 401 "The parsing of the client_assertion failed.";
    /// An assertion of nobody.
    AssertionWithoutSubject = InvalidClient 401 "The client_assertion token must have a subject claim.";
    /// Issuer, subject and client id differ.
    AssertionOfAnother = InvalidClient 401
        "The issuer and subject claims of the client_assertion must be the client_id.";
    /// A key that is not the client's.
    WrongAssertionSignature = InvalidClient 401 "The client_assertion signature is invalid.";
    /// An assertion for somebody else.
    WrongAssertionAudience = InvalidClient 401
        "The audience claim for client_assertion must be the endpoint invoked for the request.";
    /// An assertion for ever.
    AssertionWithoutExpiry = InvalidClient 401 "The client_assertion token must have an expiration claim.";
    /// An assertion whose time is up.
    AssertionExpired = InvalidClient 401 "The client_assertion token is expired.";
    /// An assertion that would live too long.
    AssertionTooLong = InvalidClient 401
        "The client_assertion token has an expiration too far into the future.";
    /// An assertion whose time has not come.
    AssertionNotYet = InvalidClient 401 "The client_assertion token is not valid yet.";
    /// An assertion that was used.
    AssertionReplayed = InvalidClient 401 "The client_assertion token must not be used more than once.";
    /// A secret where a key is needed.
    PrivateKeyRequired = InvalidClient 401
        "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.";
    /// A grant type that nobody knows.
    UnknownGrantType = UnsupportedGrantType 400
        "The authorization grant type is not supported by the authorization server. Configured grant types: [{0}].";
    /// A grant type that is not among the client's.
    GrantTypeNotAllowed = UnauthorizedClient 400
        "The client is not authorized to use the provided grant type. Configured grant types: [{0}].";
    /// No scope where there is no default.
    NoScope = InvalidScope 400
        "The authorization server resource does not have any configured default scopes, 'scope' must be provided.";
    /// A scope that the server does not know, or the app was not granted.
    ScopeNotConfigured = InvalidScope 400
        "One or more scopes are not configured for the authorization server resource.";
    /// No rule of a policy lets the client in.
    PolicyDenies = AccessDenied 400
        "Policy evaluation failed for this request, please check the policy configurations.";
    /// No proof of possession where the client needs one.
    NoProof = InvalidDpopProof 400 "The DPoP proof JWT header is missing.";
    /// No proof of possession, or with a signature that is not its own key's.
    MalformedProof = InvalidDpopProof 400 "The DPoP proof JWT is invalid.";
    /// A proof for another method.
    ProofOfAnotherMethod = InvalidDpopProof 400 "The DPoP proof JWT 'htm' claim does not match the request.";
    /// A proof for another URL.
    ProofOfAnotherUrl = InvalidDpopProof 400 "The DPoP proof JWT 'htu' claim does not match the request.";
    /// A proof for another token.
    ProofOfAnotherToken = InvalidDpopProof 400 "The DPoP proof JWT 'ath' claim does not match the access token.";
    /// A proof with another key than the token's.
    ProofWithAnotherKey = InvalidDpopProof 400 "The DPoP proof JWT key does not match the access token.";
    /// A proof that is old, or ahead.
    ProofNotOfNow = InvalidDpopProof 400 "The DPoP proof JWT is issued too far in the past or the future.";
    /// A proof that was used.
    ProofReplayed = InvalidDpopProof 400 "The DPoP proof JWT has already been used.";
    /// A proof that might be old.
    ProofWithoutNonce = UseDpopNonce 400 "Authorization server requires nonce in DPoP proof.";
    /// A nonce that is not ours, or old.
    ProofWithOldNonce = UseDpopNonce 400 "The DPoP proof JWT 'nonce' claim is invalid or expired.";
    /// The client proved nothing, or by another method than its own.
    ClientNotAuthenticated = InvalidClient 401
        "Client authentication failed. Either the client or the client credentials are invalid.";
    // Authorize requests.
    /// A parameter is missing.
    MissingAuthorizeParameter = InvalidRequest 400 "The required parameter '{0}' is missing.";
    /// A redirect URI that the client did not register.
    UnregisteredRedirectUri = InvalidRequest 400
        "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.";
    /// A kind of answer that the client may not have.
    UnsupportedResponseType = UnsupportedResponseType 400
        "The response type is not supported by the authorization server. Configured response types: [{0}].";
    /// A way back that nobody knows.
    UnknownResponseMode = UnsupportedResponseMode 400
        "The response mode is not supported by the authorization server. Valid response modes: [query, fragment, form_post, okta_post_message].";
    /// Tokens would end up in logs and histories.
    TokensInQuery = UnsupportedResponseMode 400
        "'query' response mode cannot be used with either the 'id_token' or 'token' response types.";
    /// Nothing that the client knows its request by, or too much.
    InvalidState = InvalidRequest 400 "The authentication request has an invalid 'state' parameter.";
    /// Nothing that ties the id token to the request, or too much.
    InvalidNonce = InvalidRequest 400
        "The 'nonce' parameter is required for authorize requests with either the 'id_token' or 'token' response types.";
    /// A prompt that nobody knows.
    InvalidPrompt = InvalidRequest 400 "Invalid value for 'prompt' parameter. Supported values: [{0}]";
    /// An age that is none.
    InvalidMaxAge = InvalidRequest 400
        "Invalid value for 'max_age' parameter. It should be within range 0 - 2^31-1.";
    /// A sign-in without asking.
    NoPromptForSignIn = InvalidRequest 400
        "'prompt' parameter must not have the value 'none' for request with 'zero' as max_age.";
    /// No scope.
    NoScopesRequested = InvalidScope 400 "No scopes were requested.";
    /// Scopes of OpenID Connect without it.
    OpenIdScopeRequired = InvalidScope 400
        "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.";
    /// No proof of who will redeem the code.
    NoCodeChallenge = InvalidRequest 400 "PKCE code challenge is required by the application.";
    /// A proof that shows the secret, or none that is known.
    UnknownChallengeMethod = InvalidRequest 400
        "PKCE code challenge method is not supported. Valid values: [{0}]";
    /// A challenge that is no hash.
    InvalidCodeChallenge = InvalidRequest 400 "PKCE code challenge contains illegal characters.";
    /// A request in a signed object.
    RequestObjectNotSupported = RequestNotSupported 400
        "The authorize request object is not supported by this client.";
    /// An identity provider that nobody can sign in through.
    UnknownIdentityProvider = InvalidRequest 400 "Identity provider is not valid.";
    /// No session, and nobody may be asked.
    LoginRequired = LoginRequired 400 "The client specified not to prompt, but the user is not logged in.";
    /// An old session, and nobody may be asked.
    ReauthenticationRequired = LoginRequired 400
        "The client specified not to prompt, but the client app requires re-authentication or MFA.";
    /// Consent that is missing, and nobody may be asked.
    ConsentRequired = ConsentRequired 400 "The user has to consent to the requested scopes.";
    /// The user said no.
    ConsentDenied = AccessDenied 403 "The resource owner or authorization server denied the request.";
    /// The user does not have the app.
    UserNotAssigned = AccessDenied 403 "User is not assigned to the client application.";
    // Userinfo requests (RFC 6750, 3.1).
    /// No access token.
    NoAccessToken = InvalidRequest 401 "The access token is missing.";
    /// An access token that is not good, or another server's.
    InvalidAccessToken = InvalidToken 401 "The access token is invalid.";
    /// An access token that is no matter of OpenID Connect.
    NoOpenIdScope = InsufficientScope 403 "The access token provided does not contain the required scopes.";
    // Grants of users at the token endpoint.
    /// A code that is unknown, used or old.
    InvalidCode = InvalidGrant 400 "The authorization code is invalid or has expired.";
    /// A code, or a token, of another client.
    GrantOfAnotherClient = InvalidGrant 400
        "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.";
    /// A code of another server.
    GrantOfAnotherServer = InvalidGrant 400 "The grant was issued for another authorization server.";
    /// Another redirect URI than the code went to.
    WrongRedirectUri = InvalidGrant 400
        "The 'redirect_uri' does not match the redirection URI used in the authorization request.";
    /// Not the verifier of the challenge.
    WrongCodeVerifier = InvalidGrant 400 "PKCE verification failed.";
    /// A verifier, and no challenge that it was of.
    VerifierWithoutChallenge = InvalidRequest 400
        "PKCE code challenge should be specified in the authorize request for code verification.";
    /// A refresh token that is unknown, revoked, old or used before.
    InvalidRefreshToken = InvalidGrant 400 "The refresh token is invalid or expired.";
    /// A scope that the refresh token does not have.
    RefreshScopesDenied = AccessDenied 400
        "Some of the scopes requested for the refresh request were not granted in the original authorize request. Denied scopes: {0}.";
}

/// An error of an OAuth endpoint: a mistake, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// What is wrong.
    pub mistake: OAuthMistake,
    /// What stands for `{0}` in the description; empty where it has none.
    pub argument: String,
}

impl OAuthError {
    /// An error about `argument`.
    #[must_use]
    pub fn about(mistake: OAuthMistake, argument: impl Into<String>) -> Self {
        Self { mistake, argument: argument.into() }
    }

    /// The `error_description`.
    #[must_use]
    pub fn description(&self) -> String {
        self.mistake.description_template().replace("{0}", &self.argument)
    }
}

impl From<OAuthMistake> for OAuthError {
    fn from(mistake: OAuthMistake) -> Self {
        Self { mistake, argument: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_mistakes_are_told_alike() {
        for (index, mistake) in OAuthMistake::ALL.iter().enumerate() {
            let same = |other: &OAuthMistake| {
                (other.code(), other.description_template()) == (mistake.code(), mistake.description_template())
            };
            assert_eq!(OAuthMistake::ALL.iter().position(same), Some(index), "{mistake:?}");
        }
    }

    /// RFC 6749, 5.2: printable ASCII without quotation mark and backslash.
    #[test]
    fn descriptions_hold_only_the_characters_that_a_description_may() {
        for mistake in OAuthMistake::ALL {
            let allowed = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
            assert!(mistake.description_template().bytes().all(allowed), "{mistake:?}");
        }
    }

    #[test]
    fn statuses_are_those_of_errors() {
        assert!(OAuthMistake::ALL.iter().all(|mistake| (400..600).contains(&mistake.status())));
    }
}
