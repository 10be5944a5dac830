//! The use of an earlier date: a tile may refer to the tile of an earlier date that covers the same pixels of the same chunk.
//!
//! The tile then starts from the statistics with which the earlier one ended. Each of its decisions mixes in a fourth
//! probability, which is selected by the earlier code of the same plane in the same patch. Where the codes of a plane resemble
//! the earlier ones, these are also subtracted, times a gain. The gain of each plane is learnt from codes already known, and
//! nothing is subtracted where subtraction made the codes of neighbouring patches larger. Codes of different dates are not
//! compared directly but by their *innovations*: a code less its prediction from neighbours in its own tile.

use super::contexts::{EXPECTED, GROUP, SPAN, UNARY, length_class};
use super::planes::{Planes, Statistics};
use crate::entropy::adaptive::Counter;

/// Classes of an earlier magnitude: 0 to 6, and 7 or more.
const MAGNITUDES: usize = 8;
/// Classes of the magnitude that the linear rule expects. They are coarse, because these counters learn from few patches.
const COARSE: usize = EXPECTED / 4;

/// The innovations of a tile that are not 0: for each patch, planes in rising order, and the innovation of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Innovations {
    ends: Vec<u32>,
    entries: Vec<(u32, i32)>,
}

impl Innovations {
    fn patch(&self, patch: usize) -> &[(u32, i32)] {
        let end_of = |patch: usize| self.ends.get(patch).map_or(self.entries.len(), |end| *end as usize);
        let start = if patch == 0 { 0 } else { end_of(patch - 1) };
        &self.entries[start..end_of(patch)]
    }
}

/// What a coded tile hands to the tiles of later dates that refer to it: the statistics with which it ended, and its innovations.
#[derive(Clone, Debug)]
pub(crate) struct TileHistory {
    pub(super) learnt: Statistics,
    pub(super) plane: Vec<Counter>,
    pub(super) group: [Vec<Counter>; 2],
    pub(super) temporal: TemporalStatistics,
    pub(super) innovations: Innovations,
}

impl TileHistory {
    /// How well a multiple of this tile's innovations explains the latents `(patch, plane)` of another: the reduction of their
    /// squared sum, in squared steps. `inverse` is one over the step. Writers look for the date that resembles theirs most.
    pub(crate) fn similarity(&self, latents: &[f32], planes: usize, inverse: f32) -> f32 {
        let (mut products, mut squares) = (0.0f32, 0.0f32);
        for (patch, latents) in latents.chunks_exact(planes).enumerate() {
            for (plane, value) in self.innovations.patch(patch) {
                let value = value.clamp(&-MAX_COMPARED, &MAX_COMPARED);
                let limit = MAX_COMPARED as f32;
                let latent = latents.get(*plane as usize).map_or(0.0, |v| (v * inverse).clamp(-limit, limit));
                products += latent * *value as f32;
                squares += (value * value) as f32;
            }
        }
        if products > 0.0 { products * products / squares } else { 0.0 }
    }
}

/// Which other dates of the same place a tile is linked to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HistoryLinks<'a> {
    /// The history of the tile that this one refers to.
    pub(crate) earlier: Option<&'a TileHistory>,
    /// Whether later tiles will refer to this one, so that its history is kept.
    pub(crate) referenced: bool,
}

/// Innovations and latents are limited to this, in steps, when dates are compared, so that a few strong planes do not decide
/// alone.
const MAX_COMPARED: i32 = 4;

/// The gain of one plane: the factor by which earlier innovations predict the present ones. It is the quotient of two sums.
#[derive(Clone, Copy, Debug, Default)]
struct Gain {
    squares: i64,
    products: i64,
}

/// Innovations are limited to this before they enter a sum.
const MAX_SUMMED: i32 = 1 << 12;
/// Sums are halved beyond this.
const MAX_SUM: i64 = 1 << 40;
/// Added to the sum of squares, so that a few coincidences do not make a large gain.
const SHRINKAGE: i64 = 2;

impl Gain {
    /// The innovation to expect where the earlier one is `earlier`.
    fn predict(self, earlier: i32) -> i32 {
        let gain = (self.products * 256 / (self.squares + SHRINKAGE)).clamp(0, 256);
        let magnitude = (i64::from(earlier.unsigned_abs()) * gain + 128) >> 8;
        if earlier < 0 { -(magnitude as i32) } else { magnitude as i32 }
    }

    fn learn(&mut self, earlier: i32, now: i32) {
        let (earlier, now) = (earlier.clamp(-MAX_SUMMED, MAX_SUMMED), now.clamp(-MAX_SUMMED, MAX_SUMMED));
        self.squares += i64::from(earlier) * i64::from(earlier);
        self.products += i64::from(earlier) * i64::from(now);
        if self.squares > MAX_SUM {
            self.squares /= 2;
            self.products /= 2;
        }
    }
}

