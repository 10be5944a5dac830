//! `model.json`: what a model is for, and the figures that the codec needs to run it.

use crate::error::{Error, Result};
use crate::quantise::{CodebookShape, Quantiser};
use serde::{Deserialize, Serialize};

/// The content of `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// Always `vqz-model`.
    pub format: String,
    /// The version of the package's layout: 0.
    pub version: u32,
    /// A short name, such as `sentinel2-l2a-klt`.
    pub name: String,
    /// How the graphs were built: `klt`, or any other name for graphs that only an ONNX engine runs.
    pub architecture: String,
    /// The bands, in the order in which the model takes them.
    pub bands: Vec<Band>,
    /// The side of a patch, in pixels: the latent grid is this much coarser than the image.
    pub patch: usize,
    /// How many dates a patch spans.
    pub window: usize,
    /// Planes of codes at each position of the latent grid.
    pub planes: usize,
    /// How latents become codes.
    pub quantiser: Quantiser,
    /// The shape of the codebooks of `vq` and `rvq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codebooks: Option<CodebookShape>,
    /// The value against which PSNR is stated, in data units.
    pub peak: f64,
    /// Bound on the difference between any two conforming decoders' samples, in data units.
    pub tolerance: f64,
    /// Pairs of step and PSNR measured on the training data, by falling step: what `quality` means. With codebooks the step
    /// sets the price of a bit, see [`lagrangian`](crate::authoring::lagrangian).
    pub calibration: Vec<Calibration>,
    /// SHA-256 of `encoder.onnx`.
    pub encoder_sha256: String,
    /// The licence under which the model may be used.
    pub licence: String,
    /// The data that it was fitted on, and their attribution.
    pub training_data: String,
}

/// One band of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name, such as `B04`.
    pub name: String,
    /// Its unit; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Its central wavelength in nanometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wavelength_nm: Option<f64>,
    /// Subtracted from a sample, in data units.
    pub offset: f32,
    /// What the difference is divided by, in data units.
    pub scale: f32,
}

/// A measured point of the rate–distortion curve on the training data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The quantiser's step as 256 × its base-2 logarithm, in normalised units.
    pub step: i16,
    /// PSNR in dB against the manifest's peak.
    pub psnr_db: f64,
}

impl Manifest {
    /// The value of `format` in every manifest of this version.
    pub const FORMAT: &'static str = "vqz-model";
    /// The version of the package's layout.
    pub const VERSION: u32 = 0;

    /// The manifest of a model with scalar codes. Other fields are set afterwards: at least the peak, the tolerance and the
    /// calibration, because a model without them is refused.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        architecture: impl Into<String>,
        bands: Vec<Band>,
        patch: usize,
        planes: usize,
    ) -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            name: name.into(),
            architecture: architecture.into(),
            bands,
            patch,
            window: 1,
            planes,
            quantiser: Quantiser::Fsq,
            codebooks: None,
            peak: 0.0,
            tolerance: 0.0,
            calibration: Vec::new(),
            encoder_sha256: String::new(),
            licence: String::new(),
            training_data: String::new(),
        }
    }

    /// Reads and checks `model.json`.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|e| Error::InvalidModel(format!("model.json: {e}; get the package again")))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Latents at each position of the latent grid: the planes of the encoder's output.
    #[must_use]
    pub fn latents(&self) -> usize {
        self.codebooks.map_or(self.planes, |shape| shape.latents())
    }

    fn check(&self) -> Result<()> {
        let refuse =
            |what: String| Err(Error::InvalidModel(format!("model.json: {what}; get the package again")));
        if self.format != Self::FORMAT {
            return refuse(format!("format is \"{}\", allowed is \"{}\"", self.format, Self::FORMAT));
        }
        if self.version != Self::VERSION {
            return Err(Error::Unsupported(format!(
                "the model package has version {}, this release reads version {}; update vqz",
                self.version,
                Self::VERSION
            )));
        }
        if self.bands.is_empty() || self.bands.len() > 4096 {
            return refuse(format!("{} bands, allowed are 1 to 4096", self.bands.len()));
        }
        for band in &self.bands {
            if !(band.offset.is_finite() && band.scale.is_finite() && band.scale > 0.0) {
                return refuse(format!(
                    "band {} has offset {} and scale {}; finite ones, with a positive scale, are allowed",
                    band.name, band.offset, band.scale
                ));
            }
        }
        if !matches!(self.patch, 8 | 16 | 32) {
            return refuse(format!("patch is {}, allowed are 8, 16 and 32", self.patch));
        }
        if self.window != 1 {
            return refuse(format!("window is {}, allowed is 1", self.window));
        }
        match (self.quantiser, &self.codebooks) {
            (Quantiser::Fsq, None) => {}
            (Quantiser::Fsq, Some(_)) => return refuse("fsq takes no codebooks".to_owned()),
            (quantiser, None) => return refuse(format!("{quantiser} takes codebooks, there are none")),
            (quantiser, Some(shape)) => {
                if let Err(what) = shape.check(quantiser) {
                    return refuse(what);
                }
                if shape.planes() != self.planes {
                    return refuse(format!(
                        "{} planes, {} groups of {} stages are {}",
                        self.planes,
                        shape.groups,
                        shape.stages,
                        shape.planes()
                    ));
                }
            }
        }
        if self.planes == 0 || self.planes > crate::model::priors::MAX_PLANES {
            return refuse(format!(
                "{} planes, allowed are 1 to {}",
                self.planes,
                crate::model::priors::MAX_PLANES
            ));
        }
        if !(self.peak.is_finite() && self.peak > 0.0 && self.tolerance.is_finite() && self.tolerance >= 0.0)
        {
            return refuse(format!(
                "peak is {} and tolerance {}; positive ones are allowed",
                self.peak, self.tolerance
            ));
        }
        let falling =
            self.calibration.windows(2).all(|p| p[0].step > p[1].step && p[0].psnr_db < p[1].psnr_db);
        if self.calibration.len() < 2 || !falling || self.calibration.iter().any(|c| !c.psnr_db.is_finite()) {
            return refuse(
                "the calibration must hold two points or more, by falling step and rising PSNR".to_owned(),
            );
        }
        Ok(())
    }

    /// The step, as 256 × its base-2 logarithm, whose PSNR on the training data was `quality`. It is interpolated between the
    /// measured points; beyond them, each further 6.02 dB halve the step.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] unless quality is from 0 to 200 dB.
    pub fn step_for_quality(&self, quality: f64) -> Result<i16> {
        if !(0.0..=200.0).contains(&quality) {
            return Err(Error::InvalidArgument(format!(
                "quality is {quality}, allowed are 0 to 200 (dB of PSNR on data like the training data); \
                 40 to 55 is usual"
            )));
        }
        let points = &self.calibration;
        let (first, last) = (points[0], points[points.len() - 1]);
        let slope = 256.0 / (20.0 * 2f64.log10());
        let step = if quality <= first.psnr_db {
            f64::from(first.step) + (first.psnr_db - quality) * slope
        } else if quality >= last.psnr_db {
            f64::from(last.step) - (quality - last.psnr_db) * slope
        } else {
            let i = points.partition_point(|p| p.psnr_db <= quality);
            let (a, b) = (points[i - 1], points[i]);
            let t = (quality - a.psnr_db) / (b.psnr_db - a.psnr_db);
            f64::from(a.step) + t * (f64::from(b.step) - f64::from(a.step))
        };
        Ok(step.round().clamp(-16_384.0, 16_384.0) as i16)
    }
}
