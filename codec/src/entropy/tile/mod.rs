//! The decisions that describe a tile's codes, and what each is predicted from.
//!
//! Patches go row by row, and within a patch the planes in the model's scan order, strongest first. Runs of 16
//! planes (and of 128) that are all zero take one decision. A code's magnitude is coded in unary, then in
//! exponential-Golomb; each decision mixes three adaptive probabilities, chosen by
//! 1. the magnitude that a fitted linear rule expects from neighbouring patches, neighbouring planes and the model,
//! 2. the plane itself, which learns within the tile,
//! 3. the neighbouring frequencies and the earlier components of the same frequency.

mod choose;

use crate::entropy::adaptive::{Counter, Tables, Weights, mix};
use crate::entropy::predict::{History, Predictor};
use crate::entropy::rans::{Coder, Decoder, Encoder};
use crate::error::{Error, Result};
use pulp::{Arch, Simd, WithSimd};

/// Planes that one group flag speaks for.
pub(crate) const GROUP: usize = 16;
/// Groups that one upper flag speaks for.
const SPAN: usize = 8;
/// Magnitudes up to here are coded in unary.
pub(crate) const UNARY: usize = 6;
/// No code is larger, predicted or not.
pub(crate) const MAX_CODE: i32 = 1 << 22;
/// Exponents of the exponential-Golomb part: residuals reach twice [`MAX_CODE`] and the prediction's range.
const EXPONENTS: usize = 26;
/// Classes of expected strength, in half octaves of a plane's standard deviation over the step.
pub(crate) const CLASSES: usize = 32;
/// Classes of the linear rule's outcome, four to the octave.
pub(crate) const EXPECTED: usize = 48;
/// Features of the linear rule.
pub(crate) const FEATURES: usize = 5;

/// The counters and weights a tile starts from, learnt when the model was fitted. Serialised by `model::priors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// `[decision][expected][class / 2]`
    pub(crate) expected: Vec<Counter>,
    /// `[class][zero given three neighbourhoods, one, more]`: what each plane's own counters start from.
    pub(crate) plane: Vec<Counter>,
    /// `[decision][frequencies × components][class / 2]`
    pub(crate) local: Vec<Counter>,
    /// `[upper, lower][around][recent]`
    pub(crate) group_around: Vec<Counter>,
    /// `[upper, lower][class]`: what each group's own counters start from.
    pub(crate) group: Vec<Counter>,
    /// `[upper, lower][class][around]`
    pub(crate) group_class: Vec<Counter>,
    /// `[expected / 4][exponent]`
    pub(crate) exponent: Vec<Counter>,
    /// `[exponent]`
    pub(crate) mantissa: Vec<Counter>,
    /// `[decision][class]`
    pub(crate) weights: Vec<Weights>,
    /// `[upper, lower][class]`
    pub(crate) group_weights: Vec<Weights>,
    /// The linear rule's weights in 256ths, `[class]`.
    pub(crate) linear: Vec<[i16; FEATURES]>,
}

const PLANE_COUNTERS: usize = 5;

impl Statistics {
    /// What is assumed before anything is known.
    pub(crate) fn unfitted() -> Self {
        let counters = |n: usize| vec![Counter::new(20_000, 0); n];
        Self {
            expected: counters(UNARY * EXPECTED * 16),
            plane: counters(CLASSES * PLANE_COUNTERS),
            local: counters(UNARY * 64 * 16),
            group_around: counters(2 * 16 * 16),
            group: counters(2 * CLASSES),
            group_class: counters(2 * CLASSES * 16),
            exponent: counters(EXPECTED / 4 * EXPONENTS),
            mantissa: counters(EXPONENTS),
            weights: vec![[22_000; 3]; UNARY * CLASSES],
            group_weights: vec![[22_000; 3]; 2 * CLASSES],
            linear: vec![[90, 64, 38, 26, 77]; CLASSES],
        }
    }

