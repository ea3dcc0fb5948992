//! Tokens of others that are good once: assertions of clients, proofs of possession.

use roster_model::id::OrgKey;
use roster_model::timestamp::Timestamp;

use crate::engine::Tx;
use crate::error::EngineError;
use crate::params;

/// Characters that a `jti` may have.
const MAX_JTI_CHARACTERS: usize = 512;

/// Whether this `jti` can be remembered.
pub(crate) fn is_jti(jti: &str) -> bool {
    !jti.is_empty() && jti.len() <= MAX_JTI_CHARACTERS && !jti.contains('\0')
}

/// Remembers a `jti` until `expires`; false if it was used before.
pub(crate) fn use_once(
    tx: &mut Tx<'_>,
    org: OrgKey,
    maker: &str,
    jti: &str,
    expires: Timestamp,
) -> Result<bool, EngineError> {
    let sql = "INSERT INTO used_tokens (org_key, maker, jti, expires) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![org, maker, jti, expires])? == 1)
}
