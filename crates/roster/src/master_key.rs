//! The master key in the data folder: what secrets in the database are sealed under, unless the environment has one.
//!
//! Invariant: a key is on disk before anything is sealed under it, and only its owner may read it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use roster_store::seal::MasterKey;
use roster_store::secret::random_bytes;

use crate::settings::BadSetting;

/// The file's name.
const NAME: &str = "master.key";

/// A key that is kept in a file.
pub(crate) struct KeptKey {
    /// The key.
    pub(crate) key: MasterKey,
    /// The file, if it was made just now.
    made: Option<PathBuf>,
}

impl KeptKey {
    /// Reads the key in this folder; makes one if there is none.
    pub(crate) fn read_or_make(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::read(&path, &text),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Self::make(folder, &path).with_context(|| format!("{} cannot be made", path.display()))
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    fn read(path: &Path, text: &str) -> anyhow::Result<Self> {
        let key = MasterKey::from_text(text);
        let key = key.with_context(|| BadSetting(format!("{} holds no master key", path.display())))?;
        Ok(Self { key, made: None })
    }

    /// The file gets its name once it is whole: another process may be making one at the same moment, and then its is the
    /// one to use.
    fn make(folder: &Path, path: &Path) -> anyhow::Result<Self> {
        let key = MasterKey::random()?;
        let draft = folder.join(format!("{NAME}.{:016x}", u64::from_be_bytes(random_bytes()?)));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(format!("{}\n", key.to_text().reveal()).as_bytes())?;
        file.sync_all()?;
        let named = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        match named {
            Ok(()) => {
                File::open(folder)?.sync_all()?;
                Ok(Self { key, made: Some(path.to_owned()) })
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::read(path, &std::fs::read_to_string(path)?),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a key back that was made just now and turned out not to be the database's.
    pub(crate) fn withdraw(&self) {
        if let Some(path) = &self.made
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(%error, "{} is left, and is not the database's key", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = KeptKey::read_or_make(folder.path()).unwrap();
        let read = KeptKey::read_or_make(folder.path()).unwrap();
        assert_eq!(made.key.to_text().reveal(), read.key.to_text().reveal());
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        read.withdraw();
        assert!(folder.path().join(NAME).exists());
        made.withdraw();
        assert!(!folder.path().join(NAME).exists());
    }

    #[test]
    fn a_file_without_a_key_is_a_bad_setting() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "nonsense").unwrap();
        assert!(KeptKey::read_or_make(folder.path()).err().unwrap().is::<BadSetting>());
    }
}