    /// All counters, in the order in which they are serialised.
    pub(crate) fn counters(&mut self) -> [&mut Vec<Counter>; 8] {
        [
            &mut self.expected,
            &mut self.plane,
            &mut self.local,
            &mut self.group_around,
            &mut self.group,
            &mut self.group_class,
            &mut self.exponent,
            &mut self.mantissa,
        ]
    }
}

/// A model's planes as the entropy coder sees them, at one step.
#[derive(Debug)]
pub(crate) struct Planes {
    /// Planes, without the padding to whole groups.
    pub(crate) count: usize,
    padded: usize,
    class: Vec<u8>,
    /// The linear rule's constant term, and the plane's own strength feature.
    strength: Vec<u32>,
    constant: Vec<u32>,
    neighbours: Vec<[u32; 4]>,
    plane_start: Vec<Counter>,
    group_start: [Vec<Counter>; 2],
    predictor: Predictor,
    start: Statistics,
}

/// Where planes stand in the product of frequencies and components, if they have such a structure: the scan
/// positions of the plane one frequency lower vertically and horizontally, and one and two components earlier.
pub(crate) type Relations = Vec<[Option<u32>; 4]>;

impl Planes {
    /// `sigma` is 256 × log2 of each plane's standard deviation, `step` of the step; both in scan order.
    pub(crate) fn new(
        sigma: &[i16],
        step: i16,
        relations: &Relations,
        predictor: &Predictor,
        statistics: &Statistics,
    ) -> Self {
        let count = sigma.len();
        let padded = count.next_multiple_of(GROUP * SPAN);
        let ratio =
            |k: usize| sigma.get(k).map_or(-8192, |s| (i32::from(*s) - i32::from(step)).clamp(-8192, 8191));
        let class: Vec<u8> =
            (0..padded).map(|k| ((ratio(k) >> 7) + 16).clamp(0, CLASSES as i32 - 1) as u8).collect();
        // 2^x in 256ths, by Mitchell's approximation: only a feature.
        let strength: Vec<u32> = (0..padded)
            .map(|k| {
                let (exponent, fraction) = (ratio(k) >> 8, ratio(k) & 255);
                let mantissa = 256 + fraction as u32;
                if exponent >= 0 { mantissa << exponent.min(8) } else { mantissa >> (-exponent).min(31) }
            })
            .collect();
        let constant = (0..padded)
            .map(|k| strength[k].saturating_mul(statistics.linear[usize::from(class[k])][4].max(0) as u32))
            .collect();
        let nowhere = padded as u32;
        let neighbours = (0..padded)
            .map(|k| relations.get(k).map_or([nowhere; 4], |r| r.map(|p| p.unwrap_or(nowhere))))
            .collect();
        let plane_start = class
            .iter()
            .flat_map(|c| {
                let at = usize::from(*c) * PLANE_COUNTERS;
                statistics.plane[at..at + PLANE_COUNTERS].iter().copied()
            })
            .collect();
        let group_start = [GROUP * SPAN, GROUP].map(|size| {
            let level = usize::from(size == GROUP);
            class.iter().step_by(size).map(|c| statistics.group[level * CLASSES + usize::from(*c)]).collect()
        });
        Self {
            count,
            padded,
            class,
            strength,
            constant,
            neighbours,
            plane_start,
            group_start,
            predictor: predictor.clone(),
            start: statistics.clone(),
        }
    }
}

/// Adds up what a fit learns from the decisions of training tiles.
pub(crate) trait Observer {
    /// A magnitude and the features from which the linear rule expects it, by class.
    fn magnitude(&mut self, class: usize, features: [u32; FEATURES], magnitude: u32);
}

impl Observer for () {
    #[inline(always)]
    fn magnitude(&mut self, _: usize, _: [u32; FEATURES], _: u32) {}
}

/// What the decisions of one code are predicted from.
struct Contexts {
    plane: usize,
    class: usize,
    expected: usize,
    neighbourhood: usize,
    local: usize,
    features: [u32; 4],
}

