//! Going about a transaction: reading where it is, going back, skipping, cancelling.

use roster_model::authn::{Stage, Transaction};

use super::{Authentication, Loaded, SignIn, end, invalid_token, load, proceed, select, store, wait, wrong_state};
use crate::Store;
use crate::change::Change;
use crate::error::Error;
use crate::secret::Secret;
use crate::users::party;

impl Store {
    /// authn with a state token: where the transaction is. Its time begins anew.
    ///
    /// # Errors
    /// E0000011 for a token that is not good.
    pub async fn authn_state(&self, change: &Change, token: &Secret) -> Result<Authentication, Error> {
        let (change, key, token) = (change.clone(), self.master_key().clone(), token.clone());
        self.engine()
            .write(move |tx| {
                let (user, transaction) = select(tx, &change, token.hash())?.ok_or_else(invalid_token)?;
                if matches!(transaction.stage, Stage::RecoveryChallenge { .. }) {
                    return store(tx, &change, &token, user, &transaction);
                }
                let Loaded { token, user, transaction } = load(tx, &change, &token)?;
                wait(tx, &change, &key, token, user, transaction)
            })
            .await
    }

    /// authnPrevious: from a factor back to the choice of one.
    ///
    /// # Errors
    /// E0000011 for a token that is not good, E0000079 where there is nothing to go back to.
    pub async fn authn_previous(&self, change: &Change, token: &Secret) -> Result<Authentication, Error> {
        let (change, key, token) = (change.clone(), self.master_key().clone(), token.clone());
        self.engine()
            .write(move |tx| {
                let Loaded { token, user, transaction } = load(tx, &change, &token)?;
                let stage = match transaction.stage {
                    Stage::MfaChallenge { verified, .. } => Stage::MfaRequired { verified },
                    Stage::MfaEnrollActivate { verified, .. } => Stage::MfaEnroll { verified },
                    _ => return Err(wrong_state().into()),
                };
                wait(tx, &change, &key, token, user, Transaction { stage, ..transaction })
            })
            .await
    }

    /// authnSkip: past the warning of a password that is about to expire, or past further factors.
    ///
    /// # Errors
    /// E0000011 for a token that is not good, E0000079 where nothing can be skipped.
    pub async fn authn_skip(&self, change: &Change, token: &Secret) -> Result<Authentication, Error> {
        let (change, key, token) = (change.clone(), self.master_key().clone(), token.clone());
        let decided = self
            .engine()
            .write(move |tx| {
                let loaded = load(tx, &change, &token)?;
                let verified = match &loaded.transaction.stage {
                    Stage::PasswordWarn { verified } => verified.clone(),
                    Stage::MfaEnroll { verified } if verified.factor().is_some() => verified.clone(),
                    _ => return Err(wrong_state().into()),
                };
                let change = change.by(party(&loaded.user));
                let mut sign_in = SignIn::of(loaded);
                sign_in.options.warn_before_password_expired = false;
                sign_in.options.multi_optional_factor_enroll = false;
                proceed(tx, &change, &key, sign_in, verified)
            })
            .await?;
        Ok(decided?)
    }

    /// authnCancel: ends the transaction and answers what is to be handed back.
    ///
    /// # Errors
    /// E0000011 for a token that is not good.
    pub async fn authn_cancel(&self, change: &Change, token: &Secret) -> Result<Option<String>, Error> {
        let (change, token) = (change.clone(), token.clone());
        self.engine()
            .write(move |tx| {
                let (_, transaction) = select(tx, &change, token.hash())?.ok_or_else(invalid_token)?;
                end(tx, &token)?;
                Ok(transaction.relay_state)
            })
            .await
    }
}
