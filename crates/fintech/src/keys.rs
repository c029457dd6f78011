//! The keys that sign access tokens, in the folder `keys` of a data folder: files that are their
//! owner's alone, named by the moment when they were made. The newest signs; one before it stays until
//! no token of its is good. Not in here: what a token says.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kernel::Time;
use tokens::{SigningKey, SigningKeys, TOKEN_LIFE};

use crate::end::Failure;
use crate::folder::keep_secret;

/// The name of the folder.
const FOLDER: &str = "keys";
/// How the name of a key's file ends.
const EXTENSION: &str = "p8";
/// How old a key becomes before another takes its place.
const KEY_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long a key is kept after another took its place, beyond the life of its tokens.
const KEPT: Duration = TOKEN_LIFE.saturating_mul(2);
/// The largest file of a key that is read, in bytes.
const KEY_BYTES_MAX: u64 = 4_096;

/// The keys of a data folder. The first is made where there is none, and another where the newest has
/// become old; what is good for nothing any more is removed.
///
/// # Errors
/// When a file is no key, or somebody else could read it, or the disk fails.
pub(crate) fn open(data: &Path, now: Time) -> Result<SigningKeys, Failure> {
    let folder = folder(data)?;
    let mut all = read_all(&folder)?;
    let newest = all.last().map(SigningKey::created_at);
    if newest.is_none_or(|newest| now.since(newest) >= KEY_LIFE) {
        make(&folder, now)?;
        all = read_all(&folder)?;
    }
    let Some(newest) = all.pop() else {
        return Err(Failure::cannot_run(format!("{}: there is no key", folder.display())));
    };
    let mut others = Vec::new();
    let mut replaced_at = newest.created_at();
    for key in all.into_iter().rev() {
        let made_at = key.created_at();
        if now.since(replaced_at) <= KEPT {
            others.push(key);
        } else {
            let path = path_of(&folder, made_at);
            std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        }
        replaced_at = made_at;
    }
    Ok(SigningKeys { newest, others })
}

/// Makes another key, which signs from when the program looks next.
///
/// # Errors
/// As [`open`].
pub(crate) fn rotate(data: &Path, now: Time) -> Result<(), Failure> {
    make(&folder(data)?, now)
}

/// The folder; made where there is none.
fn folder(data: &Path) -> Result<PathBuf, Failure> {
    let folder = data.join(FOLDER);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(&folder, error)),
        _ => expect_own(&folder).map(|()| folder),
    }
}

fn read_all(folder: &Path) -> Result<Vec<SigningKey>, Failure> {
    let mut keys = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let is_key = path.extension().is_some_and(|extension| extension == EXTENSION);
        if is_key {
            keys.push(read(&path)?);
        }
    }
    keys.sort_by_key(SigningKey::created_at);
    Ok(keys)
}

fn read(path: &Path) -> Result<SigningKey, Failure> {
    expect_own(path)?;
    let made_at = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
    let made_at = made_at.map(Time::from_micros);
    let made_at = made_at.ok_or_else(|| failed(path, "is not named by a moment"))?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(path, error))?;
    file.take(KEY_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
    SigningKey::read(&bytes, made_at).map_err(|error| failed(path, error))
}

/// What others can read is no secret, so nothing is signed with it.
fn expect_own(path: &Path) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| failed(path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let why = format!(
        "others than its owner can reach it ({mode:03o}): whoever has a signing key is whom he wants; \
         `chmod go-rwx` it, and remove the keys in it if somebody may have read them"
    );
    Err(failed(path, why))
}

/// Makes another one.
fn make(folder: &Path, now: Time) -> Result<(), Failure> {
    let path = path_of(folder, now);
    let key = SigningKey::generate().map_err(|error| failed(&path, error))?;
    keep_secret(&path, &key).map_err(|error| failed(&path, error))
}

fn path_of(folder: &Path, made_at: Time) -> PathBuf {
    folder.join(format!("{}.{EXTENSION}", made_at.micros()))
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::cannot_run(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn at(days: u32) -> Time {
        let first = Time::from_micros(1_700_000_000_000_000);
        first.plus(Duration::from_secs(24 * 60 * 60).saturating_mul(days))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_made_once_replaced_when_old_and_removed_when_over() {
        let data = tempfile::tempdir().unwrap();
        let made_at = |days| {
            let keys = open(data.path(), at(days)).unwrap();
            let others: Vec<_> = keys.others.iter().map(SigningKey::created_at).collect();
            (keys.newest.created_at(), others)
        };
        assert_eq!(made_at(0), (at(0), vec![]));
        assert_eq!(made_at(89), (at(0), vec![]));
        assert_eq!(made_at(90), (at(90), vec![at(0)]));
        rotate(data.path(), at(91)).unwrap();
        // The one of day 0 was replaced a day ago, that of day 90 just now.
        assert_eq!(made_at(91), (at(91), vec![at(90)]));
        assert_eq!(made_at(92), (at(91), vec![]));
        assert_eq!(fs::read_dir(data.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn keys_are_their_owners_alone_or_nothing_is_signed() {
        let data = tempfile::tempdir().unwrap();
        open(data.path(), at(0)).unwrap();
        let folder = data.path().join(FOLDER);
        let key = path_of(&folder, at(0));
        assert_eq!((mode(&folder), mode(&key)), (0o700, 0o600));
        for (path, bad, good) in
            [(&key, 0o640, 0o600), (&key, 0o604, 0o600), (&folder, 0o755, 0o700)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(bad)).unwrap();
            let refused = open(data.path(), at(0)).unwrap_err().to_string();
            assert!(refused.contains("others than its owner"), "{refused}");
            fs::set_permissions(path, fs::Permissions::from_mode(good)).unwrap();
        }
        open(data.path(), at(0)).unwrap();
        fs::write(&key, "no key").unwrap();
        assert!(open(data.path(), at(0)).unwrap_err().to_string().contains("no P-256 key"));
    }
}