/// Which of a plane's own counters the decision after `seen` others asks.
#[inline(always)]
fn own_counter(seen: usize, neighbourhood: usize) -> usize {
    match seen {
        0 => neighbourhood,
        1 => 3,
        _ => 4,
    }
}

/// Codes the patches of one tile in order.
#[derive(Debug)]
pub(crate) struct TileCoder<'a, C> {
    coder: C,
    planes: &'a Planes,
    width: usize,
    x: usize,
    y: usize,
    /// Magnitudes, at most 255, of the row above and this one, with an always-zero slot at the end of each patch.
    above: Vec<u8>,
    row: Vec<u8>,
    around: Vec<u16>,
    history: History,
    pub(crate) learnt: Statistics,
    pub(crate) plane: Vec<Counter>,
    pub(crate) group: [Vec<Counter>; 2],
    tables: Tables,
    arch: Arch,
}

/// Four classes to the octave from 4 to 2^14, in 256ths.
#[inline(always)]
fn expected_class(value: u32) -> usize {
    let value = value.clamp(4, (1 << 14) - 1);
    let exponent = 31 - value.leading_zeros();
    ((exponent - 2) * 4 + (value >> (exponent - 2) & 3)) as usize
}

/// 0 to 7 for a sum of magnitudes.
#[inline(always)]
fn local_class(sum: u32) -> usize {
    const CLASS: [u8; 16] = [0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7];
    usize::from(CLASS[sum.min(15) as usize])
}

/// 0 to 15: the bit length.
#[inline(always)]
fn length_class(value: u32) -> usize {
    (32 - value.leading_zeros()).min(15) as usize
}

impl<'a, C: Coder> TileCoder<'a, C> {
    fn start(coder: C, planes: &'a Planes, width: usize) -> Self {
        let stride = planes.padded + 1;
        Self {
            coder,
            planes,
            width,
            x: 0,
            y: 0,
            above: vec![0; width * stride],
            row: vec![0; width * stride],
            around: vec![0; planes.padded],
            history: History::new(width, &planes.predictor),
            learnt: planes.start.clone(),
            plane: planes.plane_start.clone(),
            group: planes.group_start.clone(),
            tables: Tables::get(),
            arch: Arch::new(),
        }
    }

    /// Codes the next patch. `codes` holds one code a plane, in scan order; a decoder finds zeros and fills in what
    /// is not zero. A patch with no valid sample (`empty`) takes no decision and leaves the predictions as its codes.
    /// `nonzero` is told the planes whose code is not zero.
    pub(crate) fn patch<O: Observer>(
        &mut self,
        codes: &mut [i32],
        empty: bool,
        nonzero: &mut Vec<u32>,
        observer: &mut O,
    ) -> Result<()> {
        self.arch.dispatch(Patch { coder: self, codes, empty, nonzero, observer })
    }

    #[inline(always)]
    fn patch_inlined<O: Observer>(
        &mut self,
        codes: &mut [i32],
        empty: bool,
        nonzero: &mut Vec<u32>,
        observer: &mut O,
    ) -> Result<()> {
        let planes = self.planes;
        let stride = planes.padded + 1;
        if self.x == 0 && self.y > 0 {
            std::mem::swap(&mut self.above, &mut self.row);
            self.history.next_row();
        }
        let top = self.y == 0;
        let x = self.x;
        nonzero.clear();
        if empty {
            self.row[x * stride..(x + 1) * stride].fill(0);
            for index in 0..planes.predictor.planes.len() {
                let code = self.history.predict(&planes.predictor, index, x, top);
                self.history.set(x, index, code.clamp(-MAX_CODE, MAX_CODE));
            }
        } else {
            self.look_around(top);
            self.row[x * stride..(x + 1) * stride].fill(0);
            self.code_planes(codes, top, nonzero, observer)?;
        }
        self.x += 1;
        if self.x == self.width {
            self.x = 0;
            self.y += 1;
        }
        Ok(())
    }

