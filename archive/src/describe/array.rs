//! The description of an array: what it is, how it is stored, and the errors that its chunks state.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::encoded::window::WindowCost;
use crate::error::{Context, Result, bail};
use crate::geotiff;
use crate::metadata::document::Metadata;
use crate::raster::opening::OpenOptions;
use crate::raster::region::volume;
use crate::raster::window::Window;
use crate::store::chunk_keys::sizes_of_array;
use crate::store::georeference::locate;
use crate::store::tree::Node;
use crate::stored::StoredSize;
use crate::words;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use vqz_codec::config::Promise;
use vqz_codec::model::{CodebookShape, Quantiser};
use vqz_raster::georeference::Summary;

/// The description of an array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ArrayDescription {
    /// Its path below the root, or its folder.
    pub path: String,
    /// Its extents, in samples, in the order of its dimensions.
    pub shape: Vec<u64>,
    /// The type of its samples.
    pub data_type: String,
    /// The extents of its chunks; of the inner ones, where it is sharded.
    pub chunk: Vec<u64>,
    /// The extents of its shards.
    pub shard: Option<Vec<u64>>,
    /// The names of its codecs; those within shards in brackets.
    pub codecs: Vec<String>,
    /// The roles of its dimensions, where they are known.
    pub axes: Option<Vec<String>>,
    /// Its fill value.
    pub fill_value: Value,
    /// Bytes of chunks and shards.
    pub data_bytes: u64,
    /// Bytes of `zarr.json`.
    pub metadata_bytes: u64,
    /// Bits of chunks, over all samples.
    pub bits_per_sample: Option<f64>,
    /// Raw bytes over all that is stored, metadata included.
    pub ratio: f64,
    /// How it is encoded; none if it is not.
    pub encoding: Option<EncodingDescription>,
    /// Where and when it lies, as far as its metadata and the arrays beside it state.
    #[serde(rename = "place")]
    pub georeference: Option<Summary>,
    /// The cost of reading the requested window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowCost>,
}

/// How an array is encoded.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EncodingDescription {
    /// The model; none if samples are predicted without a model.
    #[serde(flatten)]
    pub model: Option<ModelUse>,
    /// The nominal quality in dB.
    pub quality: f64,
    /// The entropy coder.
    pub entropy: Value,
    /// The promise for valid samples.
    pub promise: Promise,
    /// The meaning of the promise, in words.
    pub promise_means: String,
    /// Values that mean "no data".
    pub nodata: Value,
    /// The value that PSNR is stated against: the model's. None without a model.
    pub peak: Option<f64>,
    /// Chunks that hold data.
    pub chunks: u64,
    /// Chunks that are all fill value, and so are not stored.
    pub fill_only_chunks: u64,
    /// Samples that are not "no data".
    pub valid_samples: u64,
    /// PSNR in dB as the chunks state it; none without a peak, and where there is no error.
    pub psnr_db: Option<f64>,
    /// Root mean square error as the chunks state it, in data units.
    pub rmse: Option<f64>,
    /// The largest error as the chunks state it, in data units.
    pub max_error: f64,
    /// The record that the encode left.
    pub recorded: Option<Record>,
    /// How the archive differs from its record, in words; none if it does not.
    pub lost: Option<String>,
}

/// The model that an array was encoded with.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ModelUse {
    /// Its name.
    pub model: String,
    /// SHA-256 of its decoding half.
    pub sha256: String,
    /// Whether it is embedded in the array's metadata.
    pub embedded: bool,
    /// Bytes that it takes in the metadata.
    pub embedded_bytes: usize,
    /// How latents become codes.
    pub quantiser: Quantiser,
    /// Planes of codes.
    pub planes: usize,
    /// The shape of its codebooks, where it has some.
    pub codebooks: Option<CodebookShape>,
}

impl ModelUse {
    fn of(archive: &EncodedArray) -> Option<Self> {
        let (reference, model) = archive.configuration().model.as_ref().zip(archive.model.as_ref())?;
        let manifest = model.manifest();
        Some(Self {
            model: reference.name.clone(),
            sha256: reference.sha256.clone(),
            embedded: reference.decoder.is_some(),
            embedded_bytes: reference.decoder.as_ref().map_or(0, String::len),
            quantiser: manifest.quantiser,
            planes: manifest.planes,
            codebooks: manifest.codebooks,
        })
    }
}

