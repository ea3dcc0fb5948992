//! Codes of the authorize endpoint: good once, for the client that asked, for a short time.
//!
//! Invariant: only the hash of a code is kept. Who shows one a second time gets nothing, and what the first one got ends
//! (RFC 6749, section 4.1.2), since one of the two has stolen it.

use roster_model::authn::Verified;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, OrgKey, UserKey};
use roster_model::oauth::error::OAuthMistake as Mistake;
use roster_model::oauth::pkce::CodeChallenge;
use roster_model::oauth::server::Issuer;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use serde::{Deserialize, Serialize};

use super::authorize::AuthorizationGrant;
use super::clients::RegisteredClient;
use super::delegation::Of;
use super::{refresh_tokens, verify};
use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::secret::Secret;
use crate::users::{self, party};
use crate::{Store, params};

/// Seconds for which a code is good (behaviour.md G.10).
const CODE_SECONDS: i64 = 300;

/// Seconds for which a redeemed code is remembered: as long as what was issued for it may live without a refresh token.
const MEMORY_SECONDS: i64 = 86_400;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeDocument {
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) verified: Verified,
}

/// A client's request to change a code for tokens.
#[derive(Clone)]
pub struct CodeRedemption {
    /// Which server is asked.
    pub issuer: Issuer,
    /// The client, which has proved who it is.
    pub client: RegisteredClient,
    /// The code.
    pub code: Secret,
    /// Where the code went to.
    pub redirect_uri: Option<String>,
    /// What the challenge of the request was made from.
    pub verifier: Option<String>,
    /// The key that the client proved to have.
    pub key_thumbprint: Option<String>,
}

/// A code as it is stored.
struct StoredCode {
    user: UserKey,
    application: ApplicationKey,
    issuer: Issuer,
    document: CodeDocument,
    redeemed: bool,
    refresh_token: Option<String>,
}

/// Makes a code.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    change: &Change,
    user: UserKey,
    (application, issuer): (ApplicationKey, &Issuer),
    document: &CodeDocument,
) -> Result<Secret, EngineError> {
    let code = Secret::random::<32>("")?;
    tx.execute(
        "INSERT INTO oauth_codes (code_hash, org_key, user_key, application_key, issuer, document, redeemed, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            code.hash().0.as_slice(),
            change.org,
            user,
            application,
            issuer.as_str(),
            &serde_json::to_string(document)?,
            false,
            change.now.plus_seconds(CODE_SECONDS)
        ],
    )?;
    Ok(code)
}

impl Store {
    /// token, with `grant_type=authorization_code`, short of the tokens themselves.
    ///
    /// # Errors
    /// If the code is unknown, old, used, or another client's, or was asked for by somebody else.
    pub async fn redeem_code(&self, change: &Change, redemption: CodeRedemption) -> Result<AuthorizationGrant, Error> {
        let change = change.clone();
        // What a used code ends stays ended though the answer is an error.
        let decided = self.engine().write(move |tx| redeem(tx, &change, &redemption)).await?;
        Ok(decided?)
    }
}