    /// `around[k]` = 2 west + 2 north + north-west + north-east; what is missing is replaced by what is there.
    #[inline(always)]
    fn look_around(&mut self, top: bool) {
        let (x, stride) = (self.x, self.planes.padded + 1);
        let padded = self.planes.padded;
        let patch = |row: &'_ [u8], x: usize| x * stride..x * stride + padded.min(row.len());
        match (top, x) {
            (true, 0) => self.around.fill(0),
            (true, _) => {
                let west = &self.row[patch(&self.row, x - 1)];
                for (out, w) in self.around.iter_mut().zip(west) {
                    *out = u16::from(*w) * 6;
                }
            }
            (false, _) => {
                let last = self.width - 1;
                let north = &self.above[patch(&self.above, x)];
                let north_east = &self.above[patch(&self.above, (x + 1).min(last))];
                let (west, north_west) = if x == 0 {
                    (north, north)
                } else {
                    (&self.row[patch(&self.row, x - 1)], &self.above[patch(&self.above, x - 1)])
                };
                let sides = west.iter().zip(north);
                let corners = north_west.iter().zip(north_east);
                for ((out, (w, n)), (nw, ne)) in self.around.iter_mut().zip(sides).zip(corners) {
                    *out = 2 * (u16::from(*w) + u16::from(*n)) + u16::from(*nw) + u16::from(*ne);
                }
            }
        }
    }

    #[inline(always)]
    fn code_planes<O: Observer>(
        &mut self,
        codes: &mut [i32],
        top: bool,
        nonzero: &mut Vec<u32>,
        observer: &mut O,
    ) -> Result<()> {
        let planes = self.planes;
        let (x, stride) = (self.x, planes.padded + 1);
        let mut recent = 0u32;
        let mut next_predicted = 0;
        let predicted = &planes.predictor.planes;
        for span in 0..planes.padded / (GROUP * SPAN) {
            let first = span * GROUP * SPAN;
            let end = (first + GROUP * SPAN).min(planes.count);
            // Predicted planes are the busiest of all: where they stand, no flag is worth its bits.
            let holds_prediction = predicted.get(next_predicted).is_some_and(|k| (*k as usize) < end);
            let busy = holds_prediction
                || self.flag(0, span, first, GROUP * SPAN, recent, codes[first..end].iter().any(|c| *c != 0));
            if !busy {
                recent >>= 8;
                continue;
            }
            for group in 0..SPAN {
                let first = first + group * GROUP;
                if first >= planes.count {
                    break;
                }
                let end = (first + GROUP).min(planes.count);
                let holds_prediction = predicted.get(next_predicted).is_some_and(|k| (*k as usize) < end);
                let busy = holds_prediction
                    || self.flag(
                        1,
                        first / GROUP,
                        first,
                        GROUP,
                        recent,
                        codes[first..end].iter().any(|c| *c != 0),
                    );
                if !busy {
                    recent >>= 2;
                    continue;
                }
                let mut sum = 0;
                for (k, slot) in (first..end).zip(&mut codes[first..end]) {
                    let index =
                        (predicted.get(next_predicted) == Some(&(k as u32))).then_some(next_predicted);
                    let base = index.map_or(0, |i| self.history.predict(&planes.predictor, i, x, top));
                    let residual = self.residual(k, x * stride, recent, slot.wrapping_sub(base), observer);
                    let magnitude = residual.unsigned_abs().min(255);
                    self.row[x * stride + k] = magnitude as u8;
                    sum += magnitude;
                    if residual != 0 || base != 0 {
                        let code = residual.wrapping_add(base);
                        if !(-MAX_CODE..=MAX_CODE).contains(&code) {
                            return Err(Error::Corrupt(format!(
                                "a code of {code} is outside ±{MAX_CODE}; write the chunk again"
                            )));
                        }
                        *slot = code;
                        if code != 0 {
                            nonzero.push(k as u32);
                        }
                    }
                    if let Some(index) = index {
                        self.history.set(x, index, *slot);
                        next_predicted += 1;
                    }
                }
                // 256 times the mean magnitude, of this group for the most part. Within a group it stands still, so
                // that a processor can look up the contexts of the next code while it decodes this one.
                recent = (recent + 3 * (sum * (256 / GROUP as u32))) >> 2;
            }
        }
        Ok(())
    }

