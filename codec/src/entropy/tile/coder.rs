//! The coder of a tile's scalar codes, in either direction.

use super::contexts::{
    CLASSES, EXPECTED, EXPONENTS, GROUP, PLANE_COUNTERS, SPAN, UNARY, expected_class, length_class,
    local_class,
};
use super::history::{
    EarlierTile, HistoryLinks, InnovationRecorder, STRIDE, TemporalStatistics, TileHistory,
};
use super::observer::Observer;
use super::planes::{Planes, Statistics};
use crate::entropy::adaptive::{Counter, Tables, mix};
use crate::entropy::predict::History;
use crate::entropy::rans::{Coder, Decoder, Encoder, ONE};
use crate::error::{Error, Result};
use crate::quantise::MAX_CODE;
use pulp::{Arch, Simd, WithSimd};

/// The contexts of the decisions of one code.
pub(super) struct Contexts {
    pub(super) plane: usize,
    pub(super) class: usize,
    pub(super) expected: usize,
    pub(super) neighbourhood: usize,
    pub(super) local: usize,
    pub(super) features: [u32; 4],
}

/// Which of a plane's own counters belongs to the decision that comes after `seen` others on the same magnitude.
#[inline(always)]
pub(super) fn own_counter(seen: usize, neighbourhood: usize) -> usize {
    match seen {
        0 => neighbourhood,
        1 => 3,
        _ => 4,
    }
}

/// Codes the patches of one tile in order.
#[derive(Debug)]
pub(crate) struct TileCoder<'a, C> {
    pub(super) coder: C,
    pub(super) planes: &'a Planes,
    pub(super) width: usize,
    pub(super) x: usize,
    pub(super) y: usize,
    /// Magnitudes, at most 255, of the row above and this one, with an always-zero slot at the end of each patch.
    pub(super) above: Vec<u8>,
    pub(super) row: Vec<u8>,
    /// The *activity* of each plane around the patch that is being coded, see [`TileCoder::measure_activity`].
    pub(super) activity: Vec<u16>,
    pub(super) history: History,
    pub(crate) learnt: Statistics,
    pub(crate) plane: Vec<Counter>,
    pub(crate) group: [Vec<Counter>; 2],
    /// Where the tile refers to an earlier one: the earlier tile, and the statistics of decisions that depend on it.
    pub(super) earlier: Option<(EarlierTile<'a>, TemporalStatistics)>,
    /// Records innovations, where the tile refers to another or another will refer to it.
    pub(super) recorder: Option<InnovationRecorder>,
    pub(super) tables: Tables,
    pub(super) arch: Arch,
}

impl<'a, C: Coder> TileCoder<'a, C> {
    pub(super) fn start(coder: C, planes: &'a Planes, width: usize, links: HistoryLinks<'a>) -> Self {
        let stride = planes.padded + 1;
        let (learnt, plane, group) = match links.earlier {
            Some(history) => (&history.learnt, &history.plane, &history.group),
            None => (&planes.start, &planes.plane_start, &planes.group_start),
        };
        Self {
            coder,
            planes,
            width,
            x: 0,
            y: 0,
            above: vec![0; width * stride],
            row: vec![0; width * stride],
            activity: vec![0; planes.padded],
            history: History::new(width, &planes.predictor),
            learnt: learnt.clone(),
            plane: plane.clone(),
            group: group.clone(),
            earlier: links.earlier.map(|history| {
                (EarlierTile::new(&history.innovations, planes, width), history.temporal.clone())
            }),
            recorder: (links.earlier.is_some() || links.referenced).then(|| InnovationRecorder::new(planes)),
            tables: Tables::get(),
            arch: Arch::new(),
        }
    }