impl ArrayDescription {
    /// Describes an array of a hierarchy, and the cost of reading a window of it.
    ///
    /// # Errors
    /// When its metadata are wrong, its model can't be found, or the window does not fit it.
    pub fn of(node: &Node, window: Option<&Window>) -> Result<Self> {
        let metadata = &node.metadata;
        let shape = metadata.shape()?;
        let (metadata_bytes, data_bytes) = sizes_of_array(&node.folder, metadata)?;
        let encoded = metadata.encoded()?;
        let (mut encoding, mut planned) = (None, None);
        let mut axes = metadata.axes(None).ok();
        match &encoded {
            Some(encoded) if encoded.plain => {
                let archive = EncodedArray::open(node, None)?;
                encoding = Some(EncodingDescription::of(&archive, &archive.totals()?, Record::of(metadata))?);
                if let Some(asked) = window {
                    let region =
                        asked.region(&shape, &archive.configuration().axes).with_context(|| node.label())?;
                    let size = metadata.data_type()?.size() as u64;
                    planned = Some(WindowCost::plan(&archive, &region, size, data_bytes)?);
                }
                axes = Some(archive.configuration().axes.clone());
            }
            _ if window.is_some() && node.path.is_empty() => bail!(
                Unsupported,
                "{} is no vqz archive by itself: its codecs are {}; only vqz archives state the cost of reading a window",
                node.label(),
                metadata.codec_names().join(", ")
            ),
            _ => {}
        }
        let georeference = locate(node, axes.as_ref());
        Ok(Self {
            path: node.label(),
            data_type: metadata.data_type_name(),
            chunk: match &encoded {
                Some(encoded) => encoded.chunk.clone(),
                None => metadata.chunk_shape()?,
            },
            shard: encoded.and_then(|encoded| encoded.shard),
            codecs: metadata.codec_names(),
            axes: axes.map(Vec::from),
            georeference: (!georeference.is_empty()).then_some(georeference),
            window: planned,
            fill_value: metadata.json().get("fill_value").cloned().unwrap_or_default(),
            bits_per_sample: bits_per_sample(data_bytes, &shape),
            ratio: StoredSize::new((metadata_bytes, data_bytes), raw_bytes(metadata, &shape), 1).ratio,
            shape,
            data_bytes,
            metadata_bytes,
            encoding,
        })
    }

    /// Describes a raster file.
    ///
    /// # Errors
    /// When GDAL can't read it.
    pub fn of_file(path: &Path) -> Result<Self> {
        let raster = geotiff::open(path, &OpenOptions::default())?;
        let info = raster.info();
        // The georeference from GDAL is in the attributes that a Zarr array would have.
        let node = Node {
            path: String::new(),
            folder: path.to_path_buf(),
            metadata: info.metadata.clone(),
            derived: false,
        };
        let georeference = locate(&node, Some(&info.axes));
        Ok(Self {
            path: info.label.clone(),
            shape: info.shape.clone(),
            data_type: info.data_type.name().to_owned(),
            chunk: info.chunk.clone(),
            shard: None,
            codecs: vec!["GeoTIFF".to_owned()],
            axes: Some(Vec::from(info.axes.clone())),
            fill_value: info.metadata.json().get("fill_value").cloned().unwrap_or_default(),
            data_bytes: info.stored.1,
            metadata_bytes: info.stored.0,
            bits_per_sample: bits_per_sample(info.stored.1, &info.shape),
            ratio: StoredSize::new(info.stored, info.raw_bytes(), 1).ratio,
            encoding: None,
            georeference: (!georeference.is_empty()).then_some(georeference),
            window: None,
        })
    }

    /// Whether it is a coordinate array: numbers or names along one dimension of a raster.
    #[must_use]
    pub fn is_coordinate(&self) -> bool {
        self.shape.len() < 2 && self.encoding.is_none()
    }
}

/// What a promise means for a reader of the archive, in words.
#[must_use]
pub fn promise_means(promise: &Promise) -> String {
    match promise {
        Promise::Quality => {
            "no bound on any sample; each chunk states the errors that were measured when it was written"
                .to_owned()
        }
        Promise::Lossless => "every sample comes back bit for bit, on any machine".to_owned(),
        Promise::MaxError { bound, stable } => {
            let bounds = match &bound[..] {
                [one] => format!("no valid sample is off by more than {}", words::exact(*one)),
                _ => "no valid sample is off by more than the bound of its band".to_owned(),
            };
            let again = if *stable { ", and writing again what was read changes nothing" } else { "" };
            format!("{bounds}, in data units, on any machine{again}")
        }
    }
}

/// The size of the samples before encoding; 0 if the size of their type is not known.
fn raw_bytes(metadata: &Metadata, shape: &[u64]) -> u64 {
    metadata.data_type().map_or(0, |data_type| volume(shape).saturating_mul(data_type.size() as u64))
}

fn bits_per_sample(bytes: u64, shape: &[u64]) -> Option<f64> {
    let samples = volume(shape);
    (samples > 0).then(|| bytes as f64 * 8.0 / samples as f64)
}

impl EncodingDescription {
    fn of(archive: &EncodedArray, totals: &Totals, recorded: Option<Record>) -> Result<Self> {
        let configuration = archive.configuration();
        let peak = archive.peak();
        Ok(Self {
            model: ModelUse::of(archive),
            quality: configuration.quality,
            entropy: serde_json::to_value(configuration.entropy)?,
            promise: configuration.promise.clone(),
            promise_means: promise_means(&configuration.promise),
            nodata: serde_json::to_value(&configuration.nodata)?,
            peak,
            chunks: totals.chunks,
            fill_only_chunks: totals.absent,
            valid_samples: totals.valid,
            psnr_db: peak.and_then(|peak| totals.psnr_db(peak)),
            rmse: totals.rmse(),
            max_error: totals.max_error,
            lost: recorded.as_ref().and_then(|recorded| archive.differs(recorded, totals)),
            recorded,
        })
    }
}
