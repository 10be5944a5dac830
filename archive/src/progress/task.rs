//! A piece of work that is reported while it lasts.

use crate::error::{Result, bail};
use crate::progress::Progress;

/// A piece of work: its end is reported when it is dropped.
pub(crate) struct Task<'a> {
    progress: &'a dyn Progress,
}

impl<'a> Task<'a> {
    /// Begins work of some steps.
    pub(crate) fn start(progress: &'a dyn Progress, what: &str, steps: u64) -> Self {
        progress.started(what, steps);
        Self { progress }
    }

    /// `steps` more steps are done.
    ///
    /// # Errors
    /// [`Cancelled`](crate::ErrorKind::Cancelled) when the work is to stop.
    pub(crate) fn advance(&self, steps: u64) -> Result<()> {
        self.progress.advanced(steps);
        if self.progress.is_cancelled() {
            bail!(Cancelled, Resume, "the work was cancelled");
        }
        Ok(())
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.progress.finished();
    }
}
