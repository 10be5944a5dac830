//! Progress and remarks for a Python object.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use vqz_archive::{Progress, Remark, Severity};

/// Passes progress on to a Python object with the methods `started(what, steps)`, `advanced(steps)` and `finished()`, and collects
/// remarks, which become warnings after the call.
pub(crate) struct Listener {
    object: Option<Py<PyAny>>,
    remarks: Mutex<Vec<Said>>,
    cancelled: AtomicBool,
}

/// A remark: its kind, its severity, the array that it is about, and its text.
pub(crate) type Said = (&'static str, &'static str, Option<String>, String);

impl Listener {
    pub(crate) fn new(object: Option<Py<PyAny>>) -> Self {
        Self { object, remarks: Mutex::default(), cancelled: AtomicBool::new(false) }
    }

    /// Makes the call stop after its present step.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The remarks so far.
    pub(crate) fn remarks(&self) -> Vec<Said> {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn call(
        &self,
        method: &str,
        arguments: impl FnOnce(Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyTuple>>,
    ) {
        let Some(object) = &self.object else { return };
        Python::attach(|py| {
            // Progress is only shown; what goes wrong there must not stop the work.
            let _ = arguments(py).and_then(|arguments| object.bind(py).call_method1(method, arguments));
        });
    }
}

impl Progress for Listener {
    fn started(&self, what: &str, steps: u64) {
        self.call("started", |py| (what, steps).into_pyobject(py));
    }

    fn advanced(&self, steps: u64) {
        self.call("advanced", |py| (steps,).into_pyobject(py));
    }

    fn finished(&self) {
        self.call("finished", |py| Ok(().into_pyobject(py)?));
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn remark(&self, remark: &Remark) {
        let severity = match remark.severity() {
            Severity::Note => "note",
            Severity::Warning => "warning",
            _ => "shortfall",
        };
        let said = (remark.kind(), severity, remark.array().map(str::to_owned), remark.to_string());
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }
}
