//! The walk over the samples of one plane. For each sample it predicts a value, estimates the size of the residual, codes the
//! residual and restores the sample. The encoder, the decoder and the encoder's *rehearsal* share it. A rehearsal is a walk
//! that writes nothing: the encoder takes from it the residuals to which it fits the rest of the plan.
//!
//! **The model.** A plane holds integers `s(y, x)`. Each is predicted as a linear combination of samples that a decoder already
//! has: up to 14 neighbours in the plane itself ([`OWN_OFFSETS`](super::plan::OWN_OFFSETS)), and samples at and around the same place in planes
//! coded before. The coefficients are integers with a binary fraction, chosen by the encoder and written in the [`Plan`]; the
//! prediction `p` is their sum, rounded. What is coded is the residual `r = s − p`, or, within a bound `b`, the residual
//! divided by the step `2b + 1` and rounded; the decoder restores `p + r (2b + 1)`, which is off by at most `b`. Both sides predict from
//! restored samples, so errors do not add up.
//!
//! **The expected magnitude.** Residuals are small where the residuals around them were small. The expected magnitude `e` is a
//! weighted sum of the magnitudes of six residuals around the sample and of those at the same place of one other plane, the
//! *companion*. Its weights, too, are integers in the plan.
//!
//! **The symbols.** [`symbol`](super::symbol) codes `r` with adaptive probabilities that are selected by `e`. The fraction that was lost when the
//! prediction was rounded says on which side of 0 `r` is more likely, and is a second context. Where `e` is tiny, a binary
//! decision comes first and says whether `r` is 0. Its context is the pattern of the magnitudes around the sample ([`ZeroContexts`]).
//!
//! **The order.** Rows go from top to bottom, samples from left to right. No symbol is coded for a sample that is not valid; it
//! takes the value to its left.
//!
//! **The code.** Of the terms of a prediction, only those of the three samples to the left depend on the sample just restored. All
//! others are summed for a whole row at once ([`prepare_sums`], [`prepare_contexts`]), which vectorises; the loop in [`plane`] adds
//! the rest. Coefficients may differ by the phase of rows and columns (a *period*), for data that were interpolated or come from
//! a mosaic of detectors.

use crate::predict::padded::{MARGIN, Padded, Shape};
use crate::predict::plan::{MAGNITUDES, Plan, SERIAL};
use crate::predict::symbol::{FOLDED_FROM, ZeroContexts};

/// Residual magnitudes are capped at this before they enter an expected magnitude.
const MAX_MAGNITUDE: u32 = 1 << 20;

/// Takes the residuals of a walk: the entropy coder in either direction, or a rehearsal, which codes nothing.
pub(crate) trait Residuals {
    /// Whether the caller gives the samples, as an encoder does; otherwise they are restored from residuals.
    const GIVEN: bool;

    /// Codes a residual and returns it: an encoder returns the given one, a decoder the one that it reads. `expected` is its
    /// expected magnitude in 16ths. `side` says on which side of 0 it is likely to lie. `zero_contexts` gives the contexts of the
    /// decision whether it is 0; without it there is no such decision.
    fn code(
        &mut self,
        residual: i32,
        expected: u32,
        side: usize,
        zero_contexts: Option<impl FnOnce() -> ZeroContexts>,
    ) -> i32;
}

/// A sum of products that wraps on overflow.
pub(crate) trait Sum: Copy {
    const ZERO: Self;
    fn add(self, value: i32, coefficient: i32) -> Self;
    fn wide(self) -> i64;
}

impl Sum for i32 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn add(self, value: i32, coefficient: i32) -> Self {
        self.wrapping_add(value.wrapping_mul(coefficient))
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        i64::from(self)
    }
}

impl Sum for i64 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn add(self, value: i32, coefficient: i32) -> Self {
        self.wrapping_add(i64::from(value) * i64::from(coefficient))
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self
    }
}

