//! Remarks that are held back until it is certain that they hold.

use crate::progress::{Progress, Remark};
use std::sync::{Mutex, PoisonError};

/// Remarks, in the order in which they were made.
#[derive(Default)]
pub(crate) struct HeldRemarks(Mutex<Vec<Remark>>);

impl HeldRemarks {
    /// Makes them.
    pub(crate) fn pass_on(self, progress: &dyn Progress) {
        let remarks = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        remarks.iter().for_each(|remark| progress.remark(remark));
    }
}

impl Progress for HeldRemarks {
    fn remark(&self, remark: &Remark) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(remark.clone());
    }
}
