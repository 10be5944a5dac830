//! What a caller hears of while work is done: how far it is, and what is worth knowing.

mod remark;
mod remark_kind;
mod task;

pub use remark::{MissedTarget, Remark};
pub use remark_kind::Severity;
pub(crate) use task::Task;

/// Hears of progress. Every method may be called from several threads.
pub trait Progress: Send + Sync {
    /// Work of some steps begins. `what` names it in the present participle, such as `encoding`.
    fn started(&self, what: &str, steps: u64) {
        let _ = (what, steps);
    }

    /// So many more steps are done.
    fn advanced(&self, steps: u64) {
        let _ = steps;
    }

    /// The work that was started last has ended, whether or not it succeeded.
    fn finished(&self) {}

    /// Something that whoever asked for the work should know. It is never a failure of the call, which goes on and returns what it
    /// did; but see [`Remark::severity`].
    fn remark(&self, remark: &Remark) {
        let _ = remark;
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
