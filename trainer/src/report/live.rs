//! The live line. On a terminal, one line is redrawn in place; elsewhere (in a log file), a plain line is printed now and
//! then.

use super::number;
use super::record::Step;
use super::timer::NAMES;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

/// The number of records from which means and the remaining time are computed: enough to include validations, few enough to
/// follow changes.
const WINDOW: usize = 64;

/// The name of a batch's gain in dB over the linear path.
const GAIN: &str = "gain_db";
/// The name of a batch's PSNR.
const PSNR: &str = "psnr_db";

/// The line, and what it shows.
pub(super) struct Live {
    bar: Option<ProgressBar>,
    total_steps: u64,
    every: Duration,
    last: Option<Instant>,
    step_times: StepTimes,
    recent: Recent,
    validated: Option<(f64, f64)>,
}

impl Live {
    /// `terminal` says whether standard error is one; `every` is the time between plain lines if it is not.
    pub(super) fn new(terminal: bool, total_steps: u64, every: Duration) -> Self {
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // wide_msg cuts the line at the terminal's width, so that it stays on one line.
            ProgressStyle::with_template("{wide_msg}").map_or(bar.clone(), |style| bar.with_style(style))
        });
        Self {
            bar,
            total_steps,
            every,
            last: None,
            step_times: StepTimes::default(),
            recent: Recent::default(),
            validated: None,
        }
    }

    /// Shows a step.
    pub(super) fn step(&mut self, step: &Step) {
        self.step_times.add(step.step, step.seconds);
        self.recent.add(step);
        if let Some(bar) = &self.bar {
            bar.set_message(self.line(step));
            return;
        }
        let now = Instant::now();
        if self.last.is_none_or(|last| now.duration_since(last) >= self.every) {
            self.last = Some(now);
            self.say(&self.line(step));
        }
    }

    /// Takes the last validation's PSNR and bits a sample, to be shown with each step.
    pub(super) fn validated(&mut self, figures: Option<(f64, f64)>) {
        self.validated = figures.or(self.validated);
    }

    /// Prints a line that stays.
    pub(super) fn say(&self, line: &str) {
        let write = || {
            // If standard error is closed, the fit goes on.
            let _ = writeln!(std::io::stderr(), "{line}");
        };
        self.bar.as_ref().map_or_else(write, |bar| bar.suspend(write));
    }

    /// Removes the live line.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, step: &Step) -> String {
        let of = |name: &str| step.scalars.iter().find(|(found, _)| found == name).map(|(_, value)| *value);
        // What matters most comes first: a narrow terminal cuts the end.
        let mut parts = vec![match self.total_steps {
            0 => format!("step {}", number::grouped(step.step)),
            total => format!("step {}/{}", number::grouped(step.step), number::grouped(total)),
        }];
        // Losses are divided by their own present values, and each batch has a quality of its own, so means say more than
        // the last value.
        parts.extend(match (self.recent.mean(GAIN), self.recent.mean(PSNR)) {
            (Some(gain), _) => Some(format!("gain {gain:+.3} dB")),
            (None, psnr) => psnr.map(|psnr| format!("{psnr:.2} dB (mean)")),
        });
        parts.extend(self.validated.map(|(psnr, bits)| format!("validated {psnr:.2} dB, {bits:.3} bits")));
        let left = self.total_steps.checked_sub(step.step).filter(|_| self.total_steps > 0);
        let eta = left
            .zip(self.step_times.seconds_per_step())
            .map(|(left, seconds_per_step)| left as f64 * seconds_per_step);
        parts.extend(eta.map(|eta| format!("eta {}", number::duration(eta))));
        let times: Vec<f64> = NAMES.iter().filter_map(|name| of(name)).collect();
        let sum: f64 = times.iter().sum();
        if sum > 0.0 {
            let load = of(NAMES[0]).unwrap_or(0.0) / sum * 100.0;
            let decimals = usize::from(sum < 10.0);
            parts.push(format!("{sum:.decimals$} ms/step (load {load:.0} %)"));
        }
        parts.extend(of("learning_rate").map(|rate| format!("lr {}", number::short(rate))));
        parts.join("  ")
    }
}

