//! Words of numbers, and remarks.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Writes a remark to standard error, where it is in nobody's way; what was said already is not said again.
pub fn remark(text: impl AsRef<str>) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.as_ref().to_owned()) {
        return;
    }
    // Nobody listens: nothing to do about it.
    drop(writeln!(std::io::stderr().lock(), "{}", text.as_ref()));
}

/// A number of things: `1 chunk`, `2 chunks`.
pub fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// A figure in data units: whole numbers as they are, others with six significant digits.
pub fn figure(value: f64) -> String {
    if value.fract() == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 20) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