/// A tile's planes as restored so far, each less its base.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) shape: Shape,
    pub(crate) values: Vec<Padded>,
    /// Magnitudes of residuals, without their low bits ([`Plan::coarse`]) and capped.
    pub(crate) magnitudes: Vec<Padded>,
    /// How many planes of an earlier date come first.
    pub(crate) earlier: usize,
}

impl Restored {
    /// Empty planes, after those of an earlier date of the same extent if there is one.
    pub(crate) fn new(shape: &Shape, earlier: Option<&Self>) -> Self {
        let before =
            |of: fn(&Self) -> &Vec<Padded>| earlier.map_or(&[][..], |e| &of(e)[e.earlier..]).to_vec();
        let (mut values, mut magnitudes) = (before(|e| &e.values), before(|e| &e.magnitudes));
        let earlier = values.len();
        values.resize_with(earlier + shape.planes, || Padded::new(shape));
        magnitudes.resize_with(earlier + shape.planes, || Padded::new(shape));
        Self { earlier, shape: *shape, values, magnitudes }
    }
}

/// A plan whose coefficients are repeated along rows, so that a row is computed without looking up the phase of each column.
struct RowPlan {
    /// Taps outside the row being coded, `(plane, dy, dx)`.
    taps: Vec<(usize, isize, isize)>,
    /// `[row phase][tap]`: whether any coefficient is not 0.
    used: Vec<bool>,
    /// `[row phase][tap][column]`
    lanes: Vec<i32>,
    /// `[row phase][column]`
    serial: Vec<[i32; SERIAL]>,
    /// `[row phase][magnitude][column]`; W and WW come first.
    weights: Vec<u32>,
}

impl RowPlan {
    fn new(plan: &Plan, plane: usize, width: usize) -> Self {
        let all = plan.taps();
        let phases = plan.period.0;
        let taps: Vec<_> = all[SERIAL..]
            .iter()
            .map(|tap| (tap.source.0.unwrap_or(plane), tap.source.1, tap.source.2))
            .collect();
        let coefficients = plan.absolute();
        let mut rows = Self {
            used: Vec::with_capacity(phases * taps.len()),
            lanes: Vec::with_capacity(phases * taps.len() * width),
            serial: Vec::with_capacity(phases * width),
            weights: Vec::with_capacity(phases * (MAGNITUDES + 1) * width),
            taps,
        };
        for phase in 0..phases {
            let sets = || (phase * plan.period.1..(phase + 1) * plan.period.1).cycle().take(width);
            let of_row = &coefficients[phase * plan.period.1 * all.len()..][..plan.period.1 * all.len()];
            for tap in SERIAL..all.len() {
                let lanes = || of_row[tap..].iter().step_by(all.len());
                rows.used.push(lanes().any(|c| *c != 0));
                rows.lanes.extend(lanes().cycle().take(width));
            }
            let serial = |set: usize| std::array::from_fn(|tap| coefficients[set * all.len() + tap]);
            rows.serial.extend(sets().map(serial));
            for i in 0..=MAGNITUDES {
                rows.weights.extend(sets().map(|set| plan.weights[set][i]));
            }
        }
        rows
    }
}

/// Buffers for one row.
struct Scratch<S> {
    sums: Vec<S>,
    expected: Vec<u32>,
    /// The low 8 bits hold the pattern of the magnitudes above and in the companion, the higher bits the companion's magnitude.
    hints: Vec<u32>,
}

/// How the difference from a prediction becomes a residual, and back. The plane's base is already subtracted from all values.
#[derive(Clone, Copy, Debug)]
struct Quantiser {
    bound: i64,
    step: i64,
    low: i64,
    high: i64,
}

impl Quantiser {
    #[inline(always)]
    fn residual(&self, value: i32, prediction: i32) -> i32 {
        if self.bound == 0 {
            return value.wrapping_sub(prediction);
        }
        let d = i64::from(value) - i64::from(prediction);
        let magnitude = (d.unsigned_abs() as i64 + self.bound) / self.step;
        (if d < 0 { -magnitude } else { magnitude }) as i32
    }

