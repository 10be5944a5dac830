//! The journey of a chunk: axes → mask → normalise and transform → quantise → entropy code → container, and back.
//!
//! [`ChunkCodec`] knows nothing of zarrs and does no I/O: a partial read is planned from the header
//! ([`ChunkCodec::plan`]), the caller fetches the byte ranges, and [`ChunkCodec::decode_planned`] does the rest.

mod bounded;
mod chunk;
mod coded;
mod correct;
mod decode;
mod encode;
mod exact;
#[cfg(feature = "faults")]
pub mod faults;
mod network;
mod payload;
mod picture;
mod place;
mod planned;
mod promised;
mod stack;

pub use planned::PlannedTile;

use crate::axes::Layout;
use crate::config::{Configuration, EntropyCoder};
use crate::container::header::{CHECKSUM, Expected, ExpectedModel, Header};
use crate::engine::EngineKind;
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::model::Model;
use crate::sample::{DataType, Sample, dispatch};
use picture::Picture;
use place::{Job, jobs, tiles_of_image};
use stack::Need;
use std::ops::Range;
use std::sync::Arc;

/// How the work is done; never changes what is decoded beyond the model's tolerance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Spread the tiles of one chunk over rayon's threads.
    pub parallel: bool,
    /// The engine to decode with; by default the fastest that can run the model.
    pub engine: Option<EngineKind>,
}

/// What a chunk's header says about its errors, as measured when it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Valid samples.
    pub valid: u64,
    /// Mean square error over them, in squared data units.
    pub mean_square_error: f64,
    /// Maximum absolute error over them, in data units.
    pub max_error: f64,
}

/// Which bytes of a chunk a region needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Byte ranges of the encoded chunk, in the order in which [`ChunkCodec::decode_planned`] wants them.
    pub ranges: Vec<Range<u64>>,
    layout: Layout,
    header: Header,
    region: Vec<Range<usize>>,
    jobs: Vec<(Job, Need)>,
}

/// The codes of one tile, as they stand in a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileCodes {
    /// The image in the chunk, in C order of the dimensions that are looped over.
    pub image: usize,
    /// The chunk's rows that the tile covers.
    pub rows: Range<usize>,
    /// The chunk's columns that the tile covers.
    pub columns: Range<usize>,
    /// Rows and columns of patches.
    pub grid: [usize; 2],
    /// `(patch, plane)`, 0 where nothing is coded. Planes of scalar codes come in the order of
    /// [`Model::scan_order`](crate::model::Model::scan_order), strongest first; those of indices in their own.
    pub codes: Vec<i32>,
}

/// Encodes and decodes the chunks of one array.
#[derive(Debug)]
pub struct ChunkCodec {
    configuration: Configuration,
    data_type: DataType,
    /// The fill value's bit pattern.
    fill: u64,
    options: Options,
    step: i16,
    /// The model and what runs it; none where all is coded exactly or within bounds by prediction.
    picture: Option<Picture>,
}

