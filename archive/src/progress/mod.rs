//! Reports to the caller while work is done: progress, and remarks.

mod held;
mod remark;
mod remark_kind;
mod task;

pub(crate) use held::HeldRemarks;
pub use remark::{MissedTarget, Remark, WrittenAgain};
pub use remark_kind::Severity;
pub(crate) use task::Task;

/// Receives progress and remarks. Every method may be called from several threads.
pub trait Progress: Send + Sync {
    /// Work of some steps begins. `what` names it in the present participle, such as `encoding`.
    fn started(&self, what: &str, steps: u64) {
        let _ = (what, steps);
    }

    /// `steps` more steps are done.
    fn advanced(&self, steps: u64) {
        let _ = steps;
    }

    /// The work that was started last has ended, whether or not it succeeded.
    fn finished(&self) {}

    /// Whether the work is to stop. It is asked after each step; the call then fails with
    /// [`Cancelled`](crate::ErrorKind::Cancelled), and what it wrote so far is taken up by the next call.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Something that the user should know. It is never a failure: the call goes on and returns its result. But see
    /// [`Remark::severity`].
    fn remark(&self, remark: &Remark) {
        let _ = remark;
    }
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
