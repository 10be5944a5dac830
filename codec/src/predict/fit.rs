//! How the predictive encoder decides from which planes to predict, with which coefficients, and with which period these recur.
//! It may compute with floats, because its decisions are written as integers.

use crate::predict::gram::Gram;
use crate::predict::padded::{Padded, Shape};
use crate::predict::plan::{OWN_OFFSETS, Plan, Reference, Source};
use crate::predict::rule;
use crate::predict::vectorised::{Rehearsal, walk};
use crate::predict::walk::Restored;
use pulp::{Arch, Simd, WithSimd};

/// The periods that are tried for sets of coefficients, and the longest one, for which sums are gathered. The sums of shorter
/// periods follow from these.
const PERIODS: [usize; 4] = [1, 2, 3, 6];
const GATHERED: usize = 6;
/// How many planes are tried as references, and for how many of them the neighbours too.
const REFERENCES: usize = 6;
const REFERENCES_WITH_NEIGHBOURS: usize = 2;
/// From this number of rows on, sums are gathered from half of a tile's rows.
const MANY_ROWS: usize = 192;
/// What a coefficient costs, in bits.
const COEFFICIENT_BITS: f64 = 20.0;

/// The order of planes.
pub(crate) fn order(shape: &Shape) -> Vec<usize> {
    (0..shape.planes).collect()
}

/// Decides how a plane is predicted. Afterwards `restored` holds a rehearsal of it.
pub(crate) fn plan(
    given: &[i32],
    valid: &[bool],
    number: usize,
    bound: u32,
    restored: &mut Restored,
) -> Plan {
    let mut plan = range(given, valid);
    if plan.is_constant() {
        return plan;
    }
    let shape = restored.shape;
    let centred = centred(given, valid, &plan, &shape);
    plan.references = references(&centred, valid, number, restored);
    let cells = gather(&centred, valid, &plan, restored);
    let noise = (2.0 * f64::from(bound) + 1.0).powi(2) / 12.0;
    choose_sets(&mut plan, &cells, noise);
    plan.narrow = is_narrow(&plan, number, restored, &centred);
    plan.weights = vec![[20, 6, 12, 4, 6, 4, 0, 0, 0]; plan.sets()];
    walk(Rehearsal, &plan, number, bound, valid, given, restored);
    rule::fit(&mut plan, number, valid, restored);
    plan
}

/// The range of valid samples, and their mean as the base.
fn range(given: &[i32], valid: &[bool]) -> Plan {
    let mut plan = Plan { period: (1, 1), ..Plan::default() };
    let (mut low, mut high, mut sum, mut count) = (i32::MAX, i32::MIN, 0i64, 0i64);
    for (value, valid) in given.iter().zip(valid) {
        if *valid {
            (low, high) = (low.min(*value), high.max(*value));
            sum += i64::from(*value);
            count += 1;
        }
    }
    if count == 0 {
        return plan;
    }
    let (low, high) = (i64::from(low), i64::from(high));
    // Low enough that the difference between any sample and the base fits into 32 bits.
    let base = if high - low < 1 << 31 { sum / count } else { high - (high - low) / 2 };
    plan.base = base as i32;
    plan.below = (base - low) as u32;
    plan.above = (high - base) as u32;
    plan
}

/// The samples less their base, within a margin. A sample that is not valid takes the value to its left.
fn centred(given: &[i32], valid: &[bool], plan: &Plan, shape: &Shape) -> Padded {
    let mut padded = Padded::new(shape);
    for y in 0..shape.height {
        let row = padded.open_row(y);
        for x in 0..shape.width {
            let i = y * shape.width + x;
            let at = x + crate::predict::padded::MARGIN;
            row[at] = if valid[i] { given[i].wrapping_sub(plan.base) } else { row[at - 1] };
        }
        padded.close_row(y);
    }
    padded
}

/// The planes already coded whose horizontal differences correlate best with this plane's; the best of them with their
/// neighbours.
fn references(centred: &Padded, valid: &[bool], number: usize, restored: &Restored) -> Vec<Reference> {
    let shape = restored.shape;
    let mut correlated: Vec<(f64, usize)> = (0..number)
        .map(|plane| {
            let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
            for y in 0..shape.height {
                let (a, aw) = (centred.row(y, 0, 0), centred.row(y, 0, -1));
                let (b, bw) = (restored.values[plane].row(y, 0, 0), restored.values[plane].row(y, 0, -1));
                for x in 1..shape.width {
                    if valid[y * shape.width + x] {
                        let da = f64::from(a[x]) - f64::from(aw[x]);
                        let db = f64::from(b[x]) - f64::from(bw[x]);
                        ab += da * db;
                        aa += da * da;
                        bb += db * db;
                    }
                }
            }
            (ab * ab / (aa * bb), plane)
        })
        .collect();
    correlated.sort_by(|a, b| b.0.total_cmp(&a.0));
    correlated.truncate(REFERENCES);
    correlated
        .iter()
        .enumerate()
        .map(|(i, (_, plane))| Reference { plane: *plane, neighbours: i < REFERENCES_WITH_NEIGHBOURS })
        .collect()
}

/// The Gram matrices of all taps and the predicted sample, for each phase of the longest period.
fn gather(centred: &Padded, valid: &[bool], plan: &Plan, restored: &Restored) -> Vec<Gram> {
    Arch::new().dispatch(Gather { centred, valid, plan, restored })
}

