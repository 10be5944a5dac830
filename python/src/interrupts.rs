//! Calls that an interrupt from the keyboard ends.

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Builder};
use std::time::Duration;

/// How often signals are looked for.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs `work` in a thread of its own, while other threads of Python run. Python handles signals in its main thread alone, and
/// only when that asks for them: so this thread asks. If a handler raises, as that of Ctrl-C does, `cancel` is called, and
/// the exception is raised once the work has stopped.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    cancel: impl Fn() + Send + Sync,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    py.detach(|| {
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let send = move || {
                // The receiver waits until this is done.
                let _ = sender.send(work());
            };
            let worker = Builder::new()
                .name("vqz-call".to_owned())
                .spawn_scoped(scope, send)
                .map_err(|e| PyOSError::new_err(format!("no thread can be started for the work: {e}")))?;
            let mut raised = None;
            loop {
                match receiver.recv_timeout(PATIENCE) {
                    Ok(result) => return raised.map_or(Ok(result), Err),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => match worker.join() {
                        Err(panic) => std::panic::resume_unwind(panic),
                        Ok(()) => {
                            return Err(PyOSError::new_err("the thread of the work ended without a result"));
                        }
                    },
                }
                if raised.is_none()
                    && let Err(exception) = Python::attach(|py| py.check_signals())
                {
                    cancel();
                    raised = Some(exception);
                }
            }
        })
    })
}