fn redeem(
    tx: &mut Tx<'_>,
    change: &Change,
    redemption: &CodeRedemption,
) -> Result<Result<AuthorizationGrant, Mistake>, Error> {
    let CodeRedemption { issuer, client, code, redirect_uri, verifier, key_thumbprint } = redemption;
    let Some(found) = find(tx, change.org, code, change.now)? else { return Ok(Err(Mistake::InvalidCode)) };
    // A stranger learns nothing and changes nothing.
    if found.application != client.key {
        return Ok(Err(Mistake::GrantOfAnotherClient));
    }
    let user = users::lock(tx, found.user)?;
    // Somebody else may have redeemed it while the user was busy.
    let Some(found) = find(tx, change.org, code, change.now)? else { return Ok(Err(Mistake::InvalidCode)) };
    let Some(user) = user else { return Ok(Err(Mistake::InvalidCode)) };
    if found.redeemed {
        end_what_it_got(tx, change, &found, client, &user)?;
        return Ok(Err(Mistake::InvalidCode));
    }
    if found.issuer != *issuer {
        return Ok(Err(Mistake::GrantOfAnotherServer));
    }
    if redirect_uri.as_deref() != Some(found.document.redirect_uri.as_str()) {
        return Ok(Err(Mistake::WrongRedirectUri));
    }
    if let Err(mistake) = check_verifier(&found.document, verifier.as_deref()) {
        return Ok(Err(mistake));
    }
    let CodeDocument { scopes, nonce, verified, .. } = found.document;
    let granted =
        AuthorizationGrant::issue(tx, change, (client, issuer), user, (scopes, verified), key_thumbprint.as_deref())?;
    let granted = match granted {
        Ok(granted) => AuthorizationGrant { nonce, ..granted },
        Err(mistake) => return Ok(Err(mistake)),
    };
    let refresh_token = granted.refresh_token.as_ref().map(|(id, _)| id);
    let sql = "UPDATE oauth_codes SET redeemed = $1, refresh_token_id = $2, expires = $3 \
         WHERE org_key = $4 AND code_hash = $5";
    let remembered = change.now.plus_seconds(MEMORY_SECONDS);
    tx.execute(sql, params![true, refresh_token, remembered, change.org, code.hash().0.as_slice()])?;
    Ok(Ok(granted))
}

fn check_verifier(document: &CodeDocument, verifier: Option<&str>) -> Result<(), Mistake> {
    match (document.challenge.as_deref().and_then(CodeChallenge::parse), verifier) {
        (None, None) => Ok(()),
        // Somebody put a code that was asked for without a challenge into the answer to a request with one.
        (None, Some(_)) => Err(Mistake::VerifierWithoutChallenge),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), _) => Err(Mistake::WrongCodeVerifier),
    }
}

fn end_what_it_got(
    tx: &mut Tx<'_>,
    change: &Change,
    code: &StoredCode,
    client: &RegisteredClient,
    user: &User,
) -> Result<(), EngineError> {
    match &code.refresh_token {
        Some(id) => refresh_tokens::end_named(tx, change.org, id)?,
        None => verify::cut_off(tx, change, Some(&user.id), Some(&client.client.client_id))?,
    }
    let event = match code.issuer {
        Issuer::Org => EventType::TokenRevoke,
        Issuer::Custom(_) => EventType::CustomTokenRevoke,
    };
    change.by(client.party()).record(tx, event, &[party(user), client.party()])
}

fn find(tx: &mut Tx<'_>, org: OrgKey, code: &Secret, now: Timestamp) -> Result<Option<StoredCode>, EngineError> {
    let sql = "SELECT user_key, application_key, issuer, document, redeemed, refresh_token_id FROM oauth_codes \
         WHERE org_key = $1 AND code_hash = $2 AND expires > $3";
    tx.query_first(sql, params![org, code.hash().0.as_slice(), now], read)
}

fn read(row: &Row<'_>) -> Result<StoredCode, EngineError> {
    Ok(StoredCode {
        user: UserKey(row.integer(0)?),
        application: ApplicationKey(row.integer(1)?),
        issuer: Issuer::from_text(&row.text(2)?),
        document: serde_json::from_str(&row.text(3)?)?,
        redeemed: row.integer(4)? != 0,
        refresh_token: row.optional_text(5)?,
    })
}

/// Voids codes, since their user, client or consent has gone.
pub(super) fn end(tx: &mut Tx<'_>, org: OrgKey, of: Of) -> Result<(), EngineError> {
    const DELETE: &str = "DELETE FROM oauth_codes WHERE org_key = $1";
    match of {
        Of::User(user) => tx.execute(&format!("{DELETE} AND user_key = $2"), params![org, user])?,
        Of::UserAndClient(user, application) => tx.execute(
            &format!("{DELETE} AND user_key = $2 AND application_key = $3"),
            params![org, user, application],
        )?,
        Of::Client(application) => {
            tx.execute(&format!("{DELETE} AND application_key = $2"), params![org, application])?
        }
    };
    Ok(())
}
