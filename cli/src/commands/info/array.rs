//! What an array is, how it is stored, and what its chunks state about their errors.

use crate::commands::encode::figures::promise_words;
use crate::output::{self, Stored};
use crate::raster::archive::{Archive, Totals};
use crate::raster::metadata::Metadata;
use crate::raster::place::Place;
use crate::raster::record::Record;
use crate::raster::region::volume;
use crate::raster::tree::Node;
use crate::raster::window::{Asked, Window};
use crate::raster::{OpenOptions, files, geotiff};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use vqz_codec::config::Promise;
use vqz_codec::model::{CodebookShape, Quantiser};

/// An array.
#[derive(Debug, Serialize)]
pub(super) struct ArrayInfo {
    path: String,
    shape: Vec<u64>,
    data_type: String,
    chunk: Vec<u64>,
    shard: Option<Vec<u64>>,
    codecs: Vec<String>,
    axes: Option<Vec<String>>,
    fill_value: Value,
    data_bytes: u64,
    metadata_bytes: u64,
    bits_per_sample: Option<f64>,
    /// Raw bytes over all that is stored, metadata included.
    ratio: f64,
    encoding: Option<Encoding>,
    /// Where and when it lies, as far as its metadata and its neighbours tell.
    place: Option<Place>,
    /// What reading the window takes that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
}

#[derive(Debug, Serialize)]
struct Encoding {
    /// None where samples are predicted only.
    #[serde(flatten)]
    model: Option<ModelInfo>,
    quality: f64,
    entropy: Value,
    promise: Promise,
    /// What that means, in words.
    promise_means: String,
    nodata: Value,
    peak: Option<f64>,
    chunks: u64,
    fill_only_chunks: u64,
    valid_samples: u64,
    psnr_db: Option<f64>,
    rmse: Option<f64>,
    max_error: f64,
    /// What `vqz encode` recorded, and how it differs from what is there.
    recorded: Option<Record>,
    lost: Option<String>,
}

/// The model of an array.
#[derive(Debug, Serialize)]
struct ModelInfo {
    model: String,
    sha256: String,
    embedded: bool,
    embedded_bytes: usize,
    quantiser: Quantiser,
    planes: usize,
    codebooks: Option<CodebookShape>,
}

