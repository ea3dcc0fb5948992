//! What is kept in memory in front of the database, and how it is kept true.
//!
//! Only where one process owns the data (SQLite) is anything kept at all. Every change says what it makes untrue
//! ([`Invalidation`]); the engine drops that after the commit and before the answer. A read that began before the
//! commit cannot put its old answer back, because a cache refuses what was read before its latest invalidation.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::{Mutex, RwLock};
use roster_model::id::{OrgKey, UserId, UserKey};

use crate::api_tokens::TokenOwner;
use crate::secret::SecretHash;
use crate::user_types::UserType;

/// What a change makes untrue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidation {
    /// A user: their encoded answers, and the API tokens they own.
    User(UserId, UserKey),
    /// The API tokens.
    ApiTokens,
    /// The user types and their schemas.
    UserTypes,
}

/// The caches of one store.
pub struct Caches {
    /// Encoded users.
    pub users: UserCache,
    pub(crate) tokens: TokenCache,
    pub(crate) user_types: UserTypeCache,
}

impl Caches {
    pub(crate) fn new() -> Self {
        Self { users: UserCache::new(), tokens: TokenCache::new(), user_types: UserTypeCache::new() }
    }

    pub(crate) fn invalidate(&self, invalidations: &[Invalidation]) {
        for invalidation in invalidations {
            match invalidation {
                Invalidation::User(id, key) => {
                    self.users.forget(id);
                    self.tokens.forget_owner(*key);
                }
                Invalidation::ApiTokens => self.tokens.forget_all(),
                Invalidation::UserTypes => self.user_types.forget_all(),
            }
        }
    }
}

/// Parts of the cache that are locked apart.
const SHARDS: usize = 64;

/// Bytes of encoded users that the cache may hold.
const USER_CACHE_BYTES: usize = 256 << 20;

/// Encoded users, as getUser answers them, by id.
pub struct UserCache {
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    users: LruCache<UserId, EncodedUser>,
    bytes: usize,
    /// Counts invalidations.
    generation: u64,
}

struct EncodedUser {
    org: OrgKey,
    /// The base URL that its links were written for: one org may be reached by several names.
    base_url: Arc<str>,
    body: Bytes,
}

/// Allows to put in what is read from now on, as long as nothing changes in between.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl UserCache {
    fn new() -> Self {
        let shard = || Mutex::new(Shard { users: LruCache::unbounded(), bytes: 0, generation: 0 });
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    fn shard(&self, id: &UserId) -> Option<&Mutex<Shard>> {
        // The last characters of an id are its random ones.
        let spread = id.as_str().bytes().rev().take(3).fold(0_usize, |sum, byte| sum * 62 + usize::from(byte));
        self.shards.get(spread % SHARDS)
    }

    /// The answer for this user with links under `base_url`, or else a ticket to put one in.
    ///
    /// # Errors
    /// The ticket, if there is no answer.
    pub fn get(&self, org: OrgKey, id: &UserId, base_url: &str) -> Result<Bytes, Ticket> {
        let Some(shard) = self.shard(id) else { return Err(Ticket(0)) };
        let mut shard = shard.lock();
        match shard.users.get(id.as_str()) {
            Some(user) if user.org == org && *user.base_url == *base_url => Ok(user.body.clone()),
            _ => Err(Ticket(shard.generation)),
        }
    }

    /// Keeps an answer, unless something in its shard changed since the ticket was given.
    pub fn put(&self, ticket: Ticket, org: OrgKey, id: &UserId, base_url: &Arc<str>, body: Bytes) {
        let Some(shard) = self.shard(id) else { return };
        let mut shard = shard.lock();
        if shard.generation != ticket.0 {
            return;
        }
        shard.bytes += body.len();
        let user = EncodedUser { org, base_url: Arc::clone(base_url), body };
        if let Some((_, replaced)) = shard.users.push(id.clone(), user) {
            shard.bytes -= replaced.body.len();
        }
        while shard.bytes > USER_CACHE_BYTES / SHARDS {
            let Some((_, evicted)) = shard.users.pop_lru() else { break };
            shard.bytes -= evicted.body.len();
        }
    }

    fn forget(&self, id: &UserId) {
        let Some(shard) = self.shard(id) else { return };
        let mut shard = shard.lock();
        shard.generation += 1;
        if let Some(user) = shard.users.pop(id.as_str()) {
            shard.bytes -= user.body.len();
        }
    }
}

