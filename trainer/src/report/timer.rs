//! Where a training step's time goes: loading, forward, backward, optimiser. Kernels on a GPU run after the call that
//! started them returns; a caller who wants the split, not only the sum, synchronises at the end of each phase.

use std::time::{Duration, Instant};

/// A part of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for a batch and moving it to the device: `time/load`.
    Load,
    /// From the batch to the losses: `time/forward`.
    Forward,
    /// From the losses to the gradients: `time/backward`.
    Backward,
    /// From the gradients to the weights, codebooks included: `time/optimiser`.
    Optimiser,
}

/// In the order of [`Phase`]; the page and the live line look for these names.
pub(super) const NAMES: [&str; 4] = ["time/load", "time/forward", "time/backward", "time/optimiser"];

/// Sums the phases over the steps between two records.
#[derive(Clone, Debug, Default)]
pub struct Timer {
    sums: [Duration; 4],
    steps: u32,
}

impl Timer {
    /// Nothing timed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs and times a part of a step.
    pub fn time<T>(&mut self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        self.add(phase, start.elapsed());
        value
    }

    /// Adds time that was measured elsewhere.
    pub fn add(&mut self, phase: Phase, time: Duration) {
        self.sums[phase as usize] += time;
    }

    /// A step is over.
    pub fn step_done(&mut self) {
        self.steps += 1;
    }

    /// The mean of each phase in ms per step, under the names of a [`super::Step`]. Resets the timer. Empty before
    /// the first step is over.
    pub fn take(&mut self) -> Vec<(String, f64)> {
        let Self { sums, steps } = std::mem::take(self);
        if steps == 0 {
            return Vec::new();
        }
        let mean = |sum: Duration| sum.as_secs_f64() * 1e3 / f64::from(steps);
        NAMES.iter().zip(sums).map(|(name, sum)| ((*name).to_owned(), mean(sum))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_over_steps_then_anew() {
        let mut timer = Timer::new();
        for ms in [10, 30] {
            timer.add(Phase::Load, Duration::from_millis(ms));
            timer.add(Phase::Backward, Duration::from_millis(2 * ms));
            timer.step_done();
        }
        let means = timer.take();
        let expected =
            [("time/load", 20.0), ("time/forward", 0.0), ("time/backward", 40.0), ("time/optimiser", 0.0)];
        for ((name, mean), expected) in means.iter().zip(expected) {
            assert!(name == expected.0 && (mean - expected.1).abs() < 1e-9, "{name} {mean}");
        }
        assert_eq!(means.len(), 4);
        assert!(timer.take().is_empty());
    }

    #[test]
    fn work_is_timed_and_returned() {
        let mut timer = Timer::new();
        let value = timer.time(Phase::Optimiser, || {
            std::thread::sleep(Duration::from_millis(5));
            7
        });
        timer.step_done();
        assert_eq!(value, 7);
        assert!(timer.take()[3].1 >= 5.0);
    }
}
