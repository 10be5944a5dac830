//! How a plane is predicted: the encoder's decisions as integers, and how these are written.

use crate::error::{Error, Result};
use crate::predict::numbers::{Kind, Numbers};
use crate::predict::wide::Wide;

/// Neighbours in the plane itself, `(rows down, columns right)`. The first [`SERIAL`] are in the row being coded.
pub(crate) const OWN_OFFSETS: [(isize, isize); 14] = [
    (0, -1),
    (0, -2),
    (0, -3),
    (-1, 0),
    (-1, -1),
    (-1, 1),
    (-2, 0),
    (-1, -2),
    (-1, 2),
    (-2, -1),
    (-2, 1),
    (-3, 0),
    (-2, -2),
    (-2, 2),
];
pub(crate) const SERIAL: usize = 3;

/// Samples of a plane already coded, `(rows down, columns right)`: the one at the same position, then its eight neighbours.
pub(crate) const REFERENCE_OFFSETS: [(isize, isize); 9] =
    [(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)];

/// The number of magnitudes whose weighted sum is the expected magnitude of a residual: W, WW, N, NW, NE and NN in the plane
/// itself, the same position in the companion, and the sum of its four neighbours there. A constant is added.
pub(crate) const MAGNITUDES: usize = 8;
/// The largest weight of a magnitude, in 64ths, and the largest constant, in 16ths.
pub(crate) const MAX_WEIGHT: u32 = 255;

/// The largest magnitude of a coefficient.
pub(crate) const MAX_COEFFICIENT: i32 = 1 << 20;
/// The most bits of a coefficient's fraction.
pub(crate) const MAX_FRACTION: u32 = 16;
/// The most sets of coefficients along each direction.
pub(crate) const MAX_PERIOD: usize = 8;
/// The most planes that a plane can be predicted from.
pub(crate) const MAX_REFERENCES: usize = 16;

/// A plane already coded that takes part in a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) plane: usize,
    /// Whether its eight neighbours take part too.
    pub(crate) neighbours: bool,
}

/// Where a sample is: its plane (`None` is the one being coded), rows down and columns right.
pub(crate) type Source = (Option<usize>, isize, isize);

/// What a coefficient multiplies: a sample, or its difference from another sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) source: Source,
    pub(crate) minus: Option<Source>,
}

/// How one plane is predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is subtracted from samples before anything else.
    pub(crate) base: i32,
    /// Samples lie within `base - below ..= base + above`. `below` is at most 2^31, `above` less.
    pub(crate) below: u32,
    pub(crate) above: u32,
    /// Whether sums fit into 32 bits, and are computed in 32 bits with wrapping.
    pub(crate) narrow: bool,
    /// Whether a decision that a residual is 0 comes first where residuals are probably 0.
    pub(crate) zeros: bool,
    pub(crate) references: Vec<Reference>,
    /// The plane whose residuals predict the magnitudes of this one's best.
    pub(crate) companion: Option<usize>,
    /// Rows and columns after which sets of coefficients recur.
    pub(crate) period: (usize, usize),
    pub(crate) fraction: u32,
    /// How many low bits of residuals the rule for expected magnitudes leaves out.
    pub(crate) coarse: u32,
    /// `[set][tap]`, set = row phase × columns' period + column phase.
    pub(crate) coefficients: Vec<i32>,
    /// `[set][magnitude]`, then the constant.
    pub(crate) weights: Vec<[u32; MAGNITUDES + 1]>,
}

impl Plan {
    pub(crate) fn is_constant(&self) -> bool {
        self.below == 0 && self.above == 0
    }

    pub(crate) fn sets(&self) -> usize {
        self.period.0 * self.period.1
    }

    /// Every tap, in order.
    pub(crate) fn taps(&self) -> Vec<Tap> {
        let own = |(dy, dx): (isize, isize)| (None, dy, dx);
        let mut taps: Vec<_> = OWN_OFFSETS
            .iter()
            .map(|offset| Tap { source: own(*offset), minus: Some(own(OWN_OFFSETS[0])) })
            .collect();
        taps[0].minus = None;
        for reference in &self.references {
            let count = if reference.neighbours { REFERENCE_OFFSETS.len() } else { 1 };
            let there = |(dy, dx): (isize, isize)| (Some(reference.plane), dy, dx);
            taps.push(Tap { source: there(REFERENCE_OFFSETS[0]), minus: None });
            taps.extend(
                REFERENCE_OFFSETS[1..count]
                    .iter()
                    .map(|p| Tap { source: there(*p), minus: Some(there(REFERENCE_OFFSETS[0])) }),
            );
        }
        taps
    }