/// The gains and PSNRs of the last records.
#[derive(Debug, Default)]
struct Recent(VecDeque<Vec<(String, f64)>>);

impl Recent {
    fn add(&mut self, step: &Step) {
        if self.0.len() == WINDOW {
            self.0.pop_front();
        }
        let averaged = |(name, value): &&(String, f64)| (name == GAIN || name == PSNR) && value.is_finite();
        self.0.push_back(step.scalars.iter().filter(averaged).cloned().collect());
    }

    fn mean(&self, wanted: &str) -> Option<f64> {
        let values = || self.0.iter().flatten().filter(|(name, _)| name == wanted).map(|(_, value)| value);
        let count = values().count();
        (count > 0).then(|| values().sum::<f64>() / count as f64)
    }
}

/// Steps and seconds of the last records. Only those of this process count, so that a pause before a resumption does not.
#[derive(Debug, Default)]
struct StepTimes(VecDeque<(u64, f64)>);

impl StepTimes {
    fn add(&mut self, step: u64, seconds: f64) {
        if self.0.len() == WINDOW {
            self.0.pop_front();
        }
        self.0.push_back((step, seconds));
    }

    fn seconds_per_step(&self) -> Option<f64> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        (last.0 > first.0).then(|| (last.1 - first.1) / (last.0 - first.0) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64, seconds: f64) -> Step {
        let scalars = [
            ("loss/total", 0.032_149),
            ("psnr_db", 38.2149),
            ("rate/bits_per_sample", 1.2344),
            ("learning_rate", 3e-4),
            ("time/load", 5.0),
            ("time/forward", 40.0),
            ("time/backward", 45.0),
            ("time/optimiser", 10.0),
        ];
        let scalars = scalars.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Step { step, epoch: 0, seconds, scalars }
    }

    #[test]
    fn one_line_says_it_all() {
        let mut live = Live::new(false, 20_000, Duration::from_secs(30));
        live.step(&step(12_400, 1000.0));
        live.step(&step(12_500, 1010.0));
        assert_eq!(
            live.line(&step(12_500, 1010.0)),
            "step 12,500/20,000  38.21 dB (mean)  eta 12 min 30 s  100 ms/step (load 5 %)  lr 3e-4"
        );
    }

    #[test]
    fn progress_is_the_mean_gain_and_the_last_validation() {
        let mut live = Live::new(false, 0, Duration::ZERO);
        for gain in [0.1, 0.3] {
            let scalars = [("loss/total", 1.0), ("psnr_db", 40.0), ("gain_db", gain)];
            let scalars = scalars.map(|(name, value)| (name.to_owned(), value)).to_vec();
            live.step(&Step { step: 20, scalars, ..Step::default() });
        }
        live.validated(Some((46.123, 2.3456)));
        let line = live.line(&Step { step: 40, ..Step::default() });
        assert_eq!(line, "step 40  gain +0.200 dB  validated 46.12 dB, 2.346 bits");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let live = Live::new(false, 0, Duration::ZERO);
        assert_eq!(live.line(&Step { step: 3, ..Step::default() }), "step 3");
    }

    #[test]
    fn the_pace_is_that_of_the_last_records() {
        let mut seconds_per_step = StepTimes::default();
        assert_eq!(seconds_per_step.seconds_per_step(), None);
        (0..10).for_each(|i| seconds_per_step.add(i, 100.0 * i as f64));
        (10..200).for_each(|i| seconds_per_step.add(i, 1000.0 + 2.0 * i as f64));
        assert_eq!(seconds_per_step.seconds_per_step(), Some(2.0));
    }
}
