//! A model and what runs it: natively, or in an engine for ONNX graphs.

use super::bounded::Tolerance;
use super::correction::Correction;
use super::network::Network;
use crate::engine::{self, EngineKind};
use crate::entropy::tile::Planes;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::priors::ScalarPriors;
use crate::quantise::Rates;
use crate::transform::Linear;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A model with its decoder, its correction and, where it is a whole package, its encoder.
#[derive(Debug)]
pub(super) struct ModelRunner {
    pub(super) model: Arc<Model>,
    pub(super) linear: Option<Linear>,
    pub(super) network: Option<Network>,
    pub(super) correction: Option<Correction>,
    /// The bits of each index, for the search in models with codebooks.
    pub(super) rates: Option<Rates>,
    planes: Mutex<HashMap<i16, Arc<Planes>>>,
}

/// The number of steps whose tables are kept.
const KEPT_STEPS: usize = 16;

impl ModelRunner {
    /// Opens the engine that runs the model. `engine` is the one that the caller chose, if any.
    pub(super) fn open(model: Arc<Model>, engine: Option<EngineKind>) -> Result<Self> {
        let linear = model.linear.as_ref().zip(model.priors().scalar());
        let linear = linear.map(|(weights, priors)| Linear::new(weights, &priors.order));
        let network = match (engine, &linear) {
            (None | Some(EngineKind::Native), Some(_)) => None,
            (Some(EngineKind::Native), None) => {
                return Err(Error::Engine(format!(
                    "engine native runs models with a linear decoder, {} is a {} model; use tract or onnxruntime",
                    model.manifest().name,
                    model.manifest().architecture
                )));
            }
            (Some(engine), _) => Some(Network::load(&model, engine)?),
            (None, None) => Some(Network::load(&model, engine::preferred())?),
        };
        let scalar = model.codebooks().is_none();
        let correct = |onnx| {
            // Where the linear path runs natively, the correction still needs an engine.
            let kind = engine.filter(|kind| *kind != EngineKind::Native).unwrap_or_else(engine::preferred);
            Correction::load(onnx, kind, scalar)
        };
        let correction = model.correction().map(correct).transpose()?;
        let rates = model.codebooks().map(|_| Rates::of(model.priors())).transpose()?;
        Ok(Self { model, linear, network, correction, rates, planes: Mutex::default() })
    }

    /// The name of the decoder: `native`, or the engine that runs the model's graph.
    pub(super) fn description(&self) -> String {
        match (&self.network, &self.correction) {
            (Some(network), _) => network.description(),
            (None, Some(correction)) => format!("native, with {}", correction.description()),
            (None, None) => "native".to_owned(),
        }
    }

    /// How far apart conforming decoders may be.
    pub(super) fn tolerance(&self) -> Tolerance {
        let manifest = self.model.manifest();
        Tolerance { tolerance: manifest.tolerance, peak: manifest.peak }
    }

    /// The side of a patch, in pixels.
    pub(super) fn patch(&self) -> usize {
        self.model.manifest().patch
    }

    /// Bands of an image.
    pub(super) fn bands(&self) -> usize {
        self.model.manifest().bands.len()
    }

    /// Refuses to write with a decoding half.
    pub(super) fn check_encoder(&self) -> Result<()> {
        if self.model.can_encode() {
            return Ok(());
        }
        Err(Error::MissingEncoder {
            model: self.model.manifest().name.clone(),
            sha256: self.model.sha256().to_owned(),
        })
    }

    /// Scalar planes at a step, from a small cache: a chunk's tiles share them, and so do most chunks of an array.
    pub(super) fn planes(&self, priors: &ScalarPriors, step: i16) -> Arc<Planes> {
        let mut kept = self.planes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(planes) = kept.get(&step) {
            return planes.clone();
        }
        if kept.len() >= KEPT_STEPS {
            kept.clear();
        }
        let planes = Arc::new(priors.at_step(step));
        kept.insert(step, planes.clone());
        planes
    }
}
