//! The codec of one array: its configuration, its model, and what follows from them.
//!
//! Its operations are in the modules [`encode`](super::encode), [`plan`](super::plan) and [`decode`](super::decode).

use super::position::tiles_of_image;
use super::runner::ModelRunner;
use crate::axes::Layout;
use crate::config::{Configuration, EntropyCoder};
use crate::container::header::{Expected, ExpectedModel, Header};
use crate::engine::EngineKind;
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::model::Model;
use crate::sample::{DataType, Sample, dispatch};
use crate::squares::SquareSum;
use std::sync::Arc;

/// How the work is done. Options never change decoded samples by more than the model's tolerance.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether the tiles of one chunk are spread over threads. Without the feature `rayon` it has no effect.
    pub parallel: bool,
    /// The engine to decode with; by default the fastest that can run the model.
    pub engine: Option<EngineKind>,
}

impl Options {
    /// Sets whether the tiles of one chunk are spread over threads.
    #[must_use]
    pub fn with_parallel(self, parallel: bool) -> Self {
        Self { parallel, ..self }
    }

    /// Sets the engine to decode with; `None` is the fastest that can run the model.
    #[must_use]
    pub fn with_engine(self, engine: impl Into<Option<EngineKind>>) -> Self {
        Self { engine: engine.into(), ..self }
    }
}

/// What a chunk's header says about its errors, as measured when it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Valid samples.
    pub valid: u64,
    /// The sum of squared errors over them, in squared data units.
    pub squares: SquareSum,
    /// Maximum absolute error over them, in data units.
    pub max_error: f64,
    /// Whether both are stated as measured. Most headers round them up to few bytes.
    pub exact: bool,
}

impl Statistics {
    /// Mean square error, in squared data units; 0 if no sample is valid.
    #[must_use]
    pub fn mean_square_error(&self) -> f64 {
        self.squares.mean(self.valid)
    }
}

/// Encodes and decodes the chunks of one array.
#[derive(Debug)]
pub struct ChunkCodec {
    pub(super) configuration: Configuration,
    pub(super) data_type: DataType,
    /// The fill value's bit pattern.
    pub(super) fill: u64,
    pub(super) options: Options,
    pub(super) step: i16,
    /// The model with its engine; `None` where prediction codes all tiles, exactly or within bounds.
    pub(super) runner: Option<ModelRunner>,
}

/// The side of patches without a model, in pixels. Extents of tiles are multiples of it.
const PATCH: usize = 16;

/// The side of patches, in pixels.
pub fn patch_of(model: Option<&Model>) -> usize {
    model.map_or(PATCH, |model| model.manifest().patch)
}

impl ChunkCodec {
    /// Bytes to fetch from a chunk's start in order to learn its header's length.
    pub const PREFIX: usize = 16;

    /// A codec for arrays of this type, with the model that the configuration names. `fill` is one sample's bytes, in native
    /// order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a quality, a promise, nodata or a fill value out of range, and for a configuration without
    /// a model that promises nothing; [`Error::Engine`] when the engine that was chosen is not available.
    pub fn new(
        configuration: &Configuration,
        model: impl Into<Option<Arc<Model>>>,
        data_type: DataType,
        fill: &[u8],
        options: Options,
    ) -> Result<Self> {
        if fill.len() != data_type.size() {
            return Err(Error::InvalidArgument(format!(
                "the fill value has {} bytes, {} has {}",
                fill.len(),
                data_type.name(),
                data_type.size()
            )));
        }
        let fill = dispatch!(data_type, T => {
            crate::sample::Sample::to_bits(bytemuck::pod_read_unaligned::<T>(fill))
        });
        for value in &configuration.nodata {
            value.to_f64(data_type)?;
        }
        let runner = model.into().map(|model| ModelRunner::open(model, options.engine)).transpose()?;
        let step = match &runner {
            Some(runner) => runner.model.manifest().step_for_quality(configuration.quality)?,
            None => {
                configuration.check()?;
                0
            }
        };
        Ok(Self { configuration: configuration.clone(), data_type, fill, options, step, runner })
    }

