//! What goes to standard error: remarks and errors; and the list of all remarks, which JSON output and the exit code need.

use crate::advice;
use crate::exit::CheckFailed;
use anyhow::Result;
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use vqz_archive::{LostChunks, Remark, Severity};

/// Whether only errors are shown: `--quiet`.
static QUIET: AtomicBool = AtomicBool::new(false);

/// All remarks so far.
static REMARKS: Mutex<Vec<RecordedRemark>> = Mutex::new(Vec::new());

/// A remark as the command line words it, and as JSON output lists it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RecordedRemark {
    kind: &'static str,
    severity: Severity,
    /// The array that it is about.
    array: Option<String>,
    message: String,
    /// The chunks, where some are lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<LostChunks>,
}

/// From now on, shows only errors on standard error.
pub(crate) fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether only errors are shown.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Records a remark of the library and shows it.
pub(crate) fn remark(remark: &Remark) {
    if record(remark) {
        show(remark.severity(), &advice::remark(remark));
    }
}

/// Records a remark of the library without showing it, because the command prints it among its figures. Returns
/// whether it is new.
pub(crate) fn record(remark: &Remark) -> bool {
    let text = advice::remark(remark);
    let message = ["warning: ", "note: "].iter().find_map(|prefix| text.strip_prefix(prefix));
    store(RecordedRemark {
        kind: remark.kind(),
        severity: remark.severity(),
        array: remark.array().map(str::to_owned),
        message: message.unwrap_or(&text).to_owned(),
        lost: match remark {
            Remark::ChunksLost { lost, .. } => Some(lost.clone()),
            _ => None,
        },
    })
}

/// Shows a note of the command line itself.
pub(crate) fn note(kind: &'static str, message: &str) {
    let recorded = RecordedRemark {
        kind,
        severity: Severity::Note,
        array: None,
        message: message.to_owned(),
        lost: None,
    };
    if store(recorded) {
        show(Severity::Note, &format!("note: {message}"));
    }
}

/// All remarks so far, for JSON output.
pub(crate) fn remarks() -> Vec<RecordedRemark> {
    REMARKS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Fails if a remark says that the result falls short of what was asked for. Called after a command has done its
/// work.
///
/// # Errors
/// [`CheckFailed`], which says what fell short.
pub(crate) fn check() -> Result<()> {
    match shortfall(&remarks()) {
        Some(what) => Err(CheckFailed(what).into()),
        None => Ok(()),
    }
}

fn shortfall(remarks: &[RecordedRemark]) -> Option<String> {
    let arrays = |kinds: &[&str]| {
        let of = remarks
            .iter()
            .filter(|recorded| recorded.severity == Severity::Shortfall && kinds.contains(&recorded.kind));
        of.filter_map(|recorded| recorded.array.clone()).collect::<Vec<_>>().join(", ")
    };
    let (lost, missed) = (arrays(&["chunks_lost"]), arrays(&["target_missed"]));
    let (gone, differ) = (arrays(&["member_lost"]), arrays(&["member_differs"]));
    let mut what = Vec::new();
    if !lost.is_empty() {
        what.push(format!(
            "chunks of {lost} are lost (see the warning above); the work was done with fill value in their place"
        ));
    }
    if !gone.is_empty() {
        what.push(format!("arrays of the archive are lost: {gone} (see the warning above)"));
    }
    if !differ.is_empty() {
        what.push(format!(
            "{differ} of the archive differ from its source (see the warning above); restore the archive from a copy, or encode it \
             again, if the source is the one that it was made from"
        ));
    }
    if !missed.is_empty() {
        what.push(format!(
            "the target was not met by {missed} (see the warning above); the output is complete and is kept"
        ));
    }
    (!what.is_empty()).then(|| what.join("; "))
}

/// Writes the line of an error.
pub(crate) fn error(text: &str) {
    write(&format!("error: {text}"));
}

/// Records a remark. Returns false if it was recorded before.
fn store(recorded: RecordedRemark) -> bool {
    let mut remarks = REMARKS.lock().unwrap_or_else(PoisonError::into_inner);
    let new = !remarks.contains(&recorded);
    if new {
        remarks.push(recorded);
    }
    new
}

fn show(severity: Severity, text: &str) {
    // A remark that changes the exit code is shown even with `--quiet`.
    if !is_quiet() || severity == Severity::Shortfall {
        write(text);
    }
}

fn write(line: &str) {
    // If standard error is closed, there is nothing to do about it.
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shortfalls_fail_a_command() {
        let recorded = |severity, array: &str| RecordedRemark {
            kind: "target_missed",
            severity,
            array: Some(array.to_owned()),
            message: String::new(),
            lost: None,
        };
        assert_eq!(shortfall(&[recorded(Severity::Note, "a"), recorded(Severity::Warning, "b")]), None);
        assert_eq!(
            shortfall(&[recorded(Severity::Shortfall, "a"), recorded(Severity::Shortfall, "b")]).as_deref(),
            Some(
                "the target was not met by a, b (see the warning above); the output is complete and is kept"
            )
        );
    }
}
