//! The priors of scalar codes: the scan order, standard deviations, predictions and the coder's statistics.

use super::tables::{MAX_PLANES, put_counters, read_counters, read_weights};
use crate::container::bytes::{Reader, put_varint};
use crate::entropy::predict::{Prediction, Predictor, Tap, TapPosition};
use crate::entropy::tile::{Planes, Relations, Statistics};
use crate::error::{Error, Result};

/// The most planes that take part in predictions.
const MAX_PREDICTED: usize = 64;
/// The most terms of one prediction.
const MAX_TAPS: usize = 32;
/// The priors of a model with scalar codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScalarPriors {
    /// The plane at each scan position.
    pub(crate) order: Vec<u32>,
    /// 256 × log2 of each plane's standard deviation, in scan order.
    pub(crate) sigma: Vec<i16>,
    /// Components of each frequency where planes are frequencies × components, 0 where they have no such structure.
    pub(crate) components: usize,
    pub(crate) predictor: Predictor,
    pub(crate) statistics: Statistics,
}

impl ScalarPriors {
    /// How many planes there are.
    pub(crate) fn planes(&self) -> usize {
        self.order.len()
    }

    /// The planes as the entropy coder sees them at a step.
    pub(crate) fn at_step(&self, step: i16) -> Planes {
        Planes::new(&self.sigma, step, &self.relations(), &self.predictor, &self.statistics)
    }

    /// Scan positions of each plane's neighbours among frequencies and components.
    pub(crate) fn relations(&self) -> Relations {
        if self.components == 0 {
            return Vec::new();
        }
        let side = (self.order.len() / self.components).isqrt();
        let mut position = vec![0u32; self.order.len()];
        for (scan, plane) in self.order.iter().enumerate() {
            position[*plane as usize] = scan as u32;
        }
        self.order
            .iter()
            .map(|plane| {
                let plane = *plane as usize;
                let (frequency, component) = (plane / self.components, plane % self.components);
                let (u, v) = (frequency / side, frequency % side);
                [
                    (u > 0).then(|| position[plane - side * self.components]),
                    (v > 0).then(|| position[plane - self.components]),
                    (component > 0).then(|| position[plane - 1]),
                    (component > 1).then(|| position[plane - 2]),
                ]
            })
            .collect()
    }

    /// Appends all but the file's magic number and version.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_varint(out, self.order.len() as u64);
        put_varint(out, self.components as u64);
        self.order.iter().for_each(|p| put_varint(out, u64::from(*p)));
        self.sigma.iter().for_each(|s| out.extend_from_slice(&s.to_le_bytes()));
        put_varint(out, self.predictor.planes.len() as u64);
        for (plane, prediction) in self.predictor.planes.iter().zip(&self.predictor.predictions) {
            put_varint(out, u64::from(*plane));
            out.push(u8::from(prediction.copy));
            out.push(prediction.taps.len() as u8);
            for tap in &prediction.taps {
                out.push(tap.position as u8);
                out.push(tap.source);
                out.extend_from_slice(&tap.weight.to_le_bytes());
            }
        }
        let mut statistics = self.statistics.clone();
        statistics.counters().into_iter().for_each(|counters| put_counters(out, counters));
        for weights in statistics.weights.iter().chain(&statistics.group_weights) {
            weights.iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
        }
        for linear in &statistics.linear {
            linear.iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
        }
    }

    /// Reads what [`ScalarPriors::write`] wrote.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self> {
        let planes = r.varint(MAX_PLANES as u64, "the number of planes")? as usize;
        let components = r.varint(planes as u64, "the number of components")? as usize;
        let side = planes.checked_div(components).map_or(0, usize::isqrt);
        if planes == 0 || (components > 0 && side * side * components != planes) {
            return Err(Error::Corrupt(format!(
                "{planes} planes of {components} components: a square number of components each is needed"
            )));
        }
        let mut seen = vec![false; planes];
        let mut order = Vec::with_capacity(planes);
        for _ in 0..planes {
            let plane = r.varint(planes as u64 - 1, "a plane of the scan order")? as usize;
            if std::mem::replace(&mut seen[plane], true) {
                return Err(Error::Corrupt(format!("the scan order names plane {plane} twice")));
            }
            order.push(plane as u32);
        }
        let sigma = (0..planes).map(|_| r.i16("a standard deviation")).collect::<Result<_>>()?;
        let predictor = Self::read_predictor(r, planes)?;
        let mut statistics = Statistics::unfitted();
        for counters in statistics.counters() {
            read_counters(r, counters)?;
        }
        let Statistics { weights, group_weights, linear, .. } = &mut statistics;
        read_weights(r, weights.iter_mut().chain(group_weights).flatten())?;
        for weight in linear.iter_mut().flatten() {
            *weight = r.i16("a weight of the linear rule")?;
        }
        Ok(Self { order, sigma, components, predictor, statistics })
    }

    fn read_predictor(r: &mut Reader<'_>, planes: usize) -> Result<Predictor> {
        let count = r.varint(MAX_PREDICTED as u64, "the number of predicted planes")? as usize;
        let mut predictor = Predictor::default();
        for index in 0..count {
            let plane = r.varint(planes as u64 - 1, "a predicted plane")? as u32;
            if predictor.planes.last().is_some_and(|last| *last >= plane) {
                return Err(Error::Corrupt("predicted planes are not in rising order".into()));
            }
            let copy = match r.u8("a prediction's flag")? {
                0 => false,
                1 => true,
                other => {
                    return Err(Error::Corrupt(format!(
                        "a prediction's flag is {other}, allowed are 0 and 1"
                    )));
                }
            };
            let terms = usize::from(r.u8("the number of terms")?);
            if terms > MAX_TAPS {
                return Err(Error::Corrupt(format!("a prediction has {terms} terms, at most {MAX_TAPS}")));
            }
            let taps = (0..terms)
                .map(|_| {
                    let position = usize::from(r.u8("a term's position")?);
                    let source = r.u8("a term's source")?;
                    let weight = r.i16("a term's weight")?;
                    let position = *TapPosition::ALL.get(position).ok_or_else(|| {
                        Error::Corrupt(format!("a term's position is {position}, allowed are 0 to 4"))
                    })?;
                    let limit = if position == TapPosition::Here { index } else { count };
                    if usize::from(source) >= limit {
                        return Err(Error::Corrupt(format!(
                            "a term reads source {source}, there are {limit}"
                        )));
                    }
                    Ok(Tap { position, source, weight })
                })
                .collect::<Result<_>>()?;
            predictor.planes.push(plane);
            predictor.predictions.push(Prediction { taps, copy });
        }
        Ok(predictor)
    }
}
