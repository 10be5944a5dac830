//! Progress of work: bars (only if standard error is a terminal) and remarks.

use crate::console;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use vqz_archive::{Progress, Remark};

/// Shows progress on standard error: a bar if that is a terminal, and remarks in any case. With `--quiet`, shows
/// neither.
#[derive(Default)]
pub(crate) struct Terminal {
    bar: Mutex<Option<ProgressBar>>,
}

impl Terminal {
    fn with_bar(&self, work: impl FnOnce(&mut Option<ProgressBar>)) {
        work(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Terminal {
    fn started(&self, what: &str, steps: u64) {
        let target = if std::io::stderr().is_terminal() && !console::is_quiet() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        if let Ok(style) = ProgressStyle::with_template("{msg:<28} {bar:32} {pos}/{len} {elapsed} left {eta}")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with_bar(|shown| {
            if let Some(before) = shown.replace(bar) {
                before.finish_and_clear();
            }
        });
    }

    fn advanced(&self, steps: u64) {
        self.with_bar(|shown| {
            if let Some(bar) = shown {
                bar.inc(steps);
            }
        });
    }

    fn finished(&self) {
        self.with_bar(|shown| {
            if let Some(bar) = shown.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn remark(&self, remark: &Remark) {
        console::remark(remark);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.finished();
    }
}