    /// Encodes at another quality from now on, without loading the model anew.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a quality out of range, or without a model.
    pub fn set_quality(&mut self, quality: f64) -> Result<()> {
        let Some(runner) = &self.runner else {
            return Err(Error::InvalidArgument("a quality needs a model".to_owned()));
        };
        self.step = runner.model.manifest().step_for_quality(quality)?;
        self.configuration.quality = quality;
        Ok(())
    }

    /// The name of the decoder: `native`, or the engine that runs the model's graph.
    #[must_use]
    pub fn engine(&self) -> String {
        self.runner.as_ref().map_or_else(|| "native".to_owned(), ModelRunner::description)
    }

    /// The side of patches, in pixels.
    pub(super) fn patch(&self) -> usize {
        patch_of(self.runner.as_ref().map(|runner| &*runner.model))
    }

    /// Whether tiles may refer to other dates: by scalar codes in rANS mode, or by samples without a runner.
    pub(super) fn may_refer(&self, entropy: EntropyCoder, bounded: bool) -> bool {
        bounded || (entropy == EntropyCoder::Rans && self.has_scalar_codes())
    }

    /// Whether the model's codes are scalar.
    pub(super) fn has_scalar_codes(&self) -> bool {
        self.runner.as_ref().is_some_and(|runner| runner.model.priors().scalar().is_some())
    }

    /// The rule that says which samples are valid, band by band. Samples that no transform could represent are not.
    pub(super) fn classifier<T: Sample>(&self, bands: usize) -> Result<Classifier<T>> {
        let limits = match &self.runner {
            Some(runner) => Classifier::<T>::limits(&runner.model.manifest().bands),
            None => vec![(f64::MIN, f64::MAX); bands],
        };
        Classifier::new(&self.configuration.nodata, limits)
    }

    /// The length of the header, counted from the chunk's first byte. Its first [`Self::PREFIX`] bytes state it (or
    /// all of a shorter chunk).
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Truncated`], [`Error::Unsupported`].
    pub fn header_len(&self, prefix: &[u8]) -> Result<usize> {
        Header::length(prefix).map(|(length, _)| length)
    }

    /// What the header says about the chunk's errors.
    ///
    /// # Errors
    /// As [`ChunkCodec::plan`].
    pub fn statistics(&self, shape: &[usize], header: &[u8]) -> Result<Statistics> {
        let header = self.read_header(&self.layout(shape)?, header)?;
        let Header { valid, squares, max_error, exact, .. } = header;
        Ok(Statistics { valid, squares, max_error, exact })
    }

    /// Refuses chunks of a shape that does not fit the axes, the order of the bands or the model.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::OtherBands`], [`Error::Limit`].
    pub fn check_shape(&self, shape: &[usize]) -> Result<()> {
        self.layout(shape).map(drop)
    }

    pub(super) fn layout(&self, shape: &[usize]) -> Result<Layout> {
        let layout = self.configuration.axes.layout(shape)?;
        let layout = layout.with_band_order(&self.configuration.band_order)?;
        if let Some(runner) = self.runner.as_ref().filter(|runner| runner.bands() != layout.bands()) {
            return Err(Error::OtherBands {
                found: layout.bands(),
                model: runner.model.manifest().name.clone(),
                wanted: runner.bands(),
            });
        }
        Ok(layout)
    }

    pub(super) fn read_header(&self, layout: &Layout, bytes: &[u8]) -> Result<Header> {
        let patch = self.patch();
        Header::from_bytes(bytes, &self.expected(layout, &|extent| tiles_of_image(extent, patch)))
    }

    /// The properties of a chunk that are known without its header. `tiles` gives the number of tiles of an image by its extent.
    pub(super) fn expected<'a>(
        &'a self,
        layout: &Layout,
        tiles: &'a dyn Fn([usize; 2]) -> usize,
    ) -> Expected<'a> {
        Expected {
            height: layout.height(),
            width: layout.width(),
            bands: layout.bands(),
            sample_size: self.data_type.size(),
            model: self.runner.as_ref().map(|runner| {
                let model = &runner.model;
                ExpectedModel { hash: model.hash_prefix(), name: &model.manifest().name }
            }),
            images: layout.images(),
            tiles,
        }
    }
}