impl ModelInfo {
    fn of(archive: &Archive) -> Option<Self> {
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

    fn print(&self) -> Result<()> {
        let place = if self.embedded {
            format!("embedded, {}", output::bytes(self.embedded_bytes as u64))
        } else {
            "found by its hash".to_owned()
        };
        output::line(format!("  model     {} ({place}), sha256 {}", self.model, self.sha256))?;
        output::line(format!("  codes     {}", codes(self.quantiser, self.planes, self.codebooks)))
    }
}

impl ArrayInfo {
    /// Of an array of a hierarchy, and of what reading a window of it takes.
    pub(super) fn of(node: &Node, window: Option<&Asked>) -> Result<Self> {
        let metadata = &node.metadata;
        let shape = metadata.shape()?;
        let (metadata_bytes, data_bytes) = files::sizes(&node.folder)?;
        let encoded = metadata.encoded()?;
        let (mut encoding, mut planned) = (None, None);
        let mut axes = metadata.axes(None).ok();
        match &encoded {
            Some(encoded) if encoded.plain => {
                let archive = Archive::open(node, None)?;
                encoding = Some(Encoding::of(&archive, &archive.totals()?, Record::of(metadata))?);
                if let Some(asked) = window {
                    let region =
                        asked.region(&shape, &archive.configuration().axes).with_context(|| node.label())?;
                    let size = metadata.data_type()?.size() as u64;
                    planned = Some(Window::plan(&archive, &region, size, data_bytes)?);
                }
                axes = Some(archive.configuration().axes.clone());
            }
            _ if window.is_some() && node.path.is_empty() => bail!(
                "{} is no vqz archive by itself: its codecs are {}; what a window takes is told of archives",
                node.label(),
                metadata.codec_names().join(", ")
            ),
            _ => {}
        }
        let place = Place::of(node, axes.as_ref());
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
            place: (!place.is_empty()).then_some(place),
            window: planned,
            fill_value: metadata.json().get("fill_value").cloned().unwrap_or_default(),
            bits_per_sample: bits_per_sample(data_bytes, &shape),
            ratio: Stored::new((metadata_bytes, data_bytes), raw_bytes(metadata, &shape), 1).ratio,
            shape,
            data_bytes,
            metadata_bytes,
            encoding,
        })
    }

    /// Of a GeoTIFF.
    pub(super) fn of_geotiff(path: &Path) -> Result<Self> {
        let raster = geotiff::open(path, &OpenOptions::default())?;
        let info = raster.info();
        // GDAL's place stands in the attributes that a Zarr array would have.
        let node = Node {
            path: String::new(),
            folder: path.to_path_buf(),
            metadata: info.metadata.clone(),
            derived: false,
        };
        let place = Place::of(&node, Some(&info.axes));
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
            ratio: Stored::new(info.stored, info.raw_bytes(), 1).ratio,
            encoding: None,
            place: (!place.is_empty()).then_some(place),
            window: None,
        })
    }

    /// Whether it is no raster, but numbers or names along a dimension of one.
    pub(super) fn is_coordinate(&self) -> bool {
        self.shape.len() < 2 && self.encoding.is_none()
    }

    /// Its name and how many values it has.
    pub(super) fn short(&self) -> String {
        let count = self.shape.first().map_or_else(String::new, |count| format!(" ({count})"));
        format!("{}{count}", self.path)
    }

    /// Prints it for people.
    pub(super) fn print(&self) -> Result<()> {
        let list = |extents: &[u64]| extents.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        output::line(&self.path)?;
        let axes = self.axes.as_ref().map_or_else(|| "roles unknown".to_owned(), |axes| axes.join(", "));
        output::line(format!("  shape     {} ({axes}), {}", list(&self.shape), self.data_type))?;
        let shard = self.shard.as_ref().map_or_else(String::new, |shard| format!(", shards {}", list(shard)));
        output::line(format!("  chunks    {}{shard}", list(&self.chunk)))?;
        output::line(format!("  codecs    {}; fill value {}", self.codecs.join(", "), self.fill_value))?;
        output::line(format!(
            "  stored    {} and {} of metadata, ratio {:.1}, {} bits/sample without the metadata",
            output::bytes(self.data_bytes),
            output::bytes(self.metadata_bytes),
            self.ratio,
            output::optional(self.bits_per_sample, 4)
        ))?;
        if let Some(encoding) = &self.encoding {
            encoding.print()?;
        }
        if let Some(place) = &self.place {
            print_place(place)?;
        }
        self.window.as_ref().map_or(Ok(()), print_window)
    }
}

fn print_place(place: &Place) -> Result<()> {
    let lines = [
        ("crs      ", place.system()),
        ("pixel    ", place.pixel_words()),
        ("bounds   ", place.bounds_words()),
        ("dates    ", place.dates_words()),
    ];
    lines
        .into_iter()
        .try_for_each(|(name, words)| words.map_or(Ok(()), |words| output::line(format!("  {name} {words}"))))
}

fn print_window(window: &Window) -> Result<()> {
    let region: Vec<String> = window.region.iter().map(|[start, end]| format!("{start}:{end}")).collect();
    output::line(format!(
        "  window    {}: {} of samples",
        region.join(","),
        output::bytes(window.raw_bytes)
    ))?;
    let fill = match window.fill_only_chunks {
        0 => String::new(),
        count => format!(" and {count} of fill value only"),
    };
    output::line(format!(
        "    reads   {} of {} ({:.2} %) in {}: {}{fill}, {} ({})",
        output::bytes(window.bytes),
        output::bytes(window.stored_bytes),
        100.0 * window.part,
        output::count(window.requests, "request"),
        output::count(window.chunks, "chunk"),
        output::count(window.tiles + window.referred_tiles, "tile"),
        output::bytes(window.tile_bytes)
    ))?;
    if window.referred_tiles == 0 {
        return Ok(());
    }
    let dates: Vec<String> = window.referred_dates.iter().map(u64::to_string).collect();
    output::line(format!(
        "    of them {} of other dates, which the window's refer to: {}",
        output::count(window.referred_tiles, "tile"),
        dates.join(", ")
    ))
}

