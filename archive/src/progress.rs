//! Progress bars: on a terminal's standard error only, and never in the way of the figures.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar, or nothing where standard error is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for what is being done.
    pub fn new(what: &str) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{msg:<28} {bar:32} {pos}/{len} {elapsed} left {eta}")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self { bar }
    }

    /// Begins, with so many steps to do.
    pub fn begin(&self, steps: u64) {
        self.bar.set_position(0);
        self.bar.set_length(steps);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// So many steps are done.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// A fraction from 0 to 1 is done, and this is being done.
    pub fn fraction(&self, fraction: f64, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.set_position((fraction.clamp(0.0, 1.0) * 100.0) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