/// The statistics of decisions that depend on an earlier tile.
#[derive(Clone, Debug)]
pub(super) struct TemporalStatistics {
    /// `[decision][earlier magnitude][subtracted][expected / 4]`
    pub(super) magnitude: Vec<Counter>,
    /// `[decision][class]`
    pub(super) weights: Vec<[i32; 4]>,
    /// `[upper, lower][earlier magnitudes][activity]`
    pub(super) flag: Vec<Counter>,
    /// `[upper, lower][class]`
    pub(super) flag_weights: Vec<[i32; 4]>,
    /// `[subtracted][earlier magnitude]`
    pub(super) sign: Vec<Counter>,
    gains: Vec<Gain>,
}

/// The fourth probability's first weight, in 65536ths, and the factor of the others', in 256ths.
const FOURTH_WEIGHT: i32 = 30_000;
const OTHER_WEIGHTS: i32 = 140;

impl TemporalStatistics {
    pub(super) fn new(planes: &Planes) -> Self {
        let start = &planes.start;
        let of = |decision: usize, coarse: usize| {
            // The counter of planes whose standard deviation is about one step.
            let at = (decision * EXPECTED + coarse * 4 + 2) * 16 + 8;
            Counter::new(start.expected[at].p1() as u16, 1)
        };
        let four = |weights: &[i32; 3]| {
            let [a, b, c] = weights.map(|w| (w * OTHER_WEIGHTS) >> 8);
            [a, b, c, FOURTH_WEIGHT]
        };
        Self {
            magnitude: (0..UNARY)
                .flat_map(|decision| (0..2 * MAGNITUDES * COARSE).map(move |i| of(decision, i % COARSE)))
                .collect(),
            weights: start.weights.iter().map(four).collect(),
            flag: vec![Counter::new(20_000, 0); 2 * 16 * 16],
            flag_weights: start.group_weights.iter().map(four).collect(),
            sign: vec![Counter::new(1 << 15, 1); 2 * MAGNITUDES],
            gains: vec![Gain::default(); planes.padded],
        }
    }
}

/// How much smaller a patch's codes became by subtraction: their magnitudes with it and without.
#[derive(Clone, Copy, Debug, Default)]
struct SubtractionTrial {
    subtracted: u64,
    plain: u64,
}

/// An earlier tile, as the patch that is being coded sees it.
#[derive(Debug)]
pub(super) struct EarlierTile<'a> {
    innovations: &'a Innovations,
    /// The patch that is laid out in the fields below.
    patch: Option<usize>,
    /// By plane: the innovation of the earlier tile, and what is subtracted from the code because of it.
    pub(super) value: Vec<i32>,
    pub(super) subtracted: Vec<i32>,
    /// For each earlier innovation that is not 0: the innovation that its gain predicts. It is subtracted where that pays.
    estimates: Vec<i32>,
    /// Sums of magnitudes by group and by span; and whether anything is subtracted there.
    sums: [Vec<u32>; 2],
    subtracts: [Vec<bool>; 2],
    above: Vec<SubtractionTrial>,
    row: Vec<SubtractionTrial>,
}

impl<'a> EarlierTile<'a> {
    pub(super) fn new(innovations: &'a Innovations, planes: &Planes, width: usize) -> Self {
        let groups = planes.padded / GROUP;
        Self {
            innovations,
            patch: None,
            value: vec![0; planes.padded],
            subtracted: vec![0; planes.padded],
            estimates: Vec::new(),
            sums: [vec![0; groups / SPAN], vec![0; groups]],
            subtracts: [vec![false; groups / SPAN], vec![false; groups]],
            above: vec![SubtractionTrial::default(); width],
            row: vec![SubtractionTrial::default(); width],
        }
    }

    /// Lays out the innovations of the earlier tile at a patch, before the codes of the patch are chosen or coded.
    pub(super) fn open(&mut self, patch: usize, x: usize, temporal: &TemporalStatistics) {
        if self.patch == Some(patch) {
            return;
        }
        if x == 0 && patch > 0 {
            std::mem::swap(&mut self.above, &mut self.row);
        }
        self.patch = Some(patch);
        let trusted = self.trusted(x);
        self.estimates.clear();
        for (plane, value) in self.innovations.patch(patch) {
            let (plane, value) = (*plane as usize, *value);
            let estimate = temporal.gains[plane].predict(value);
            self.estimates.push(estimate);
            self.value[plane] = value;
            let group = plane / GROUP;
            for (level, index) in [group / SPAN, group].into_iter().enumerate() {
                self.sums[level][index] = self.sums[level][index].saturating_add(value.unsigned_abs());
            }
            if trusted && estimate != 0 {
                self.subtracted[plane] = estimate;
                self.subtracts[0][group / SPAN] = true;
                self.subtracts[1][group] = true;
            }
        }
    }

