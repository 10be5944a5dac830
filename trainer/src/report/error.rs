//! What can go wrong while a run is recorded. A record that is lost does not make the weights wrong: whether a fit
//! goes on without its diagnostics is for the caller to decide, so each of these says which file and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// The reason why a record was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file of the report could not be read or written.
    #[error("cannot {action} {}: {source}; {}", path.display(), advice(source))]
    Io {
        /// What was tried, as in "cannot write FILE".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder holds another run's records and this is not a resumption.
    #[error("{} already holds the records of a run; go on with --resume, begin anew with --overwrite, or choose another folder with --run", path.display())]
    Occupied {
        /// The records found.
        path: PathBuf,
    },
    /// A line of the records, not the last, is not a record.
    #[error("line {line} of {} is not a record of a run ({reason}); remove that line", path.display())]
    Corrupt {
        /// The records.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// A picture could not be written or read.
    #[error("{name}: {source}")]
    Picture {
        /// The picture's name.
        name: String,
        /// What is wrong with it.
        source: vqz_report::Error,
    },
    /// JSON could not be made.
    #[error("cannot convert {what}: {reason}; the rest of the report is not affected")]
    Convert {
        /// What was converted.
        what: String,
        /// What the converter said.
        reason: String,
    },
}

impl ReportError {
    /// For `map_err`: an error of a picture.
    pub(super) fn picture(name: &str) -> impl FnOnce(vqz_report::Error) -> Self {
        move |source| Self::Picture { name: name.to_owned(), source }
    }

    /// For `map_err`: an I/O error at a path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free some space: what was recorded before is whole, this record is lost"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that may be written"
        }
        io::ErrorKind::NotFound => "the folder may have been moved or deleted while the run went on",
        _ => "check the disk and the path",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_names_the_file_and_says_what_to_do() {
        let full =
            ReportError::io("write", Path::new("runs/a/metrics.jsonl"))(io::ErrorKind::StorageFull.into());
        let message = full.to_string();
        assert!(message.starts_with("cannot write runs/a/metrics.jsonl: "), "{message}");
        assert!(
            message.ends_with("free some space: what was recorded before is whole, this record is lost"),
            "{message}"
        );
    }
}
