//! A model's planes as the entropy coder sees them at one step, and the statistics with which a tile begins.

use super::contexts::{CLASSES, EXPECTED, EXPONENTS, FEATURES, GROUP, PLANE_COUNTERS, SPAN, UNARY};
use crate::entropy::adaptive::{Counter, Weights};
use crate::entropy::predict::Predictor;

/// The counters and weights a tile starts from, learnt when the model was fitted. Serialised by `model::priors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// `[decision][expected][class / 2]`
    pub(crate) expected: Vec<Counter>,
    /// `[class][zero given three neighbourhoods, one, more]`: what each plane's own counters start from.
    pub(crate) plane: Vec<Counter>,
    /// `[decision][frequencies × components][class / 2]`
    pub(crate) local: Vec<Counter>,
    /// `[upper, lower][activity][recent]`
    pub(crate) group_activity: Vec<Counter>,
    /// `[upper, lower][class]`: what each group's own counters start from.
    pub(crate) group: Vec<Counter>,
    /// `[upper, lower][class][activity]`
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

impl Statistics {
    /// The statistics from which a fit starts.
    pub(crate) fn unfitted() -> Self {
        let counters = |n: usize| vec![Counter::new(20_000, 0); n];
        Self {
            expected: counters(UNARY * EXPECTED * 16),
            plane: counters(CLASSES * PLANE_COUNTERS),
            local: counters(UNARY * 64 * 16),
            group_activity: counters(2 * 16 * 16),
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
            &mut self.group_activity,
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
    pub(super) padded: usize,
    pub(super) class: Vec<u8>,
    /// The linear rule's constant term, and the plane's own strength feature.
    pub(super) strength: Vec<u32>,
    pub(super) constant: Vec<u32>,
    pub(super) neighbours: Vec<[u32; 4]>,
    pub(super) plane_start: Vec<Counter>,
    pub(super) group_start: [Vec<Counter>; 2],
    pub(super) predictor: Predictor,
    pub(super) start: Statistics,
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
        // 2^x in 256ths, by Mitchell's approximation, which is exact enough for a feature.
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
