//! The choice of codes by rate and distortion: for each latent the code whose squared error plus λ × bits is least, where bits
//! follow from the coder's present probabilities. Groups and spans that are not worth their bits are left empty.
//!
//! A reader decodes any codes, however they were chosen, so this choice may compute with floats.

use super::coder::{Contexts, TileCoder, own_counter};
use super::contexts::{CLASSES, EXPECTED, GROUP, PLANE_COUNTERS, SPAN, UNARY, length_class};
use super::history::STRIDE;
use crate::entropy::adaptive::mixture;
use crate::entropy::rans::Coder;
use crate::quantise::MAX_CODE;
use pulp::{Arch, Simd, WithSimd};
use std::sync::LazyLock;

/// Magnitudes from here on are rounded to the nearest, because neighbouring magnitudes cost almost the same.
const LARGE: u32 = 12;

/// Bits of an event by its probability in 4096ths.
static BITS: LazyLock<[f32; 4096]> =
    LazyLock::new(|| std::array::from_fn(|i| 12.0 - (i as f32 + 0.5).log2()));

/// Bits of a decision whose probability of being 1 is `p1` / 65536: that it is 0, and that it is 1.
#[inline(always)]
fn prices(bits: &[f32; 4096], p1: u32) -> [f32; 2] {
    let one = (p1 >> 4) as usize & 4095;
    [bits[4095 - one], bits[one]]
}

/// The gain of coding a group or a span over leaving it empty: the reduction of the squared error, less λ × its bits.
#[derive(Clone, Copy, Default)]
struct GroupChoice {
    gain: f32,
    /// The sum of its magnitudes.
    sum: u32,
    busy: bool,
}

impl<C: Coder> TileCoder<'_, C> {
    /// Chooses the codes of the next patch, which [`TileCoder::patch`] then codes. `scaled` are its latents divided by the step;
    /// `lambda` is the price of a bit in squared steps.
    pub(crate) fn choose(&mut self, scaled: &[f32], lambda: f32, codes: &mut [i32]) {
        let arch: Arch = self.arch;
        arch.dispatch(Choice { coder: self, scaled, lambda, codes, bits: &BITS });
    }
}

struct Choice<'c, 'a, C> {
    coder: &'c mut TileCoder<'a, C>,
    scaled: &'c [f32],
    lambda: f32,
    codes: &'c mut [i32],
    bits: &'static [f32; 4096],
}

impl<C: Coder> WithSimd for Choice<'_, '_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        self.patch();
    }
}

impl<C: Coder> Choice<'_, '_, C> {
    #[inline(always)]
    fn patch(&mut self) {
        let planes = self.coder.planes;
        // The coder will do the same when it codes the patch, and it overwrites the state that is changed here. The rows are
        // swapped back below.
        if self.coder.x == 0 && self.coder.y > 0 {
            std::mem::swap(&mut self.coder.above, &mut self.coder.row);
            self.coder.history.next_row();
        }
        self.coder.measure_activity(self.coder.y == 0);
        self.coder.open_earlier();
        let (x, stride) = (self.coder.x, planes.padded + 1);
        self.coder.row[x * stride..(x + 1) * stride].fill(0);
        self.codes.fill(0);
        let mut recent = 0;
        let mut next_predicted = 0;
        for span in 0..planes.padded / (GROUP * SPAN) {
            let first = span * GROUP * SPAN;
            let end = (first + GROUP * SPAN).min(planes.count);
            recent = self.span(span, first, end, recent, &mut next_predicted);
        }
        if self.coder.x == 0 && self.coder.y > 0 {
            std::mem::swap(&mut self.coder.above, &mut self.coder.row);
            self.coder.history.next_row();
        }
    }

    /// Whether any latent would be rounded to a code other than 0.
    #[inline(always)]
    fn rounds_to_nonzero(&self, first: usize, end: usize) -> bool {
        self.scaled[first..end].iter().any(|v| v.abs() > 0.5)
    }

