//! The entropy coder's statistics from training data: first the linear rule by least squares, then the counters and mixing
//! weights by coding the data.

use super::grid::Grid;
use super::solve::Normal;
use crate::entropy::adaptive::Counter;
use crate::entropy::rans::Coder;
use crate::entropy::tile::{CLASSES, FEATURES, Observer, Planes, Statistics, TileCoder};
use crate::error::Result;
use crate::model::priors::ScalarPriors;
use crate::quantise;

/// Steps at which tiles are coded.
const STEPS: usize = 8;
/// Parts of codes that are not zero, between which those steps lie.
const SPARSEST: f64 = 0.002;
const DENSEST: f64 = 0.5;
/// The number of passes over the data: one for the linear rule, then one for the counters.
const PASSES: usize = 2;
/// About how many codes each pass uses.
const CODES: usize = 40_000_000;
/// A class with fewer observations keeps the rule with which it started.
const MIN_OBSERVATIONS: f64 = 2000.0;

/// The steps to learn at, of measured ones: pairs of a step and the part of codes that are not zero, by falling step.
pub(super) fn useful_steps(measured: &[(i16, f64)]) -> Vec<i16> {
    let useful: Vec<i16> =
        measured.iter().filter(|p| (SPARSEST..DENSEST).contains(&p.1)).map(|p| p.0).collect();
    if useful.is_empty() {
        return measured.get(measured.len() / 2).map(|p| p.0).into_iter().collect();
    }
    (0..STEPS).map(|i| useful[i * (useful.len() - 1) / (STEPS - 1)]).collect()
}

/// Fits the linear rule and the first statistics of tiles, at these steps, or at the step that a grid states.
pub(super) fn fit(
    grids: &[Grid],
    priors: &mut ScalarPriors,
    steps: &[i16],
    progress: &dyn Fn(f64),
) -> Result<()> {
    let total: usize = grids.iter().map(|g| g.values.len()).sum();
    let rounds = (CODES / total.max(1)).clamp(1, steps.len().max(1));
    let keep = (total * rounds / CODES).max(1);
    let grids: Vec<&Grid> = grids.iter().step_by(keep).collect();
    let passes = PASSES * rounds * grids.len();
    let mut done = 0;
    let mut rule = Rule { normals: vec![Normal::new(FEATURES); CLASSES] };
    for pass in 0..PASSES {
        for round in 0..rounds {
            for (i, grid) in grids.iter().enumerate() {
                // Steps take turns, so that no part of the data is seen at one step only.
                let turn = (i * 3 + round * steps.len() / rounds + pass) % steps.len();
                let step = grid.step.unwrap_or(steps[turn]);
                let planes = priors.at_step(step);
                let mut coder = TileCoder::learner(&planes, grid.columns);
                if pass == 0 {
                    code(grid, step, &planes, &mut coder, Codes::Rounded, &mut rule, &mut |_, _| {})?;
                } else {
                    code(grid, step, &planes, &mut coder, Codes::Rounded, &mut (), &mut |_, _| {})?;
                    keep_learnt(coder, &planes, &mut priors.statistics);
                }
                done += 1;
                progress(done as f64 / passes as f64);
            }
        }
        if pass == 0 {
            rule.solve(&mut priors.statistics);
        }
    }
    for counter in priors.statistics.counters().into_iter().flatten() {
        *counter = Counter::new(counter.p1() as u16, counter.count().min(CONFIDENCE) as u8);
    }
    Ok(())
}

/// Where codes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codes {
    /// Rounded, each by itself. Priors are learnt from these: a third pass over chosen codes gained nothing.
    Rounded,
    /// Chosen by rate and distortion, as the encoder does.
    Chosen,
}

/// Codes a grid's latents. `each` gets the codes of each patch that holds data, by its number.
pub(super) fn code<C: Coder, O: Observer>(
    grid: &Grid,
    step: i16,
    planes: &Planes,
    coder: &mut TileCoder<'_, C>,
    from: Codes,
    observer: &mut O,
    each: &mut dyn FnMut(usize, &[i32]),
) -> Result<()> {
    let inverse = 1.0 / quantise::step(step);
    let mut codes = vec![0; planes.count];
    let mut scaled = vec![0.0; planes.count];
    let mut nonzero = Vec::new();
    for (at, (values, valid)) in grid.values.chunks_exact(planes.count).zip(&grid.valid).enumerate() {
        scaled.iter_mut().zip(values).for_each(|(scaled, value)| *scaled = value * inverse);
        match from {
            _ if !valid => {}
            Codes::Rounded => {
                codes.iter_mut().zip(&scaled).for_each(|(code, value)| *code = quantise::quantise(*value));
            }
            Codes::Chosen => coder.choose(&scaled, quantise::BIT, &mut codes),
        }
        coder.patch(&mut codes, !valid, &mut nonzero, observer)?;
        if *valid {
            each(at, &codes);
        }
    }
    Ok(())
}

/// Takes over the statistics of a tile; counters of single planes and groups are averaged by class.
fn keep_learnt<C>(coder: TileCoder<'_, C>, planes: &Planes, statistics: &mut Statistics) {
    let (plane, group) = (coder.plane, coder.group);
    let own = (statistics.plane.clone(), statistics.group.clone());
    *statistics = coder.learnt;
    (statistics.plane, statistics.group) = own;
    planes.average(&plane, &group, statistics);
}

/// The linear rule's normal equations, by class.
struct Rule {
    normals: Vec<Normal>,
}

impl Observer for Rule {
    fn magnitude(&mut self, class: usize, features: [u32; FEATURES], magnitude: u32) {
        let features = features.map(|f| f64::from(f) / 256.0);
        // Magnitudes spread in proportion to their expectation: weigh so that small ones count as much.
        let about = 0.05 + features.iter().sum::<f64>() / FEATURES as f64;
        self.normals[class].add(&features, f64::from(magnitude.min(255)), 1.0 / (about * about));
    }
}

impl Rule {
    fn solve(&self, statistics: &mut Statistics) {
        for (normal, linear) in self.normals.iter().zip(&mut statistics.linear) {
            if normal.count > MIN_OBSERVATIONS {
                for (weight, w) in linear.iter_mut().zip(normal.solve_nonnegative()) {
                    *weight = (w * 256.0).round().clamp(0.0, 32_767.0) as i16;
                }
            }
        }
    }
}

/// The largest count with which a counter starts a tile. It is low, because tiles differ. Measured: see
/// `docs/decisions.md`.
const CONFIDENCE: u32 = 10;