    /// Whether any code of a group, or of a span of groups, is not zero.
    #[inline(always)]
    fn flag(
        &mut self,
        level: usize,
        index: usize,
        first: usize,
        size: usize,
        recent: u32,
        busy: bool,
    ) -> bool {
        let around: u32 = self.around[first..first + size].iter().map(|v| u32::from(*v)).sum();
        let around = length_class(around);
        let class = usize::from(self.planes.class[first]);
        let learnt = &mut self.learnt;
        mix(
            &mut self.coder,
            busy,
            [
                &mut learnt.group_around[(level * 16 + around) * 16 + length_class(recent)],
                &mut self.group[level][index],
                &mut learnt.group_class[(level * CLASSES + class) * 16 + around],
            ],
            &mut learnt.group_weights[level * CLASSES + class],
            &self.tables,
        )
    }

    /// What the decisions of plane `k` are predicted from; `patch` is where the patch's magnitudes start in the row.
    #[inline(always)]
    fn contexts(&self, k: usize, patch: usize, recent: u32) -> Contexts {
        let planes = self.planes;
        let class = usize::from(planes.class[k]);
        let around = u32::from(self.around[k]);
        let row = &self.row[patch..patch + planes.padded + 1];
        let [up, left, one, two] = planes.neighbours[k].map(|p| u32::from(row[p as usize]));
        let frequencies = up + left;
        let components = 2 * one + two;
        let features = [around * 43, recent, frequencies * 128, components * 85];
        let linear = &self.learnt.linear[class];
        let sum = (0..4).fold(i64::from(planes.constant[k]), |sum, i| {
            sum + i64::from(features[i]) * i64::from(linear[i])
        });
        let neighbourhood = match around {
            0 => 0,
            1..=3 => 1,
            _ => 2,
        };
        Contexts {
            plane: k,
            class,
            expected: expected_class((sum >> 8).clamp(0, 1 << 20) as u32),
            neighbourhood,
            local: local_class(frequencies) * 8 + local_class(components),
            features,
        }
    }

    #[inline(always)]
    fn residual<O: Observer>(
        &mut self,
        k: usize,
        patch: usize,
        recent: u32,
        value: i32,
        observer: &mut O,
    ) -> i32 {
        let Contexts { class, expected, neighbourhood, local, features, .. } =
            self.contexts(k, patch, recent);
        let learnt = &mut self.learnt;
        let magnitude = value.unsigned_abs();
        observer.magnitude(
            class,
            [features[0], features[1], features[2], features[3], self.planes.strength[k]],
            magnitude,
        );
        let mut seen = 0;
        while seen < UNARY {
            let own = own_counter(seen, neighbourhood);
            let more = mix(
                &mut self.coder,
                magnitude > seen as u32,
                [
                    &mut learnt.expected[(seen * EXPECTED + expected) * 16 + class / 2],
                    &mut self.plane[k * PLANE_COUNTERS + own],
                    &mut learnt.local[(seen * 64 + local) * 16 + class / 2],
                ],
                &mut learnt.weights[seen * CLASSES + class],
                &self.tables,
            );
            if !more {
                break;
            }
            seen += 1;
        }
        if seen == 0 {
            return 0;
        }
        let mut found = seen as u32;
        if seen == UNARY {
            found += self.exponential_golomb(magnitude.wrapping_sub(UNARY as u32), expected / 4);
        }
        let negative = self.coder.bit(value < 0, crate::entropy::rans::ONE / 2);
        if negative { -(found as i32) } else { found as i32 }
    }

