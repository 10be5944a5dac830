//! Two ways to write to the disk that leave nothing half-written: a whole file, under a temporary name and then renamed; and
//! records appended to a file, from which an incomplete one is cut off again.

use super::error::ReportError;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Replaces `path` by `bytes`: readers see the old file or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let temporary = temporary_path(path);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        // Some file systems report a full disk only now; after the rename it would be too late.
        file.sync_all()
    });
    if let Err(source) = written {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        return Err(ReportError::io("write", path)(source));
    }
    fs::rename(&temporary, path).map_err(ReportError::io("replace", path))
}

fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    path.with_file_name(name)
}

/// A file that grows by whole records.
#[derive(Debug)]
pub(super) struct Appender {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Appender {
    /// Appends to `path`, which is made if there is none.
    pub(super) fn open(path: &Path) -> Result<Self, ReportError> {
        let open = OpenOptions::new().append(true).create(true).open(path);
        let file = open.map_err(ReportError::io("open", path))?;
        let length = file.metadata().map_err(ReportError::io("open", path))?.len();
        Ok(Self { file, path: path.to_path_buf(), length })
    }

    /// One record, handed to the system at once: a killed process loses nothing that was appended before.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<(), ReportError> {
        match self.file.write_all(record) {
            Ok(()) => {
                self.length += record.len() as u64;
                Ok(())
            }
            Err(source) => {
                // Half a record would spoil the next one; shortening a file takes no space.
                let _ = self.file.set_len(self.length);
                Err(ReportError::io("write", &self.path)(source))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_files_leave_nothing_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let message = replace(Path::new("/nowhere/at/all/report.html"), b"").unwrap_err().to_string();
        assert!(message.starts_with("cannot write /nowhere/at/all/report.html: "), "{message}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_with_a_way_out() {
        // Every write to this device fails as on a full disk.
        let message = Appender::open(Path::new("/dev/full")).unwrap().append(b"x").unwrap_err().to_string();
        assert!(message.starts_with("cannot write /dev/full: No space left"), "{message}");
        assert!(message.contains("free some space"), "{message}");
    }

    #[test]
    fn records_are_appended_to_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        Appender::open(&path).unwrap().append(b"one\n").unwrap();
        let mut again = Appender::open(&path).unwrap();
        again.append(b"two\n").unwrap();
        assert_eq!((again.length, fs::read(&path).unwrap().as_slice()), (8, b"one\ntwo\n".as_slice()));
    }
}