    /// The coefficients of the taps' own samples, `[set][tap]`. Taps are differences of samples, and predictions start from the sample
    /// to the west; here both are multiplied out, so that each coefficient belongs to one sample.
    pub(crate) fn absolute(&self) -> Vec<i32> {
        let taps = self.taps();
        let mut out = self.coefficients.clone();
        for set in out.chunks_mut(taps.len().max(1)) {
            // The tap whose sample the following taps subtract.
            let mut subtrahend = 0;
            for (i, tap) in taps.iter().enumerate() {
                if tap.minus.is_none() {
                    subtrahend = i;
                } else {
                    set[subtrahend] = set[subtrahend].wrapping_sub(set[i]);
                }
            }
            set[0] = set[0].wrapping_add(1 << self.fraction);
        }
        out
    }

    /// Codes the plan of plane `plane`, and returns it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where a field is out of its range.
    pub(crate) fn code<W: Wide>(&self, coder: &mut W, numbers: &mut Numbers, plane: usize) -> Result<Self> {
        let mut plan = Self {
            base: numbers.signed(coder, self.base, Kind::Plain),
            below: numbers.unsigned(coder, self.below, Kind::Plain),
            above: numbers.unsigned(coder, self.above, Kind::Plain),
            ..Self::default()
        };
        limit("range of samples below their base", plan.below, 1 << 31)?;
        limit("range of samples above their base", plan.above, (1 << 31) - 1)?;
        if plan.is_constant() {
            return Ok(plan);
        }
        plan.narrow = coder.plain(u32::from(self.narrow), 1) == 1;
        plan.zeros = coder.plain(u32::from(self.zeros), 1) == 1;
        let count = numbers.unsigned(coder, self.references.len() as u32, Kind::Plain);
        limit("number of references", count, plane.min(MAX_REFERENCES) as u32)?;
        for i in 0..count as usize {
            let reference =
                self.references.get(i).copied().unwrap_or(Reference { plane: 0, neighbours: false });
            let distance =
                numbers.unsigned(coder, (plane - 1).saturating_sub(reference.plane) as u32, Kind::Plain);
            limit("distance of a reference", distance, plane as u32 - 1)?;
            let neighbours = coder.plain(u32::from(reference.neighbours), 1) == 1;
            plan.references.push(Reference { plane: plane - 1 - distance as usize, neighbours });
        }
        let companion = self.companion.map_or(0, |c| plane - c);
        let companion = numbers.unsigned(coder, companion as u32, Kind::Plain);
        limit("distance of the companion", companion, plane as u32)?;
        plan.companion = (companion > 0).then(|| plane - companion as usize);
        let mut period = |value: usize| -> Result<usize> {
            let value = numbers.unsigned(coder, value.saturating_sub(1) as u32, Kind::Plain);
            limit("period", value, MAX_PERIOD as u32 - 1)?;
            Ok(value as usize + 1)
        };
        plan.period = (period(self.period.0)?, period(self.period.1)?);
        plan.fraction = numbers.unsigned(coder, self.fraction, Kind::Plain);
        limit("fraction", plan.fraction, MAX_FRACTION)?;
        plan.coarse = numbers.unsigned(coder, self.coarse, Kind::Plain);
        limit("coarseness", plan.coarse, 16)?;
        self.code_sets(coder, numbers, &mut plan)?;
        Ok(plan)
    }

    fn code_sets<W: Wide>(&self, coder: &mut W, numbers: &mut Numbers, plan: &mut Self) -> Result<()> {
        let taps = plan.taps().len();
        for set in 0..plan.sets() {
            for tap in 0..taps {
                // The size of the same tap's coefficient in the set before.
                let before = set.checked_sub(1).map_or(1, |s| {
                    let size = plan.coefficients[s * taps + tap].unsigned_abs() << 3 >> plan.fraction;
                    let zero = plan.coefficients[s * taps + tap] == 0;
                    if zero { 2 } else { 3 + (32 - size.leading_zeros()).min(4) }
                });
                let value = self.coefficients.get(set * taps + tap).copied().unwrap_or(0);
                let value = numbers.signed(coder, value, Kind::Coefficient(before));
                limit("coefficient", value.unsigned_abs(), MAX_COEFFICIENT as u32)?;
                plan.coefficients.push(value);
            }
        }
        for set in 0..plan.sets() {
            let mut weights = [0; MAGNITUDES + 1];
            for (i, weight) in weights.iter_mut().enumerate() {
                let value = self.weights.get(set).map_or(0, |w| w[i]);
                *weight = numbers.unsigned(coder, value, Kind::Weight(i as u32));
                limit("weight", *weight, MAX_WEIGHT)?;
            }
            plan.weights.push(weights);
        }
        Ok(())
    }
}

fn limit(what: &str, value: u32, most: u32) -> Result<()> {
    if value <= most {
        return Ok(());
    }
    Err(Error::Corrupt(format!("{what} is {value}, at most {most} is allowed; write the chunk again")))
}