    #[inline(always)]
    fn holds_prediction(&self, next: usize, end: usize) -> bool {
        self.coder.planes.predictor.planes.get(next).is_some_and(|k| (*k as usize) < end)
    }

    /// Chooses the codes of one span; returns the recent magnitude after it.
    #[inline(always)]
    fn span(
        &mut self,
        span: usize,
        start: usize,
        end: usize,
        before: u32,
        next_predicted: &mut usize,
    ) -> u32 {
        let predicted = self.holds_prediction(*next_predicted, end) || self.coder.subtracts::<true>(0, span);
        if !predicted && !self.rounds_to_nonzero(start, end) {
            return before >> 8;
        }
        let mut recent = before;
        let mut whole = GroupChoice::default();
        for first in (start..end).step_by(GROUP) {
            let last = (first + GROUP).min(end);
            let found = self.group(first, last, recent, next_predicted);
            whole.gain += found.gain;
            whole.busy |= found.busy;
            recent = match found.busy {
                true => (recent + 3 * (found.sum * (256 / GROUP as u32))) >> 2,
                false => recent >> 2,
            };
        }
        if predicted {
            return recent;
        }
        let flag = self.flag(0, span, start, GROUP * SPAN, before);
        if whole.busy && whole.gain - self.lambda * flag[1] > -self.lambda * flag[0] {
            return recent;
        }
        self.empty(start, end);
        before >> 8
    }

    /// Chooses the codes of one group, or leaves it empty.
    #[inline(always)]
    fn group(&mut self, first: usize, end: usize, recent: u32, next_predicted: &mut usize) -> GroupChoice {
        let predicted =
            self.holds_prediction(*next_predicted, end) || self.coder.subtracts::<true>(1, first / GROUP);
        let flag = || self.flag(1, first / GROUP, first, GROUP, recent);
        if !predicted && !self.rounds_to_nonzero(first, end) {
            return GroupChoice { gain: -self.lambda * flag()[0], ..GroupChoice::default() };
        }
        let flag = if predicted { [0.0; 2] } else { flag() };
        let mut found = GroupChoice::default();
        for k in first..end {
            self.code(k, recent, next_predicted, &mut found);
        }
        if predicted {
            found.busy = true;
            return found;
        }
        found.busy = found.sum > 0;
        found.gain -= self.lambda * flag[1];
        let empty_gain = -self.lambda * flag[0];
        if !found.busy || found.gain < empty_gain {
            self.empty(first, end);
            return GroupChoice { gain: empty_gain, ..GroupChoice::default() };
        }
        found
    }

    fn empty(&mut self, first: usize, end: usize) {
        self.codes[first..end].fill(0);
        let at = self.coder.x * (self.coder.planes.padded + 1);
        self.coder.row[at + first..at + end].fill(0);
    }

    /// Chooses one code: the nearest, or one nearer to its prediction.
    #[inline(always)]
    fn code(&mut self, k: usize, recent: u32, next_predicted: &mut usize, out: &mut GroupChoice) {
        let (planes, x) = (self.coder.planes, self.coder.x);
        let patch = x * (planes.padded + 1);
        let index =
            (planes.predictor.planes.get(*next_predicted) == Some(&(k as u32))).then_some(*next_predicted);
        let top = self.coder.y == 0;
        let base = index.map_or(0, |i| self.coder.history.predict(&planes.predictor, i, x, top))
            + self.coder.temporal_prediction::<true>(k);
        let value = self.scaled[k];
        let near = (value.round_ties_even() as i32).clamp(-MAX_CODE, MAX_CODE);
        let mut residual = near.saturating_sub(base);
        let magnitude = residual.unsigned_abs();
        if magnitude >= LARGE {
            out.gain += value * value - self.lambda * 2.0 * (32 - magnitude.leading_zeros()) as f32;
        } else {
            let bits = self.magnitudes(self.coder.contexts(k, patch, recent), magnitude as usize);
            let mut best = f32::INFINITY;
            let sign = residual.signum();
            // Differences from the prediction: the nearest, one less, and 0.
            for candidate in [magnitude, magnitude.saturating_sub(1), 0] {
                let code = base + sign * candidate as i32;
                let cost = (value - code as f32).powi(2) + self.lambda * bits[candidate as usize];
                if cost < best {
                    best = cost;
                    residual = sign * candidate as i32;
                }
            }
            out.gain += value * value - best;
        }
        let stored = residual.unsigned_abs().min(255);
        self.coder.row[patch + k] = stored as u8;
        out.sum += stored;
        self.codes[k] = (base + residual).clamp(-MAX_CODE, MAX_CODE);
        if let Some(index) = index {
            self.coder.history.set(x, index, self.codes[k]);
            *next_predicted += 1;
        }
    }