/// Few things that nearly every request asks for: API tokens, user types. They are forgotten together.
pub(crate) struct SmallCache<K, V>(RwLock<Entries<K, V>>);

struct Entries<K, V> {
    by_key: HashMap<K, V>,
    generation: u64,
}

/// Entries that may be kept; more are not expected, and the database answers for the rest.
const MAX_ENTRIES: usize = 10_000;

impl<K: Eq + Hash, V: Clone> SmallCache<K, V> {
    fn new() -> Self {
        Self(RwLock::new(Entries { by_key: HashMap::new(), generation: 0 }))
    }

    /// What is kept under `key`, or else a ticket to put it in.
    pub(crate) fn get(&self, key: &K) -> Result<V, Ticket> {
        let entries = self.0.read();
        entries.by_key.get(key).cloned().ok_or(Ticket(entries.generation))
    }

    /// Keeps `value`, unless something was forgotten since the ticket was given.
    pub(crate) fn put(&self, ticket: Ticket, key: K, value: V) {
        let mut entries = self.0.write();
        if entries.generation == ticket.0 && entries.by_key.len() < MAX_ENTRIES {
            entries.by_key.insert(key, value);
        }
    }

    fn forget_all(&self) {
        let mut entries = self.0.write();
        entries.generation += 1;
        entries.by_key.clear();
    }
}

/// API tokens by the hash of their secret, with the org that each is good for.
pub(crate) type TokenCache = SmallCache<SecretHash, (OrgKey, Arc<TokenOwner>)>;

impl TokenCache {
    fn forget_owner(&self, owner: UserKey) {
        // Reads first: nearly every change is to a user who owns no token.
        let owns = self.0.read().by_key.values().any(|(_, token)| token.user_key == owner);
        if owns {
            self.forget_all();
        } else {
            // A token of this owner may be on its way in.
            self.0.write().generation += 1;
        }
    }
}

/// User types by what they were asked for: an id or `default`.
pub(crate) type UserTypeCache = SmallCache<(OrgKey, String), Arc<UserType>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn put(cache: &UserCache, ticket: Ticket, id: &UserId) {
        cache.put(ticket, OrgKey(1), id, &Arc::from("http://a"), Bytes::from_static(b"user"));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (cache, id) = (UserCache::new(), UserId::from_text("00u1"));
        let ticket = cache.get(OrgKey(1), &id, "http://a").unwrap_err();
        cache.forget(&id);
        put(&cache, ticket, &id);
        assert!(cache.get(OrgKey(1), &id, "http://a").is_err());
    }

    #[test]
    fn an_answer_is_found_by_org_id_and_base_url() {
        let (cache, id) = (UserCache::new(), UserId::from_text("00u1"));
        let ticket = cache.get(OrgKey(1), &id, "http://a").unwrap_err();
        put(&cache, ticket, &id);
        assert_eq!(cache.get(OrgKey(1), &id, "http://a").unwrap(), "user");
        assert!(cache.get(OrgKey(2), &id, "http://a").is_err());
        assert!(cache.get(OrgKey(1), &id, "http://b").is_err());
    }

    #[test]
    fn the_cache_stays_within_its_bytes() {
        let cache = UserCache::new();
        let (base_url, body) = (Arc::from("http://a"), Bytes::from(vec![0; 64 << 10]));
        for number in 0..5000 {
            let id = UserId::from_text(&format!("00u{number:05}"));
            let ticket = cache.get(OrgKey(1), &id, "http://a").unwrap_err();
            cache.put(ticket, OrgKey(1), &id, &base_url, body.clone());
        }
        let bytes: usize = cache.shards.iter().map(|shard| shard.lock().bytes).sum();
        assert!(bytes <= USER_CACHE_BYTES && bytes > USER_CACHE_BYTES / 4, "{bytes}");
    }
}