    /// Codes the next patch. `codes` holds one code for each plane, in scan order; a decoder is given zeros and fills in the codes
    /// that are not zero. A patch with no valid sample (`empty`) takes no decision; its neighbours see its predictions as its
    /// codes. `nonzero` receives the planes whose code is not zero.
    pub(crate) fn patch<O: Observer>(
        &mut self,
        codes: &mut [i32],
        empty: bool,
        nonzero: &mut Vec<u32>,
        observer: &mut O,
    ) -> Result<()> {
        let arch = self.arch;
        if self.recorder.is_some() {
            return arch.dispatch(Patch::<_, _, true> { coder: self, codes, empty, nonzero, observer });
        }
        arch.dispatch(Patch::<_, _, false> { coder: self, codes, empty, nonzero, observer })
    }

    /// The number of the patch that comes next.
    fn at(&self) -> usize {
        self.y * self.width + self.x
    }

    /// [`TileCoder::patch`]. `TEMPORAL` is set where the tile refers to another date or another date will refer to it.
    #[inline(always)]
    fn patch_inlined<O: Observer, const TEMPORAL: bool>(
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
            self.measure_activity(top);
            self.row[x * stride..(x + 1) * stride].fill(0);
            if TEMPORAL {
                self.open_earlier();
            }
            self.code_planes::<O, TEMPORAL>(codes, top, nonzero, observer)?;
        }
        if TEMPORAL {
            self.close_earlier(empty);
        }
        self.x += 1;
        if self.x == self.width {
            self.x = 0;
            self.y += 1;
        }
        Ok(())
    }

    /// Lays out the innovations of the earlier tile at the next patch.
    pub(super) fn open_earlier(&mut self) {
        let patch = self.at();
        if let Some((earlier, temporal)) = &mut self.earlier {
            earlier.open(patch, self.x, temporal);
        }
    }

    /// Learns how the patch follows the earlier one, and records its innovations for later tiles.
    fn close_earlier(&mut self, empty: bool) {
        let patch = self.at();
        let Some(recorder) = &mut self.recorder else { return };
        match &mut self.earlier {
            Some((earlier, temporal)) => {
                earlier.open(patch, self.x, temporal);
                earlier.close(self.x, empty, &recorder.now, temporal);
                recorder.close(if empty { earlier.inherited(patch) } else { &[] });
            }
            None => recorder.close(&[]),
        }
    }

    /// Whether an earlier tile is subtracted somewhere in a group (level 1) or span (level 0).
    #[inline(always)]
    pub(super) fn subtracts<const TEMPORAL: bool>(&self, level: usize, index: usize) -> bool {
        TEMPORAL && self.earlier.as_ref().is_some_and(|(earlier, _)| earlier.subtracts(level, index))
    }

    /// Sets `activity[k]` to 2 west + 2 north + north-west + north-east, as magnitudes of plane `k`. A neighbour that does not exist is
    /// replaced by one that does.
    #[inline(always)]
    pub(super) fn measure_activity(&mut self, top: bool) {
        let (x, stride) = (self.x, self.planes.padded + 1);
        let padded = self.planes.padded;
        let patch = |row: &'_ [u8], x: usize| x * stride..x * stride + padded.min(row.len());
        match (top, x) {
            (true, 0) => self.activity.fill(0),
            (true, _) => {
                let west = &self.row[patch(&self.row, x - 1)];
                for (out, w) in self.activity.iter_mut().zip(west) {
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
                for ((out, (w, n)), (nw, ne)) in self.activity.iter_mut().zip(sides).zip(corners) {
                    *out = 2 * (u16::from(*w) + u16::from(*n)) + u16::from(*nw) + u16::from(*ne);
                }
            }
        }
    }

    #[inline(always)]
    fn code_planes<O: Observer, const TEMPORAL: bool>(
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
            // Predicted planes are rarely 0, so a flag for a span or group that holds one would not be worth its bits.
            let holds_prediction = predicted.get(next_predicted).is_some_and(|k| (*k as usize) < end);
            let busy = holds_prediction
                || self.subtracts::<TEMPORAL>(0, span)
                || self.flag::<TEMPORAL>(
                    0,
                    span,
                    first,
                    GROUP * SPAN,
                    recent,
                    codes[first..end].iter().any(|c| *c != 0),
                );
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
                    || self.subtracts::<TEMPORAL>(1, first / GROUP)
                    || self.flag::<TEMPORAL>(
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
                    let spatial = index.map_or(0, |i| self.history.predict(&planes.predictor, i, x, top));
                    let base = spatial.wrapping_add(self.temporal_prediction::<TEMPORAL>(k));
                    let residual = self.residual::<O, TEMPORAL>(
                        k,
                        x * stride,
                        recent,
                        slot.wrapping_sub(base),
                        observer,
                    );
                    let magnitude = residual.unsigned_abs().min(255);
                    self.row[x * stride + k] = magnitude as u8;
                    sum += magnitude;
                    if residual != 0 || base != 0 || spatial != 0 {
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
                        if TEMPORAL && let Some(recorder) = &mut self.recorder {
                            recorder.add(k, code.wrapping_sub(spatial));
                        }
                    }
                    if let Some(index) = index {
                        self.history.set(x, index, *slot);
                        next_predicted += 1;
                    }
                }
                // 256 times a mean magnitude in which this group has three quarters of the weight. It does not change
                // within a group, so that a processor can look up the contexts of the next code while it decodes this one.
                recent = (recent + 3 * (sum * (256 / GROUP as u32))) >> 2;
            }
        }
        Ok(())
    }

    /// The part of a plane's code that is predicted from the earlier tile.
    #[inline(always)]
    pub(super) fn temporal_prediction<const TEMPORAL: bool>(&self, plane: usize) -> i32 {
        if !TEMPORAL {
            return 0;
        }
        self.earlier.as_ref().map_or(0, |(earlier, _)| earlier.subtracted[plane])
    }

    /// Whether any code of a group, or of a span of groups, is not zero.
    #[inline(always)]
    fn flag<const TEMPORAL: bool>(
        &mut self,
        level: usize,
        index: usize,
        first: usize,
        size: usize,
        recent: u32,
        busy: bool,
    ) -> bool {
        let activity: u32 = self.activity[first..first + size].iter().map(|v| u32::from(*v)).sum();
        let activity = length_class(activity);
        let class = usize::from(self.planes.class[first]);
        let learnt = &mut self.learnt;
        let [a, b, c] = [
            &mut learnt.group_activity[(level * 16 + activity) * 16 + length_class(recent)],
            &mut self.group[level][index],
            &mut learnt.group_class[(level * CLASSES + class) * 16 + activity],
        ];
        let at = level * CLASSES + class;
        if TEMPORAL && let Some((earlier, temporal)) = &mut self.earlier {
            let d = &mut temporal.flag[earlier.flag(level, index, activity)];
            return mix(&mut self.coder, busy, [a, b, c, d], &mut temporal.flag_weights[at], &self.tables);
        }
        mix(&mut self.coder, busy, [a, b, c], &mut learnt.group_weights[at], &self.tables)
    }

    /// The contexts of plane `k`; `patch` is where the patch's magnitudes start in the row.
    #[inline(always)]
    pub(super) fn contexts(&self, k: usize, patch: usize, recent: u32) -> Contexts {
        let planes = self.planes;
        let class = usize::from(planes.class[k]);
        let activity = u32::from(self.activity[k]);
        let row = &self.row[patch..patch + planes.padded + 1];
        let [up, left, one, two] = planes.neighbours[k].map(|p| u32::from(row[p as usize]));
        let frequencies = up + left;
        let components = 2 * one + two;
        let features = [activity * 43, recent, frequencies * 128, components * 85];
        let linear = &self.learnt.linear[class];
        let sum = (0..4).fold(i64::from(planes.constant[k]), |sum, i| {
            sum + i64::from(features[i]) * i64::from(linear[i])
        });
        let neighbourhood = match activity {
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
    fn residual<O: Observer, const TEMPORAL: bool>(
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
            let [a, b, c] = [
                &mut learnt.expected[(seen * EXPECTED + expected) * 16 + class / 2],
                &mut self.plane[k * PLANE_COUNTERS + own],
                &mut learnt.local[(seen * 64 + local) * 16 + class / 2],
            ];
            let (is_more, at) = (magnitude > seen as u32, seen * CLASSES + class);
            let more = match &mut self.earlier {
                Some((earlier, temporal)) if TEMPORAL => {
                    let d = &mut temporal.magnitude[seen * STRIDE + earlier.magnitude(k, expected)];
                    mix(&mut self.coder, is_more, [a, b, c, d], &mut temporal.weights[at], &self.tables)
                }
                _ => mix(&mut self.coder, is_more, [a, b, c], &mut learnt.weights[at], &self.tables),
            };
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
        let negative = self.negative::<TEMPORAL>(k, value < 0);
        if negative { -(found as i32) } else { found as i32 }
    }

    /// Codes a sign: plain, or, where the earlier tile has an innovation here, as whether both have the same sign.
    #[inline(always)]
    fn negative<const TEMPORAL: bool>(&mut self, k: usize, negative: bool) -> bool {
        if TEMPORAL
            && let Some((earlier, temporal)) = &mut self.earlier
            && let Some(sign) = earlier.sign(k)
        {
            let before = earlier.value[k] < 0;
            return temporal.sign[sign].code(&mut self.coder, negative == before, &self.tables) == before;
        }
        self.coder.bit(negative, ONE / 2)
    }

    /// Codes a value of 0 or more: the exponent of value + 1 in adaptive unary, then the highest bit below the leading one
    /// adaptively, and the rest as plain bits.
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
struct Patch<'p, 'a, C, O, const TEMPORAL: bool> {
    coder: &'p mut TileCoder<'a, C>,
    codes: &'p mut [i32],
    empty: bool,
    nonzero: &'p mut Vec<u32>,
    observer: &'p mut O,
}

impl<C: Coder, O: Observer, const TEMPORAL: bool> WithSimd for Patch<'_, '_, C, O, TEMPORAL> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        self.coder.patch_inlined::<O, TEMPORAL>(self.codes, self.empty, self.nonzero, self.observer)
    }
}