    #[inline(always)]
    fn restore(&self, residual: i32, prediction: i32) -> i32 {
        let value = if self.bound == 0 {
            i64::from(prediction.wrapping_add(residual))
        } else {
            // Steps are below 2^32, residuals within 2^31.
            i64::from(prediction) + i64::from(residual) * self.step
        };
        value.clamp(self.low, self.high) as i32
    }
}

/// Walks over one plane. `valid` and `given` describe its own samples, row by row; a decoder ignores `given`.
#[inline(always)]
pub(crate) fn plane<S: Sum, R: Residuals>(
    mut sink: R,
    plan: &Plan,
    number: usize,
    bound: u32,
    valid: &[bool],
    given: &[i32],
    restored: &mut Restored,
) -> R {
    let (width, height) = (restored.shape.width, restored.shape.height);
    let rows = RowPlan::new(plan, number, width);
    let mut scratch = Scratch { sums: vec![S::ZERO; width], expected: vec![0; width], hints: vec![0; width] };
    let quantiser = Quantiser {
        bound: i64::from(bound),
        step: 2 * i64::from(bound) + 1,
        low: -i64::from(plan.below),
        high: i64::from(plan.above),
    };
    for y in 0..height {
        let phase = y % plan.period.0;
        prepare_sums(&rows, phase, restored, y, &mut scratch.sums);
        prepare_contexts(&rows, plan, phase, number, restored, y, &mut scratch);
        let serial = &rows.serial[phase * width..][..width];
        let stretch = (MAGNITUDES + 1) * width;
        let weights = &rows.weights[phase * stretch..][..2 * width];
        let (weight_w, weight_ww) = weights.split_at(width);
        // Residuals of even and odd phases differ in size although each phase has its own coefficients, so the phase is a context.
        let phase_flags =
            (8 * usize::from(plan.period.0 > 1) * (phase & 1), 4 * usize::from(plan.period.1 > 1));
        let (fraction, coarse, zeros) = (plan.fraction, plan.coarse, plan.zeros);
        let half = (1i64 << fraction) >> 1;
        let most = (1 << 30) >> coarse;
        let lift = (i64::from(bound) + 1) << fraction;
        let valid = &valid[y * width..][..width];
        let given = if R::GIVEN { &given[y * width..][..width] } else { &[] };
        let values = restored.values[number].open_row(y);
        let magnitudes = restored.magnitudes[number].open_row(y);
        // The three samples to the west, nearest first; then the magnitudes of two residuals and the sign of the last one.
        let mut near = [values[MARGIN - 1], values[MARGIN - 2], values[MARGIN - 3]];
        let (mut west, mut west_west, mut sign) = (magnitudes[MARGIN - 1], magnitudes[MARGIN - 2], 1);
        let columns = values[MARGIN..].iter_mut().zip(&mut magnitudes[MARGIN..]).zip(valid).zip(serial);
        let prepared =
            scratch.sums.iter().zip(&scratch.expected).zip(&scratch.hints).zip(weight_w).zip(weight_ww);
        for (x, ((((value, magnitude), valid), serial), ((((sum, expected), hints), weight_w), weight_ww))) in
            columns.zip(prepared).enumerate()
        {
            if !*valid {
                *value = near[0];
                *magnitude = 0;
                sign = 1;
            } else {
                let mut sum = *sum;
                for (near, coefficient) in near.iter().zip(serial).rev() {
                    sum = sum.add(*near, *coefficient);
                }
                let sum = sum.wide();
                let expected =
                    expected.wrapping_add(west as u32 * weight_w).wrapping_add(west_west as u32 * weight_ww);
                let expected = (expected >> 2).min(most) << coarse;
                let folded = expected >= FOLDED_FROM;
                // Folded residuals lie symmetrically around -1/2, so the prediction is raised by about half a step.
                let prediction = sum.wrapping_add(if folded { lift } else { half }) >> fraction;
                let prediction = prediction.clamp(quantiser.low, quantiser.high) as i32;
                let side = if bound == 0 { (sum.wrapping_add(half) << 2 >> fraction) as usize } else { sign };
                let zero_contexts = || ZeroContexts {
                    pattern: (hints & 0xff) as usize + 81 * west.min(2) as usize,
                    flags: phase_flags.0
                        + phase_flags.1 * (x & 1)
                        + 2 * usize::from(west as u32 * 16 > expected)
                        + usize::from((hints >> 8) * 16 > expected),
                };
                let given = if R::GIVEN {
                    quantiser.residual(given[x].wrapping_sub(plan.base), prediction)
                } else {
                    0
                };
                let coded = sink.code(given, expected, side & 3, zeros.then_some(zero_contexts));
                *value = quantiser.restore(coded, prediction);
                let distance = (coded.wrapping_add(i32::from(folded && coded >= 0))).unsigned_abs();
                *magnitude = (distance >> coarse).min(MAX_MAGNITUDE) as i32;
                sign = (coded.signum() + 1) as usize;
            }
            near = [*value, near[0], near[1]];
            (west, west_west) = (*magnitude, west);
        }
        restored.values[number].close_row(y);
        restored.magnitudes[number].close_row(y);
    }
    sink
}

