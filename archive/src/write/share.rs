//! A share of the work: several processes write one output, each its own chunks, and the last to end puts it in its place.
//!
//! Each share holds a lock of its own, so that no two processes take the same, and leaves a mark when it is done.

use crate::error::{Context, Error, Result, bail, fail};
use crate::store::files;
use crate::write::fingerprint::Fingerprint;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The prefix of the names of files that shares leave in an unfinished output.
const PREFIX: &str = ".vqz-share-";

/// The file that says that everything but the chunks is there, so that no share needs to prepare it. It holds the fingerprint of the
/// input that this was made from.
const PREPARED: &str = ".vqz-prepared";

/// What that file holds while it is true of no input.
const IN_THE_MAKING: &[u8] = b"in the making";

/// More shares than this are surely a mistake.
const MOST: u64 = 1_000_000;

/// Share `index` of `count`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u64,
    count: u64,
}

impl Share {
    /// Share `index` of `count`, counted from 0.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where the index is not below the count, or there are more than
    /// a million shares.
    pub fn new(index: u64, count: u64) -> Result<Self> {
        if index >= count || count > MOST {
            bail!(
                InvalidArgument,
                "there is no share {index} of {count}; shares are counted from 0, and there are at most {MOST}"
            );
        }
        Ok(Self { index, count })
    }

    /// Whether this chunk belongs to the share. Neighbouring chunks belong to different shares, so that all shares
    /// have about the same work.
    pub fn has(self, number: u64) -> bool {
        number % self.count == self.index
    }

    /// Its number, counted from 0.
    pub(crate) fn index(self) -> u64 {
        self.index
    }

    /// How many shares there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// How it is named in the names of its files.
    pub(crate) fn file_name(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }

    fn lock_path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{PREFIX}{}", self.file_name()))
    }

    fn done_path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{PREFIX}{}.done", self.file_name()))
    }

    /// All shares of the same work.
    pub(crate) fn all(self) -> impl Iterator<Item = Self> {
        (0..self.count).map(move |index| Self { index, ..self })
    }

    /// Takes the share: no other process works on it while the file is held. It is not done from now on, even if it was.
    ///
    /// # Errors
    /// When another process works on it.
    pub(crate) fn take(self, folder: &Path) -> Result<File> {
        let path = self.lock_path(folder);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("opening {}", path.display()))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!(
                Busy,
                "{self} of {} is being worked on by another process; wait for it, or stop it",
                folder.display()
            )
        }
        // Some file systems have no locks. There, the user must give each process a share of its own.
        self.reopen(folder)?;
        Ok(file)
    }

    /// Marks it as done with an input.
    pub(crate) fn mark_done(self, folder: &Path, input: &Fingerprint) -> Result<()> {
        files::write_atomically(&self.done_path(folder), input.text().as_bytes())
    }

    /// Removes the mark that it is done, if there is one.
    pub(crate) fn reopen(self, folder: &Path) -> Result<()> {
        let path = self.done_path(folder);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// The shares that are not marked as done with this input: those that never were, and those that read another one.
    pub(crate) fn open_ones(self, folder: &Path, input: &Fingerprint) -> Vec<u64> {
        let is_done = |share: &Self| {
            fs::read(share.done_path(folder)).is_ok_and(|text| text == input.text().as_bytes())
        };
        self.all().filter(|share| !is_done(share)).map(|share| share.index).collect()
    }

    /// Whether everything but the chunks is there, made from this input.
    pub(crate) fn is_prepared(folder: &Path, input: &Fingerprint) -> bool {
        fs::read(folder.join(PREPARED)).is_ok_and(|text| text == input.text().as_bytes())
    }

    /// Whether everything but the chunks is there, made from another input.
    pub(crate) fn is_outdated(folder: &Path, input: &Fingerprint) -> bool {
        fs::read(folder.join(PREPARED)).is_ok_and(|text| text != input.text().as_bytes())
    }

    /// Notes that what was prepared is made again, from whatever input, where something was.
    pub(crate) fn mark_unprepared(folder: &Path) -> Result<()> {
        let path = folder.join(PREPARED);
        if path.is_file() { files::write_atomically(&path, IN_THE_MAKING) } else { Ok(()) }
    }

    /// Notes that everything but the chunks is there, made from this input.
    pub(crate) fn mark_prepared(folder: &Path, input: &Fingerprint) -> Result<()> {
        files::write_atomically(&folder.join(PREPARED), input.text().as_bytes())
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "share {}/{}", self.index, self.count)
    }
}

impl FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            fail!(InvalidArgument, "\"{text}\" is no share; write I/N, with I from 0 to N - 1, such as 0/16")
        };
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().map_err(|_| wrong()),
            false => Err(wrong()),
        };
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        match (number(index)?, number(count)?) {
            (index, count) if index >= count => Err(wrong()),
            (index, count) => Self::new(index, count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_disjoint_and_complete() {
        for (count, chunks) in [(1, 7), (3, 7), (16, 7)] {
            let shares: Vec<Share> =
                (0..count).map(|index| format!("{index}/{count}").parse().unwrap()).collect();
            for chunk in 0..chunks {
                assert_eq!(shares.iter().filter(|share| share.has(chunk)).count(), 1);
            }
        }
        for text in ["3/3", "1", "a/2", "0/0", "-1/2", "+1/2", "1/", "1/2/3"] {
            let error = text.parse::<Share>().unwrap_err().to_string();
            assert!(error.contains("such as 0/16"), "{error}");
        }
        assert!("999999/1000000".parse::<Share>().is_ok());
        let error = "0/1000001".parse::<Share>().unwrap_err().to_string();
        assert!(error.contains("there are at most 1000000"), "{error}");
    }

    #[test]
    fn what_was_prepared_from_another_input_is_out_of_date() {
        let folder = std::env::temp_dir().join(format!("vqz-share-prepared-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let (first, second) = (Fingerprint::from_text("first"), Fingerprint::from_text("second"));
        let state = |input| (Share::is_prepared(&folder, input), Share::is_outdated(&folder, input));
        assert_eq!((state(&first), state(&second)), ((false, false), (false, false)));
        Share::mark_unprepared(&folder).unwrap();
        assert_eq!((state(&first), state(&second)), ((false, false), (false, false)));
        Share::mark_prepared(&folder, &first).unwrap();
        assert_eq!((state(&first), state(&second)), ((true, false), (false, true)));
        Share::mark_prepared(&folder, &second).unwrap();
        assert_eq!((state(&first), state(&second)), ((false, true), (true, false)));
        Share::mark_unprepared(&folder).unwrap();
        assert_eq!((state(&first), state(&second)), ((false, true), (false, true)));
        fs::remove_dir_all(&folder).unwrap();
    }
}