/// The side of patches, where no model has any: extents of tiles are multiples of it.
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
    /// a model that promises nothing; [`Error::Engine`] when the engine that is asked for can't be had.
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
        let picture = model.into().map(|model| Picture::open(model, options.engine)).transpose()?;
        let step = match &picture {
            Some(picture) => picture.model.manifest().step_for_quality(configuration.quality)?,
            None => {
                configuration.check()?;
                0
            }
        };
        Ok(Self { configuration: configuration.clone(), data_type, fill, options, step, picture })
    }

    /// Encodes at another quality from now on. What was loaded to run the model stays.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a quality out of range, or without a model.
    pub fn set_quality(&mut self, quality: f64) -> Result<()> {
        let Some(picture) = &self.picture else {
            return Err(Error::InvalidArgument("a quality needs a model".to_owned()));
        };
        self.step = picture.model.manifest().step_for_quality(quality)?;
        self.configuration.quality = quality;
        Ok(())
    }

    /// What decodes: `native`, or the engine that runs the model's graph.
    #[must_use]
    pub fn engine(&self) -> String {
        self.picture.as_ref().map_or_else(|| "native".to_owned(), Picture::description)
    }

    /// The side of patches, in pixels.
    fn patch(&self) -> usize {
        patch_of(self.picture.as_ref().map(|picture| &*picture.model))
    }

    /// Whether tiles may refer to other dates: by scalar codes in rANS mode, or by samples without a picture.
    fn may_refer(&self, entropy: EntropyCoder, bounded: bool) -> bool {
        bounded || (entropy == EntropyCoder::Rans && self.has_scalar_codes())
    }

    /// Whether the model's codes are scalar.
    fn has_scalar_codes(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| picture.model.priors().scalar().is_some())
    }

    /// Whether samples are valid, band by band: those that no transform could hold are not.
    fn classifier<T: Sample>(&self, bands: usize) -> Result<Classifier<T>> {
        let limits = match &self.picture {
            Some(picture) => Classifier::<T>::limits(&picture.model.manifest().bands),
            None => vec![(f64::MIN, f64::MAX); bands],
        };
        Classifier::new(&self.configuration.nodata, limits)
    }

    /// Encodes a chunk. `samples` are in C order and native byte order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the shape does not fit the axes, the model's bands or the number of bytes.
    pub fn encode(&self, shape: &[usize], samples: &[u8]) -> Result<Vec<u8>> {
        let layout = self.layout(shape)?;
        let wanted = layout.samples * self.data_type.size();
        if samples.len() != wanted {
            return Err(Error::InvalidArgument(format!(
                "the chunk has {} bytes, shape {shape:?} of {} takes {wanted}",
                samples.len(),
                self.data_type.name()
            )));
        }
        dispatch!(self.data_type, T => {
            match bytemuck::try_cast_slice::<u8, T>(samples) {
                Ok(samples) => self.encode_chunk(&layout, samples),
                // Not aligned for its type: a copy is.
                Err(_) => {
                    let mut aligned = vec![<T as bytemuck::Zeroable>::zeroed(); layout.samples];
                    bytemuck::cast_slice_mut::<T, u8>(&mut aligned).copy_from_slice(samples);
                    self.encode_chunk(&layout, &aligned)
                }
            }
        })
    }

    /// Decodes a whole chunk.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Truncated`], [`Error::Unsupported`], [`Error::InvalidModel`].
    pub fn decode(&self, shape: &[usize], bytes: &[u8]) -> Result<Vec<u8>> {
        let layout = self.layout(shape)?;
        let mut out = vec![0; layout.samples * self.data_type.size()];
        self.decode_into(shape, bytes, &mut out)?;
        Ok(out)
    }

    /// Decodes a whole chunk into `out`, which must hold exactly its bytes.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`]; `out` then holds nothing of use.
    pub fn decode_into(&self, shape: &[usize], bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let region: Vec<Range<usize>> = shape.iter().map(|n| 0..*n).collect();
        let plan = self.plan(shape, bytes, &region)?;
        let end = plan.ranges.last().map_or(self.header_len(bytes)? as u64, |r| r.end);
        if bytes.len() as u64 != end {
            let kind = if (bytes.len() as u64) < end { Error::Truncated } else { Error::Corrupt };
            return Err(kind(format!(
                "the chunk has {} bytes, its tile index says {end}; it was cut off or damaged, write it again",
                bytes.len()
            )));
        }
        let parts: Vec<&[u8]> =
            plan.ranges.iter().map(|r| &bytes[r.start as usize..r.end as usize]).collect();
        self.decode_planned_into(&plan, &parts, out)
    }

    /// The length of the header, counted from the chunk's first byte, as told by its first [`Self::PREFIX`] bytes (or
    /// all of a shorter chunk).
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Truncated`], [`Error::Unsupported`].
    pub fn header_len(&self, prefix: &[u8]) -> Result<usize> {
        Header::length(prefix).map(|(length, _)| length)
    }

    /// The byte ranges that a region (a start and an end for each dimension) needs. `header` may go on after the header.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`], and [`Error::InvalidArgument`] for a region outside the chunk.
    pub fn plan(&self, shape: &[usize], header: &[u8], region: &[Range<usize>]) -> Result<Plan> {
        let layout = self.layout(shape)?;
        if region.len() != shape.len() || region.iter().zip(shape).any(|(r, n)| r.start > r.end || r.end > *n)
        {
            return Err(Error::InvalidArgument(format!(
                "region {region:?} lies outside a chunk of shape {shape:?}"
            )));
        }
        let start = self.header_len(header)? as u64;
        let header = self.read_header(&layout, header)?;
        if !header.references.is_empty() && !self.may_refer(header.entropy, header.bounds.is_some()) {
            return Err(Error::Corrupt(
                "tiles refer to other dates, which of pictures only scalar codes in rANS mode do; write the chunk again"
                    .to_owned(),
            ));
        }
        let [_, rows, columns] = layout.image_region(region);
        let empty = region.iter().any(|r| r.is_empty());
        let jobs: Vec<Job> = jobs(&layout, header.extent, self.patch()).collect();
        let wanted = jobs.iter().map(|job| {
            let apart = job.rows.start >= rows.end
                || job.rows.end <= rows.start
                || job.columns.start >= columns.end
                || job.columns.end <= columns.start;
            !empty && !apart && layout.image_in_region(job.image, region).is_some()
        });
        let tiles = stack::needed(wanted.collect(), &header, layout.images());
        let mut at = start;
        let mut ranges = Vec::new();
        let mut chosen = Vec::new();
        for ((job, length), need) in jobs.into_iter().zip(&header.tiles).zip(tiles) {
            let range = at..at + u64::from(*length);
            at = range.end;
            if let Some(need) = need {
                ranges.push(range);
                chosen.push((job, need));
            }
        }
        Ok(Plan { ranges, layout, header, region: region.to_vec(), jobs: chosen })
    }

    /// Decodes a region from the ranges of its plan; returns its samples in C order and native byte order.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`].
    pub fn decode_planned(&self, plan: &Plan, parts: &[&[u8]]) -> Result<Vec<u8>> {
        let samples: usize = plan.region.iter().map(Range::len).product();
        let mut out = vec![0; samples * self.data_type.size()];
        self.decode_planned_into(plan, parts, &mut out)?;
        Ok(out)
    }

    fn decode_planned_into(&self, plan: &Plan, parts: &[&[u8]], out: &mut [u8]) -> Result<()> {
        let samples: usize = plan.region.iter().map(Range::len).product();
        if out.len() != samples * self.data_type.size() {
            return Err(Error::InvalidArgument(format!(
                "the output has {} bytes, the region takes {}",
                out.len(),
                samples * self.data_type.size()
            )));
        }
        let fits = parts.len() == plan.ranges.len()
            && parts.iter().zip(&plan.ranges).all(|(p, r)| p.len() as u64 == r.end - r.start);
        if !fits {
            return Err(Error::Truncated(
                "the chunk ends before the tiles that its index lists; it was cut off, write it again"
                    .to_owned(),
            ));
        }
        dispatch!(self.data_type, T => {
            match bytemuck::try_cast_slice_mut::<u8, T>(out) {
                Ok(out) => self.decode_tiles(plan, parts, out),
                Err(_) => {
                    let mut aligned = vec![<T as bytemuck::Zeroable>::zeroed(); samples];
                    self.decode_tiles(plan, parts, &mut aligned)?;
                    out.copy_from_slice(bytemuck::cast_slice(&aligned));
                    Ok(())
                }
            }
        })
    }

    /// The codes of a whole chunk, tile by tile: latents for whoever wants them, without the decoder.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`].
    pub fn codes(&self, shape: &[usize], bytes: &[u8]) -> Result<Vec<TileCodes>> {
        let whole: Vec<Range<usize>> = shape.iter().map(|n| 0..*n).collect();
        let plan = self.plan(shape, bytes, &whole)?;
        let parts = plan.ranges.iter().map(|range| {
            bytes.get(range.start as usize..range.end as usize).ok_or_else(|| {
                Error::Truncated("the chunk ends before the tiles that its index lists".to_owned())
            })
        });
        let parts: Vec<&[u8]> = parts.collect::<Result<_>>()?;
        dispatch!(self.data_type, T => self.chunk_codes::<T>(&plan, &parts))
    }

    /// What the header says about the chunk's errors.
    ///
    /// # Errors
    /// As [`ChunkCodec::plan`].
    pub fn statistics(&self, shape: &[usize], header: &[u8]) -> Result<Statistics> {
        let header = self.read_header(&self.layout(shape)?, header)?;
        Ok(Statistics {
            valid: header.valid,
            mean_square_error: f64::from(header.mean_square_error),
            max_error: f64::from(header.max_error),
        })
    }

    fn layout(&self, shape: &[usize]) -> Result<Layout> {
        let layout = self.configuration.axes.layout(shape)?;
        if let Some(picture) = self.picture.as_ref().filter(|picture| picture.bands() != layout.bands()) {
            return Err(Error::InvalidArgument(format!(
                "chunk has {} bands, model {} takes {}; choose bands with --bands and keep them in one chunk",
                layout.bands(),
                picture.model.manifest().name,
                picture.bands()
            )));
        }
        Ok(layout)
    }

    fn read_header(&self, layout: &Layout, bytes: &[u8]) -> Result<Header> {
        let patch = self.patch();
        Header::from_bytes(bytes, &self.expected(layout, &|extent| tiles_of_image(extent, patch)))
    }

    /// What is known of a chunk without its header. `tiles` tells how many an image of some extent has.
    fn expected<'a>(&'a self, layout: &Layout, tiles: &'a dyn Fn([usize; 2]) -> usize) -> Expected<'a> {
        Expected {
            height: layout.height(),
            width: layout.width(),
            bands: layout.bands(),
            sample_size: self.data_type.size(),
            model: self.picture.as_ref().map(|picture| {
                let model = &picture.model;
                ExpectedModel { hash: model.hash_prefix(), name: &model.manifest().name }
            }),
            images: layout.images(),
            tiles,
        }
    }
}

/// Bytes of a tile without its checksum.
fn checked(part: &[u8]) -> Result<&[u8]> {
    let Some(length) = part.len().checked_sub(CHECKSUM) else {
        return Err(Error::Truncated(format!(
            "a tile has {} bytes, at least {CHECKSUM} are needed",
            part.len()
        )));
    };
    let (payload, checksum) = part.split_at(length);
    crate::container::header::check(payload, checksum, "a tile")?;
    Ok(payload)
}