/// The part of each prediction that comes from rows above and other planes.
#[inline(always)]
fn prepare_sums<S: Sum>(rows: &RowPlan, phase: usize, restored: &Restored, y: usize, sums: &mut [S]) {
    let width = sums.len();
    sums.fill(S::ZERO);
    for (tap, (plane, dy, dx)) in rows.taps.iter().enumerate() {
        let tap = phase * rows.taps.len() + tap;
        if !rows.used[tap] {
            continue;
        }
        let coefficients = &rows.lanes[tap * width..][..width];
        let values = restored.values[*plane].row(y, *dy, *dx);
        for ((sum, value), coefficient) in sums.iter_mut().zip(values).zip(coefficients) {
            *sum = sum.add(*value, *coefficient);
        }
    }
}

/// The part of each context that comes from rows above and the companion.
#[inline(always)]
fn prepare_contexts<S>(
    rows: &RowPlan,
    plan: &Plan,
    phase: usize,
    number: usize,
    restored: &Restored,
    y: usize,
    scratch: &mut Scratch<S>,
) {
    let width = scratch.expected.len();
    let own = &restored.magnitudes[number];
    let weights = &rows.weights[phase * (MAGNITUDES + 1) * width..][2 * width..(MAGNITUDES + 1) * width];
    let weights = |i: usize| &weights[i * width..][..width];
    // The constant is in 16ths, the weights in 64ths.
    for (expected, constant) in scratch.expected.iter_mut().zip(weights(MAGNITUDES - 2)) {
        *expected = constant << 2;
    }
    // 255 × (8 + 4) magnitudes of 2^20 stay below 2^32.
    let mut add = |i: usize, row: &[i32]| {
        for ((expected, magnitude), weight) in scratch.expected.iter_mut().zip(row).zip(weights(i)) {
            *expected = expected.wrapping_add(*magnitude as u32 * weight);
        }
    };
    let (north, west, east) = (own.row(y, -1, 0), own.row(y, -1, -1), own.row(y, -1, 1));
    add(0, north);
    add(1, west);
    add(2, east);
    add(3, own.row(y, -2, 0));
    let level = |magnitude: i32| magnitude.min(2) as u32;
    for (((hints, n), w), e) in scratch.hints.iter_mut().zip(north).zip(west).zip(east) {
        *hints = 27 * level(*n) + 3 * level(*w) + level(*e);
    }
    let Some(companion) = plan.companion.map(|c| &restored.magnitudes[c]) else { return };
    add(4, companion.row(y, 0, 0));
    for (dy, dx) in [(0, -1), (0, 1), (-1, 0), (1, 0)] {
        add(5, companion.row(y, dy, dx));
    }
    for (hints, c) in scratch.hints.iter_mut().zip(companion.row(y, 0, 0)) {
        *hints += 9 * level(*c) + ((*c as u32) << 8);
    }
}
