//! Who puts an output in its place when several processes wrote it: exactly one of them.
//!
//! Locks decide where they reach every machine. Some network file systems keep them to one machine, so the one that completes an
//! output makes a file first, which only one process on any machine can make.

use crate::error::{Context, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

/// The file that the completing process makes.
const COMPLETING: &str = ".vqz-completing";

/// After this time a process on another machine is taken to have failed while it completed the output.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Whether this process is the one to complete the output. `alone` says that it holds a lock that no other process of this machine
/// can hold.
///
/// # Errors
/// [`Busy`](crate::ErrorKind::Busy) where a process of another machine began to complete it long ago, and the output is still not in
/// its place.
pub(crate) fn claim(folder: &Path, alone: bool) -> Result<bool> {
    let path = folder.join(COMPLETING);
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            file.write_all(machine().as_bytes()).with_context(|| format!("writing {}", path.display()))?;
            return Ok(true);
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        // The output is in its place.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("making {}", path.display())),
    }
    let machine = machine();
    if alone && !machine.is_empty() && fs::read_to_string(&path).is_ok_and(|found| found == machine) {
        // It was a process of this machine, and does not run any more.
        return Ok(true);
    }
    let age =
        fs::metadata(&path).and_then(|found| found.modified()).ok().and_then(|time| time.elapsed().ok());
    if age.is_some_and(|age| age > PATIENCE) {
        bail!(
            Busy,
            "{} is complete, and a process of another machine began to put it in its place {} minutes ago; if none does so \
             any more, delete {} and do this share again",
            folder.display(),
            age.unwrap_or_default().as_secs() / 60,
            path.display()
        );
    }
    Ok(false)
}

/// Gives up a claim, because what it was made for failed: another process may complete the output.
pub(crate) fn give_up(folder: &Path) {
    // If that fails, the message of a later run says what to delete.
    drop(fs::remove_file(folder.join(COMPLETING)));
}

/// What tells this machine from all others; empty where nothing does.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let (name, id) = (read("/proc/sys/kernel/hostname"), read("/etc/machine-id"));
    if name.is_empty() { name } else { format!("{name} {id}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_completes_an_output() {
        let folder = std::env::temp_dir().join(format!("vqz-completion-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(claim(&folder, false).unwrap());
        assert!(!claim(&folder, false).unwrap());
        // One that was killed meanwhile, on this machine.
        assert!(machine().is_empty() || claim(&folder, true).unwrap());
        // One that failed, on whatever machine.
        give_up(&folder);
        assert!(claim(&folder, false).unwrap());
        let path = folder.join(COMPLETING);
        fs::write(&path, "another machine").unwrap();
        assert!(!claim(&folder, true).unwrap());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * PATIENCE).unwrap();
        let error = claim(&folder, true).unwrap_err().to_string();
        assert!(error.contains("120 minutes ago; if none does so any more, delete "), "{error}");
        fs::remove_dir_all(&folder).unwrap();
        assert!(!claim(&folder, true).unwrap());
    }
}