impl<C> TileCoder<'_, C> {
    /// The tile's history for tiles that refer to it, once all its patches are coded; `None` where none will.
    pub(crate) fn history(&mut self) -> Option<TileHistory> {
        let recorder = self.recorder.take()?;
        let temporal = self.earlier.take().map(|(_, temporal)| temporal);
        Some(TileHistory {
            learnt: self.learnt.clone(),
            plane: std::mem::take(&mut self.plane),
            group: std::mem::take(&mut self.group),
            temporal: temporal.unwrap_or_else(|| TemporalStatistics::new(self.planes)),
            innovations: recorder.kept,
        })
    }
}

impl<'a> TileCoder<'a, Encoder> {
    /// Starts a tile of `width` patches a row.
    pub(crate) fn encoder(planes: &'a Planes, width: usize, links: HistoryLinks<'a>) -> Self {
        Self::start(Encoder::default(), planes, width, links)
    }

    /// The tile's stream.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.coder.finish()
    }
}

impl<'a, 'b> TileCoder<'a, Decoder<'b>> {
    /// Starts reading a tile's stream.
    pub(crate) fn decoder(
        planes: &'a Planes,
        width: usize,
        stream: &'b [u8],
        links: HistoryLinks<'a>,
    ) -> Result<Self> {
        Ok(Self::start(Decoder::new(stream)?, planes, width, links))
    }

    /// Whether the stream ran out, so that codes from now on are noise.
    pub(crate) fn exhausted(&self) -> bool {
        self.coder.exhausted()
    }

    /// Refuses a stream that does not end here.
    pub(crate) fn finish(self) -> Result<()> {
        self.coder.finish()
    }
}
