//! Passwords: hashing them, checking them, and the threads on which that happens.
//!
//! Hashing is slow on purpose, so it has threads of its own at the lowest priority, and a queue that ends: a storm of
//! sign-ins slows sign-ins down, not reads (perf-baseline, *Password hashing*).

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, Sender};
use roster_model::user::credentials::StoredPassword;
use roster_model::user::imported_hash::{ImportedHash, Pbkdf2Digest, Salt, SaltOrder};
use roster_model::user::password_policy::Password;
use subtle::ConstantTimeEq as _;

use crate::error::{EngineError, Error};

/// Passwords that may wait; the next one is refused.
const QUEUE: usize = 512;

/// How long a password may wait; whoever asked has given up by then.
const DEADLINE: Duration = Duration::from_secs(15);

/// What one Argon2id hash costs.
#[derive(Debug, Clone, Copy)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl HashCost {
    /// OWASP's first choice for Argon2id: about 30 ms.
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2 };
    /// For tests that set many passwords.
    pub const MINIMAL: Self = Self { memory_kib: 8, passes: 1 };
}

/// The hashing threads.
#[derive(Clone)]
pub(crate) struct Hasher {
    queue: Sender<Job>,
    argon2: Arc<Argon2<'static>>,
}

struct Job {
    asked: Instant,
    work: Box<dyn FnOnce() + Send>,
}

impl Hasher {
    pub(crate) fn start(cost: HashCost) -> Result<Self, EngineError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|error| EngineError::Corrupt { what: "hash cost", value: error.to_string() })?;
        let (queue, jobs) = crossbeam_channel::bounded(QUEUE);
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            let jobs = jobs.clone();
            let thread = std::thread::Builder::new().name("roster-hash".to_owned());
            thread.spawn(move || run(&jobs)).map_err(EngineError::Thread)?;
        }
        Ok(Self { queue, argon2: Arc::new(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)) })
    }

    /// Hashes a password or a recovery answer.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many are waiting.
    pub(crate) async fn hash(&self, password: Password) -> Result<StoredPassword, Error> {
        let argon2 = Arc::clone(&self.argon2);
        let salt: [u8; 16] = crate::secret::random_bytes()?;
        self.run(move || {
            let hashed = argon2.hash_password_with_salt(password.reveal().as_bytes(), &salt);
            hashed.map(|hash| StoredPassword::Argon2id(hash.to_string())).map_err(|error| {
                Error::Engine(EngineError::Corrupt { what: "password hash", value: error.to_string() })
            })
        })
        .await?
    }

    /// Does the work of checking a password against nothing, for who must not be told from somebody that has one.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many are waiting.
    pub(crate) async fn verify_nothing(&self, password: Password) -> Result<(), Error> {
        let params = self.argon2.params();
        // Salt and hash are of no password: that anything has this hash is as likely as guessing one.
        let nothing = format!(
            "$argon2id$v=19$m={},t={},p={}$c2FsdCBvZiBub2JvZHkh${}",
            params.m_cost(),
            params.t_cost(),
            params.p_cost(),
            "A".repeat(43)
        );
        self.verify(password, StoredPassword::Argon2id(nothing)).await.map(|_| ())
    }

    /// Whether `password` is the one that `stored` keeps. A hook's password is known to nobody here.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many are waiting.
    pub(crate) async fn verify(&self, password: Password, stored: StoredPassword) -> Result<bool, Error> {
        let argon2 = Arc::clone(&self.argon2);
        self.run(move || match &stored {
            StoredPassword::Argon2id(phc) => PasswordHash::new(phc)
                .is_ok_and(|hash| argon2.verify_password(password.reveal().as_bytes(), &hash).is_ok()),
            StoredPassword::Imported(hash) => verify_imported(password.reveal().as_bytes(), hash),
            StoredPassword::Hook => false,
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let work = Box::new(move || {
            // Whoever asked may have hung up.
            let _ = answer.send(work());
        });
        self.queue.try_send(Job { asked: Instant::now(), work }).map_err(|_| Error::Busy)?;
        answered.await.map_err(|_| Error::Busy)
    }
}

fn run(jobs: &Receiver<Job>) {
    if let Err(error) = rustix::process::nice(19) {
        tracing::warn!(%error, "password hashing runs at normal priority");
    }
    while let Ok(job) = jobs.recv() {
        if job.asked.elapsed() < DEADLINE {
            (job.work)();
        }
    }
}

/// Checks a password against an imported hash (behaviour.md E.7).
fn verify_imported(password: &[u8], hash: &ImportedHash) -> bool {
    match hash {
        ImportedHash::Bcrypt { work_factor, salt, value } => {
            let text = format!("$2b${work_factor:02}${salt}{value}");
            bcrypt::verify(password, &text).unwrap_or(false)
        }
        ImportedHash::Sha512 { salt, value } => verify_digest::<sha2::Sha512>(password, salt.as_ref(), value),
        ImportedHash::Sha256 { salt, value } => verify_digest::<sha2::Sha256>(password, salt.as_ref(), value),
        ImportedHash::Sha1 { salt, value } => verify_digest::<sha1::Sha1>(password, salt.as_ref(), value),
        ImportedHash::Md5 { salt, value } => verify_digest::<md5::Md5>(password, salt.as_ref(), value),
        ImportedHash::Pbkdf2 { digest, iterations, salt, value } => {
            verify_pbkdf2(password, *digest, *iterations, salt, value)
        }
    }
}

fn verify_digest<D: sha2::Digest>(password: &[u8], salt: Option<&Salt>, value: &str) -> bool {
    let decoded = salt.map(|salt| (STANDARD.decode(&salt.value).unwrap_or_default(), salt.order));
    let hashed = match decoded {
        Some((salt, SaltOrder::Prefix)) => D::new().chain_update(salt).chain_update(password).finalize(),
        Some((salt, SaltOrder::Postfix)) => D::new().chain_update(password).chain_update(salt).finalize(),
        None => D::digest(password),
    };
    STANDARD.decode(value).is_ok_and(|value| hashed.as_slice().ct_eq(&value).into())
}

fn verify_pbkdf2(password: &[u8], digest: Pbkdf2Digest, iterations: u32, salt: &str, value: &str) -> bool {
    let (Ok(salt), Ok(value)) = (STANDARD.decode(salt), STANDARD.decode(value)) else { return false };
    let mut key = vec![0; value.len()];
    match digest {
        Pbkdf2Digest::Sha256 => pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, &salt, iterations, &mut key),
        Pbkdf2Digest::Sha512 => pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, &salt, iterations, &mut key),
    }
    key.ct_eq(&value).into()
}