    /// A value from 0: the exponent of value + 1 in adaptive unary, its next bit adaptive, the rest plain.
    #[inline(never)]
    fn exponential_golomb(&mut self, value: u32, class: usize) -> u32 {
        let value = value.wrapping_add(1).max(1);
        let wanted = (31 - value.leading_zeros()) as usize;
        let learnt = &mut self.learnt;
        let mut exponent = 0;
        while exponent < EXPONENTS - 1
            && learnt.exponent[class * EXPONENTS + exponent].code(
                &mut self.coder,
                wanted > exponent,
                &self.tables,
            )
        {
            exponent += 1;
        }
        if exponent == 0 {
            return 0;
        }
        let rest = exponent as u32 - 1;
        let high = learnt.mantissa[exponent].code(&mut self.coder, value >> rest & 1 == 1, &self.tables);
        let low = self.coder.raw(value & ((1 << rest) - 1), rest);
        ((1 << exponent) | u32::from(high) << rest | low) - 1
    }
}

/// [`TileCoder::patch`], compiled for the processor at hand.
struct Patch<'p, 'a, C, O> {
    coder: &'p mut TileCoder<'a, C>,
    codes: &'p mut [i32],
    empty: bool,
    nonzero: &'p mut Vec<u32>,
    observer: &'p mut O,
}

impl<C: Coder, O: Observer> WithSimd for Patch<'_, '_, C, O> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        self.coder.patch_inlined(self.codes, self.empty, self.nonzero, self.observer)
    }
}

#[cfg(feature = "fit")]
impl<'a> TileCoder<'a, crate::fit::Listener> {
    /// Starts a tile that is only learnt from.
    pub(crate) fn learner(planes: &'a Planes, width: usize) -> Self {
        Self::start(crate::fit::Listener, planes, width)
    }
}

#[cfg(feature = "fit")]
impl Planes {
    /// Moves the starts of each class's own counters towards what the planes and groups of one tile learnt.
    pub(crate) fn average(&self, plane: &[Counter], group: &[Vec<Counter>; 2], statistics: &mut Statistics) {
        for class in 0..CLASSES {
            for own in 0..PLANE_COUNTERS {
                let members = (0..self.count).filter(|k| usize::from(self.class[*k]) == class);
                crate::fit::towards(
                    &mut statistics.plane[class * PLANE_COUNTERS + own],
                    members.map(|k| plane[k * PLANE_COUNTERS + own]),
                );
            }
            for (level, size) in [GROUP * SPAN, GROUP].into_iter().enumerate() {
                let members = group[level].iter().enumerate().filter(|(i, _)| i * size < self.count);
                let members = members.filter(|(i, _)| usize::from(self.class[i * size]) == class);
                crate::fit::towards(&mut statistics.group[level * CLASSES + class], members.map(|(_, c)| *c));
            }
        }
    }
}

impl<'a> TileCoder<'a, Encoder> {
    /// Starts a tile of `width` patches a row.
    pub(crate) fn encoder(planes: &'a Planes, width: usize) -> Self {
        Self::start(Encoder::default(), planes, width)
    }

    /// The tile's stream.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.coder.finish()
    }
}

impl<'a, 'b> TileCoder<'a, Decoder<'b>> {
    /// Starts reading a tile's stream.
    pub(crate) fn decoder(planes: &'a Planes, width: usize, stream: &'b [u8]) -> Result<Self> {
        Ok(Self::start(Decoder::new(stream)?, planes, width))
    }

    /// Whether the stream ran out, so that what comes is noise.
    pub(crate) fn exhausted(&self) -> bool {
        self.coder.exhausted()
    }

    /// Refuses a stream that does not end here.
    pub(crate) fn finish(self) -> Result<()> {
        self.coder.finish()
    }
}