    /// Bits of each magnitude up to `last`, signs included.
    #[inline(always)]
    fn magnitudes(&self, contexts: Contexts, last: usize) -> [f32; LARGE as usize] {
        let Contexts { class, expected, neighbourhood, local, .. } = contexts;
        let (coder, learnt) = (&*self.coder, &self.coder.learnt);
        let k = contexts.plane;
        let mut out = [0.0; LARGE as usize];
        let mut bits = 0.0;
        for (seen, slot) in out.iter_mut().enumerate().take(last.min(UNARY - 1) + 1) {
            let [a, b, c] = [
                &learnt.expected[(seen * EXPECTED + expected) * 16 + class / 2],
                &coder.plane[k * PLANE_COUNTERS + own_counter(seen, neighbourhood)],
                &learnt.local[(seen * 64 + local) * 16 + class / 2],
            ];
            let at = seen * CLASSES + class;
            let p1 = match &coder.earlier {
                Some((earlier, temporal)) => {
                    let d = &temporal.magnitude[seen * STRIDE + earlier.magnitude(k, expected)];
                    mixture([a, b, c, d], &temporal.weights[at], &coder.tables).1
                }
                None => mixture([a, b, c], &learnt.weights[at], &coder.tables).1,
            };
            let [stop, more] = prices(self.bits, p1);
            *slot = bits + stop;
            bits += more;
            if seen == 0 {
                // The sign of a magnitude that is not 0.
                bits += 1.0;
            }
        }
        for (magnitude, slot) in out.iter_mut().enumerate().take(last + 1).skip(UNARY) {
            // An estimate for the exponential-Golomb code: its exponent is nearly as predictable as the decisions before.
            *slot = bits + 1.0 + 2.0 * ((magnitude - UNARY + 1) as f32).log2();
        }
        out
    }

    /// Bits of a flag: where all codes are 0, and where one is not.
    #[inline(always)]
    fn flag(&self, level: usize, index: usize, first: usize, size: usize, recent: u32) -> [f32; 2] {
        let coder = &*self.coder;
        let activity: u32 = coder.activity[first..first + size].iter().map(|v| u32::from(*v)).sum();
        let activity = length_class(activity);
        let class = usize::from(coder.planes.class[first]);
        let learnt = &coder.learnt;
        let [a, b, c] = [
            &learnt.group_activity[(level * 16 + activity) * 16 + length_class(recent)],
            &coder.group[level][index],
            &learnt.group_class[(level * CLASSES + class) * 16 + activity],
        ];
        let at = level * CLASSES + class;
        let p1 = match &coder.earlier {
            Some((earlier, temporal)) => {
                let d = &temporal.flag[earlier.flag(level, index, activity)];
                mixture([a, b, c, d], &temporal.flag_weights[at], &coder.tables).1
            }
            None => mixture([a, b, c], &learnt.group_weights[at], &coder.tables).1,
        };
        prices(self.bits, p1)
    }
}