/// [`gather`] with the processor's vector instructions.
struct Gather<'a> {
    centred: &'a Padded,
    valid: &'a [bool],
    plan: &'a Plan,
    restored: &'a Restored,
}

impl WithSimd for Gather<'_> {
    type Output = Vec<Gram>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<Gram> {
        gather_rows(self.centred, self.valid, self.plan, self.restored)
    }
}

#[inline(always)]
fn gather_rows(centred: &Padded, valid: &[bool], plan: &Plan, restored: &Restored) -> Vec<Gram> {
    let shape = restored.shape;
    let taps = plan.taps();
    let mut cells = vec![Gram::new(taps.len()); GATHERED * GATHERED];
    let mut row = vec![0.0; (taps.len() + 1) * shape.width];
    // Where there are many rows, every second period of rows is enough.
    let stride = if shape.height >= MANY_ROWS { 2 } else { 1 };
    for y in (0..shape.height).filter(|y| (y / GATHERED).is_multiple_of(stride)) {
        let n = taps.len() + 1;
        for (t, tap) in taps.iter().enumerate() {
            let of = |(plane, dy, dx): Source| plane.map_or(centred, |p| &restored.values[p]).row(y, dy, dx);
            let source = of(tap.source);
            match tap.minus {
                Some(minus) => {
                    for (x, (value, minus)) in source.iter().zip(of(minus)).enumerate() {
                        row[x * n + t] = f64::from(*value) - f64::from(*minus);
                    }
                }
                None => {
                    for (x, value) in source.iter().enumerate() {
                        row[x * n + t] = f64::from(*value);
                    }
                }
            }
        }
        for (x, (value, west)) in centred.row(y, 0, 0).iter().zip(centred.row(y, 0, -1)).enumerate() {
            row[x * n + n - 1] = f64::from(*value) - f64::from(*west);
        }
        for x in 0..shape.width {
            if valid[y * shape.width + x] {
                cells[y % GATHERED * GATHERED + x % GATHERED].add(&row[x * n..][..n]);
            }
        }
    }
    for cell in &mut cells {
        cell.scale(stride as f64);
    }
    cells
}

/// Chooses the period, and the coefficients of its sets.
fn choose_sets(plan: &mut Plan, cells: &[Gram], noise: f64) {
    let mut best: Option<(f64, Plan)> = None;
    let mut first = None;
    for period in PERIODS {
        // The longest period is tried only where a shorter one helped.
        let helps = best.as_ref().zip(first).is_none_or(|((least, _), first)| *least < first);
        if period == GATHERED && !helps {
            continue;
        }
        let mut sets = vec![Gram::new(cells[0].taps()); period * period];
        for (i, cell) in cells.iter().enumerate() {
            sets[i / GATHERED % period * period + i % GATHERED % period].merge(cell);
        }
        let rough = noise - 1.0 / 12.0;
        let sets: Vec<Gram> =
            if rough > 0.0 { sets.iter().map(|s| s.noisy(OWN_OFFSETS.len(), rough)).collect() } else { sets };
        if sets.iter().any(|s| s.count() < 4.0 * COEFFICIENT_BITS) && period > 1 {
            continue;
        }
        let fits: Vec<_> = sets.iter().map(|s| s.solve(noise, COEFFICIENT_BITS)).collect();
        let bits: f64 = fits.iter().map(|f| f.bits).sum();
        if best.as_ref().is_none_or(|(least, _)| bits < *least) {
            // The number of fraction bits that costs least, the same for all sets.
            let mut candidate = (f64::INFINITY, plan.clone());
            for fraction in [4, 6, 8, 10, 12, 14] {
                let (mut cost, mut coefficients) = (0.0, Vec::new());
                for (set, fit) in sets.iter().zip(&fits) {
                    let (bits, rounded) = set.round(fit, noise, fraction);
                    cost += bits;
                    coefficients.extend(rounded);
                }
                if cost < candidate.0 {
                    let plan = Plan { period: (period, period), fraction, coefficients, ..plan.clone() };
                    candidate = (cost, plan);
                }
            }
            first = first.or(Some(candidate.0));
            if best.as_ref().is_none_or(|(least, _)| candidate.0 < *least) {
                best = Some(candidate);
            }
        }
    }
    if let Some((_, found)) = best {
        *plan = found;
    }
}

/// Whether all sums fit into 32 bits.
fn is_narrow(plan: &Plan, number: usize, restored: &Restored, centred: &Padded) -> bool {
    let most = |p: &Padded| {
        (0..restored.shape.height)
            .flat_map(|y| p.row(y, 0, 0))
            .map(|v| u64::from(v.unsigned_abs()))
            .max()
            .unwrap_or(0)
    };
    let own = most(centred).max(u64::from(plan.below.max(plan.above)));
    let others: Vec<u64> = restored.values[..number].iter().map(most).collect();
    let taps = plan.taps();
    plan.absolute().chunks(taps.len()).all(|set| {
        let sum: u64 = set
            .iter()
            .zip(&taps)
            .map(|(c, tap)| u64::from(c.unsigned_abs()) * tap.source.0.map_or(own, |p| others[p]))
            .sum();
        sum + (1 << plan.fraction) < 1 << 31
    })
}