    /// Whether subtraction did not make the codes of neighbouring patches larger.
    fn trusted(&self, x: usize) -> bool {
        let last = self.above.len() - 1;
        let west = if x > 0 { self.row[x - 1] } else { SubtractionTrial::default() };
        let north_west = if x > 0 { self.above[x - 1] } else { SubtractionTrial::default() };
        let neighbours = [west, self.above[x], north_west, self.above[(x + 1).min(last)]];
        let sum = |of: fn(&SubtractionTrial) -> u64| neighbours.iter().map(of).sum::<u64>();
        sum(|t| t.subtracted) <= sum(|t| t.plain)
    }

    /// Whether anything is subtracted in a group (level 1) or span (level 0).
    #[inline(always)]
    pub(super) fn subtracts(&self, level: usize, index: usize) -> bool {
        self.subtracts[level][index]
    }

    /// The counter of a flag.
    #[inline(always)]
    pub(super) fn flag(&self, level: usize, index: usize, activity: usize) -> usize {
        (level * 16 + length_class(self.sums[level][index])) * 16 + activity
    }

    /// The counter of the first decision on a plane's magnitude. The counter of each further decision follows [`STRIDE`] later.
    #[inline(always)]
    pub(super) fn magnitude(&self, plane: usize, expected: usize) -> usize {
        let subtracted = usize::from(self.subtracted[plane] != 0);
        (self.class(plane) * 2 + subtracted) * COARSE + expected / 4
    }

    /// The counter of whether a code has the sign of the earlier innovation; `None` where that was 0.
    #[inline(always)]
    pub(super) fn sign(&self, plane: usize) -> Option<usize> {
        let class = self.class(plane);
        (class > 0).then(|| usize::from(self.subtracted[plane] != 0) * MAGNITUDES + class)
    }

    #[inline(always)]
    fn class(&self, plane: usize) -> usize {
        (self.value[plane].unsigned_abs() as usize).min(MAGNITUDES - 1)
    }

    /// Learns from a patch that was coded, and clears the layout. `now` holds the patch's innovations.
    pub(super) fn close(&mut self, x: usize, empty: bool, now: &[i32], temporal: &mut TemporalStatistics) {
        let Some(patch) = self.patch.take() else { return };
        let mut trial = SubtractionTrial::default();
        for ((plane, value), estimate) in self.innovations.patch(patch).iter().zip(&self.estimates) {
            let plane = *plane as usize;
            if !empty {
                trial.plain += u64::from(now[plane].unsigned_abs());
                trial.subtracted += u64::from(now[plane].saturating_sub(*estimate).unsigned_abs());
                temporal.gains[plane].learn(*value, now[plane]);
            }
            self.value[plane] = 0;
            self.subtracted[plane] = 0;
            let group = plane / GROUP;
            for (level, index) in [group / SPAN, group].into_iter().enumerate() {
                self.sums[level][index] = 0;
                self.subtracts[level][index] = false;
            }
        }
        self.row[x] = trial;
        self.patch = None;
    }

    /// The earlier innovations at a patch, which a patch without valid samples takes over.
    pub(super) fn inherited(&self, patch: usize) -> &[(u32, i32)] {
        self.innovations.patch(patch)
    }
}

/// The distance between the counters of successive decisions on one magnitude.
pub(super) const STRIDE: usize = 2 * MAGNITUDES * COARSE;

/// Records the innovations of a tile while it is coded, for the statistics of this tile and for tiles that will refer to it.
#[derive(Debug)]
pub(super) struct InnovationRecorder {
    /// The innovations of the present patch, by plane.
    pub(super) now: Vec<i32>,
    /// Planes of the present patch whose innovation is not 0, in rising order.
    pub(super) nonzero: Vec<u32>,
    pub(super) kept: Innovations,
}

impl InnovationRecorder {
    pub(super) fn new(planes: &Planes) -> Self {
        Self { now: vec![0; planes.padded], nonzero: Vec::new(), kept: Innovations::default() }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, plane: usize, innovation: i32) {
        if innovation != 0 {
            self.now[plane] = innovation;
            self.nonzero.push(plane as u32);
        }
    }

    /// Ends a patch. A patch without valid samples takes over the innovations of the earlier tile, `inherited`.
    pub(super) fn close(&mut self, inherited: &[(u32, i32)]) {
        self.kept.entries.extend_from_slice(inherited);
        for plane in self.nonzero.drain(..) {
            let now = std::mem::take(&mut self.now[plane as usize]);
            self.kept.entries.push((plane, now));
        }
        self.kept.ends.push(self.kept.entries.len() as u32);
    }
}
