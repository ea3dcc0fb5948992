//! The server's log over the whole suite: every line is read, down to TRACE, and none may hold a secret.

use std::collections::BTreeSet;
use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;

use crate::context::ADMIN_PASSWORD;
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD};

/// Characters from which on a secret is looked for: shorter ones, such as passcodes, may be part of any number.
const MIN_LENGTH: usize = 9;

static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LINES: AtomicUsize = AtomicUsize::new(0);

/// Begins to read the log of this process.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        [PASSWORD, NEW_PASSWORD, ADMIN_PASSWORD].into_iter().for_each(keep_secret);
        let filter = EnvFilter::new("info,roster_server=trace,roster_store=trace,roster_model=trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Reader).init();
    });
}

/// Adds what no line may hold from now on.
pub fn keep_secret(secret: &str) {
    if secret.len() >= MIN_LENGTH {
        SECRETS.lock().insert(secret.to_owned());
    }
}

/// Fails if a line held a secret.
#[track_caller]
pub fn check() {
    assert_eq!(*LEAKS.lock(), [""; 0], "the log holds secrets");
}

/// The secret that a text holds.
fn secret_in<'a>(text: &str, secrets: &'a BTreeSet<String>) -> Option<&'a String> {
    secrets.iter().find(|secret| text.contains(secret.as_str()))
}

/// Reads what is logged.
struct Reader;

impl io::Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        LINES.fetch_add(1, Ordering::Relaxed);
        if secret_in(&text, &SECRETS.lock()).is_some() {
            LEAKS.lock().push(text.into_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_line_is_read() {
    listen();
    let before = LINES.load(Ordering::Relaxed);
    tracing::error!("nothing secret");
    assert!(LINES.load(Ordering::Relaxed) > before);
    let secrets = BTreeSet::from(["Sesame, open".to_owned()]);
    assert!(secret_in("INFO login=ali password=Sesame, open", &secrets).is_some());
    assert!(secret_in("INFO login=ali", &secrets).is_none());
}