/// What a promise says to whoever reads the archive.
pub(crate) fn promise_means(promise: &Promise) -> String {
    match promise {
        Promise::Quality => {
            "no bound on any sample; each chunk states the errors that were measured when it was written"
                .to_owned()
        }
        Promise::Lossless => "every sample comes back bit for bit, on any machine".to_owned(),
        Promise::MaxError { bound, stable } => {
            let bounds = match &bound[..] {
                [one] => format!("no valid sample is off by more than {one}"),
                _ => "no valid sample is off by more than the bound of its band".to_owned(),
            };
            let again = if *stable { ", and writing again what was read changes nothing" } else { "" };
            format!("{bounds}, in data units, on any machine{again}")
        }
    }
}

/// 0 of types whose size is not known here.
fn raw_bytes(metadata: &Metadata, shape: &[u64]) -> u64 {
    metadata.data_type().map_or(0, |data_type| volume(shape).saturating_mul(data_type.size() as u64))
}

fn bits_per_sample(bytes: u64, shape: &[u64]) -> Option<f64> {
    let samples = volume(shape);
    (samples > 0).then(|| bytes as f64 * 8.0 / samples as f64)
}

impl Encoding {
    fn of(archive: &Archive, totals: &Totals, recorded: Option<Record>) -> Result<Self> {
        let configuration = archive.configuration();
        let peak = archive.peak();
        Ok(Self {
            model: ModelInfo::of(archive),
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
            recorded,
            lost: recorded.and_then(|recorded| recorded.differs(totals)),
        })
    }

    fn print(&self) -> Result<()> {
        match &self.model {
            Some(model) => model.print()?,
            None => output::line("  model     none: samples are predicted from their neighbours")?,
        }
        if self.model.is_some() {
            output::line(format!(
                "  quality   {} dB asked for, entropy coder {}",
                self.quality,
                self.entropy.as_str().unwrap_or_default()
            ))?;
        }
        output::line(format!("  nodata    {}", self.nodata))?;
        output::line(format!("  promise   {}", promise_words(&self.promise)))?;
        if self.promise != Promise::Quality {
            output::line(format!("            {}", self.promise_means))?;
        }
        let psnr = |peak| {
            let psnr = output::psnr(self.psnr_db, self.valid_samples, 3);
            format!("PSNR {psnr} dB (peak {}), ", output::figure(peak))
        };
        output::line(format!(
            "  measured  {}RMSE {}, max error {}, over {} in {}, and {} of fill value only",
            self.peak.map_or_else(String::new, psnr),
            output::error(self.rmse),
            output::figure(self.max_error),
            output::count(self.valid_samples, "valid sample"),
            output::count(self.chunks, "chunk"),
            self.fill_only_chunks
        ))?;
        self.lost.as_ref().map_or(Ok(()), |lost| {
            output::line(format!("  INCOMPLETE  {lost}; the figures are of what is left, see `vqz verify`"))
        })
    }
}

/// The planes of codes in words.
pub(super) fn codes(quantiser: Quantiser, planes: usize, codebooks: Option<CodebookShape>) -> String {
    match codebooks {
        None => format!("{quantiser}, {planes} planes of scalar codes"),
        Some(CodebookShape { groups, stages, size, width }) => format!(
            "{quantiser}, {planes} planes of indices: {stages} stages of {groups} groups, codebooks of {size} entries of \
             {width} latents"
        ),
    }
}
