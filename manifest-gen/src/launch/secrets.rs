//! The secrets: made and kept in a folder on a developer's machine, given by the deployer elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use orch_manifest::Id;

use crate::plan::Plan;
use crate::target::{SecretFile, compose};

/// How many letters and digits a secret has that is made here: 190 bits.
const LENGTH: usize = 32;
/// How many of them stand together.
const GROUP: usize = 8;

/// The secrets that the workloads of a plan use, each with who uses it.
pub fn of_plan(plan: &Plan) -> BTreeMap<SecretFile, BTreeSet<Id>> {
    let mut secrets: BTreeMap<SecretFile, BTreeSet<Id>> = BTreeMap::new();
    for workload in &plan.workloads {
        for secret in compose::secrets(workload) {
            secrets.entry(secret).or_default().insert(workload.id.clone());
        }
    }
    secrets
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in its file, or it is no text.
    #[error("there is no text in `{}`", .0.display())]
    Empty(PathBuf),
    /// No random numbers are to be had.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// Makes the secrets that are missing in a folder, which is its owner's alone; those that are there
/// stay. Returns those that were made.
///
/// The files are for everybody who gets at them, or the user of a container could not read them.
pub fn make(folder: &Path, secrets: &BTreeSet<&SecretFile>) -> Result<Vec<SecretFile>, SecretError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| SecretError::File { action, path, source }
    };
    fs::create_dir_all(folder).map_err(failed("make", folder))?;
    mode(folder, 0o700).map_err(failed("restrict", folder))?;
    let mut made = Vec::new();
    for secret in secrets {
        let path = folder.join(secret.name());
        if path.exists() {
            continue;
        }
        let mut file =
            tempfile::Builder::new().prefix(".making-").tempfile_in(folder).map_err(failed("write", &path))?;
        let text = random().map_err(SecretError::Random)?;
        file.write_all(text.as_bytes()).map_err(failed("write", &path))?;
        mode(file.path(), 0o444).map_err(failed("write", &path))?;
        match file.persist_noclobber(&path) {
            Ok(_) => made.push((*secret).clone()),
            // Another `up` was quicker; one of the two is right for both.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("write", &path)(error.error)),
        }
    }
    Ok(made)
}

/// Reads a secret from a folder, without one line break at its end; none where its file is not there.
pub fn read(folder: &Path, secret: &SecretFile) -> Result<Option<String>, SecretError> {
    let path = folder.join(secret.name());
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(SecretError::File { action: "read", path, source }),
    };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err(SecretError::Empty(path)) } else { Ok(Some(text.to_owned())) }
}

/// Letters and digits with `_` between groups of them, which mean the same in a URL, a shell and a configuration file.
/// Servers that want a password to have a letter of every kind get one.
fn random() -> Result<String, getrandom::Error> {
    let kinds: [fn(&char) -> bool; 3] = [char::is_ascii_uppercase, char::is_ascii_lowercase, char::is_ascii_digit];
    loop {
        let letters = letters()?;
        if kinds.iter().all(|kind| letters.iter().any(kind)) {
            let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
            return Ok(groups.join("_"));
        }
    }
}

fn letters() -> Result<Vec<char>, getrandom::Error> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut letters = Vec::with_capacity(LENGTH);
    while letters.len() < LENGTH {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        // Bytes of an incomplete round are thrown away, so that every letter is as likely.
        let fair = bytes.into_iter().filter(|byte| *byte < 248);
        letters.extend(fair.map(|byte| char::from(LETTERS[usize::from(byte) % 62])).take(LENGTH - letters.len()));
    }
    Ok(letters)
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt;

    use orch_manifest::SecretName;

    use super::{SecretError, SecretFile, make, random, read};

    fn secret(name: &str) -> SecretFile {
        SecretFile { secret: SecretName::parse(name).unwrap(), key: None }
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("secrets");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("kept"), "mine\n").unwrap();
        let (kept, new) = (secret("kept"), secret("made"));
        let secrets: BTreeSet<&SecretFile> = [&kept, &new].into();
        assert_eq!(make(&folder, &secrets).unwrap(), [secret("made")]);
        let made = read(&folder, &secret("made")).unwrap().unwrap();
        assert_eq!(make(&folder, &secrets).unwrap(), []);
        assert_eq!(read(&folder, &secret("made")).unwrap().unwrap(), made);
        assert_eq!(read(&folder, &secret("kept")).unwrap().unwrap(), "mine");
        assert_eq!(read(&folder, &secret("absent")).unwrap(), None);
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("made"))), (0o700, 0o444));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    }

    #[test]
    fn an_empty_one_is_an_error_that_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        assert!(
            matches!(read(folder.path(), &secret("empty")), Err(SecretError::Empty(path)) if path.ends_with("empty"))
        );
    }

    #[test]
    fn they_are_long_different_and_have_letters_of_every_kind() {
        let all: BTreeSet<String> = (0..100).map(|_| random().unwrap()).collect();
        assert_eq!(all.len(), 100);
        for text in &all {
            let has = |kind: fn(char) -> bool| text.chars().any(kind);
            assert!(has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_digit()));
            assert_eq!((text.len(), text.matches('_').count()), (35, 3), "{text}");
        }
        let letters: BTreeSet<char> = all.iter().flat_map(|text| text.chars()).collect();
        assert_eq!(letters.len(), 63);
    }
}
