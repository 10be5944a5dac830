//! `vqz info`: what an array, an archive or a model is, and which engines are at hand.

use crate::output;
use crate::raster::archive::{Archive, Totals};
use crate::raster::region::volume;
use crate::raster::tree::{self, Node};
use crate::raster::{OpenOptions, files, geotiff, is_raster_file};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use vqz_codec::engine::{EngineKind, survey};
use vqz_codec::model::{CodebookShape, MAX_EMBEDDED, Manifest, Model, Quantiser};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz info scene-vqz.zarr
  vqz info models/sentinel2-l2a.vqm
  vqz info --runtime")]
pub(crate) struct Args {
    /// A Zarr v3 array or group, a GeoTIFF (feature gdal), or a model (.vqm).
    #[arg(required_unless_present = "runtime")]
    path: Option<PathBuf>,
    /// List the engines that run models: which is used, and why others are not.
    #[arg(long)]
    runtime: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.runtime {
        let runtime = Runtime::survey();
        if args.json { output::json(&runtime)? } else { runtime.print()? }
    }
    let Some(path) = &args.path else {
        return Ok(());
    };
    if path.extension().is_some_and(|ext| ext == "vqm") {
        let model = ModelInfo::of(path)?;
        return if args.json { output::json(&model) } else { model.print() };
    }
    let arrays = if is_raster_file(path) {
        vec![ArrayInfo::of_geotiff(path)?]
    } else {
        let nodes = tree::arrays(path)?;
        if nodes.is_empty() {
            bail!("group {} holds no arrays", path.display());
        }
        nodes.iter().map(ArrayInfo::of).collect::<Result<_>>()?
    };
    if args.json {
        return output::json(&Arrays { path: path.display().to_string(), arrays });
    }
    arrays.iter().try_for_each(ArrayInfo::print)
}

#[derive(Debug, Serialize)]
struct Runtime {
    engines: Vec<EngineInfo>,
    /// The engine for models of the `klt` architecture.
    klt: String,
    /// The engine for other models.
    others: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct EngineInfo {
    name: String,
    available: bool,
    /// What it runs on, or why it can't be had.
    description: String,
}

impl Runtime {
    fn survey() -> Self {
        let survey = survey();
        let engines = survey
            .iter()
            .map(|(kind, outcome)| EngineInfo {
                name: kind.to_string(),
                available: outcome.is_ok(),
                description: match outcome {
                    Ok(description) => description.clone(),
                    Err(why) => why.strip_prefix("engine: ").unwrap_or(why).to_owned(),
                },
            })
            .collect();
        let chosen = std::env::var("VQZ_ENGINE").ok().filter(|name| !name.is_empty());
        let (klt, others, why) = match chosen {
            Some(name) => (name.clone(), name, "VQZ_ENGINE asks for it".to_owned()),
            None => (
                EngineKind::Native.to_string(),
                EngineKind::Tract.to_string(),
                "native needs no ONNX engine for klt models and is faster; tract is embedded; onnxruntime and cuda are \
                 used when asked for with --engine or VQZ_ENGINE"
                    .to_owned(),
            ),
        };
        Self { engines, klt, others, why }
    }

    fn print(&self) -> Result<()> {
        let width = self.engines.iter().map(|e| e.name.len()).max().unwrap_or_default();
        for engine in &self.engines {
            let state = if engine.available { "available" } else { "missing  " };
            output::line(format!("{:<width$}  {state}  {}", engine.name, engine.description))?;
        }
        output::line(format!(
            "used for klt models: {}; for other models: {} ({})",
            self.klt, self.others, self.why
        ))
    }
}

#[derive(Debug, Serialize)]
struct ModelInfo {
    path: String,
    sha256: String,
    can_encode: bool,
    file_bytes: u64,
    /// Bytes that the decoding half takes in an array's metadata; none where it is too large to be embedded.
    embedded_bytes: Option<usize>,
    manifest: Manifest,
}

impl ModelInfo {
    fn of(path: &Path) -> Result<Self> {
        if !path.is_file() {
            bail!("model {} does not exist; give the path of a .vqm file", path.display());
        }
        let model = Model::open(path).with_context(|| format!("opening model {}", path.display()))?;
        Ok(Self {
            path: path.display().to_string(),
            sha256: model.sha256().to_owned(),
            can_encode: model.can_encode(),
            file_bytes: std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len(),
            embedded_bytes: model.reference()?.decoder.map(|text| text.len()),
            manifest: model.manifest().clone(),
        })
    }

    fn print(&self) -> Result<()> {
        let m = &self.manifest;
        let embedded = self.embedded_bytes.map_or_else(
            || {
                format!(
                    "the decoding half is above {} and is found by its hash",
                    output::bytes(MAX_EMBEDDED as u64)
                )
            },
            |n| format!("{} embedded in each array", output::bytes(n as u64)),
        );
        output::line(format!("model {} ({})", m.name, self.path))?;
        output::line(format!("  sha256        {}", self.sha256))?;
        output::line(format!("  size          {}; {embedded}", output::bytes(self.file_bytes)))?;
        output::line(format!(
            "  halves        {}",
            if self.can_encode { "encoder and decoder" } else { "decoder only: it can't encode" }
        ))?;
        output::line(format!("  architecture  {}, patch {}, window {}", m.architecture, m.patch, m.window))?;
        output::line(format!("  quantiser     {}", codes(m.quantiser, m.planes, m.codebooks)))?;
        output::line(format!(
            "  peak          {}; tolerance {}",
            output::figure(m.peak),
            output::figure(m.tolerance)
        ))?;
        output::line(format!("  licence       {}", m.licence))?;
        output::line(format!("  fitted on     {}", m.training_data))?;
        let rows: Vec<Vec<String>> = m
            .bands
            .iter()
            .map(|band| {
                vec![
                    band.name.clone(),
                    band.unit.clone(),
                    output::optional(band.wavelength_nm, 0),
                    band.offset.to_string(),
                    band.scale.to_string(),
                ]
            })
            .collect();
        output::line(output::table(&["band", "unit", "nm", "offset", "scale"], &rows))?;
        let rows: Vec<Vec<String>> = m
            .calibration
            .iter()
            .map(|point| {
                let step = (f64::from(point.step) / 256.0).exp2();
                vec![format!("{:.2}", point.psnr_db), point.step.to_string(), format!("{step:.5}")]
            })
            .collect();
        output::line(output::table(&["quality (dB)", "step code", "step"], &rows))
    }
}

/// The planes of codes in words.
fn codes(quantiser: Quantiser, planes: usize, codebooks: Option<CodebookShape>) -> String {
    match codebooks {
        None => format!("{quantiser}, {planes} planes of scalar codes"),
        Some(CodebookShape { groups, stages, size, width }) => format!(
            "{quantiser}, {planes} planes of indices: {stages} stages of {groups} groups, codebooks of {size} entries of \
             {width} latents"
        ),
    }
}

#[derive(Debug, Serialize)]
struct Arrays {
    path: String,
    arrays: Vec<ArrayInfo>,
}

#[derive(Debug, Serialize)]
struct ArrayInfo {
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
    encoding: Option<Encoding>,
}

#[derive(Debug, Serialize)]
struct Encoding {
    model: String,
    sha256: String,
    embedded: bool,
    embedded_bytes: usize,
    quantiser: Quantiser,
    planes: usize,
    codebooks: Option<CodebookShape>,
    quality: f64,
    entropy: Value,
    promise: Value,
    nodata: Value,
    peak: f64,
    chunks: u64,
    fill_only_chunks: u64,
    valid_samples: u64,
    psnr_db: Option<f64>,
    max_error: f64,
}

impl ArrayInfo {
    fn of(node: &Node) -> Result<Self> {
        let metadata = &node.metadata;
        let shape = metadata.shape()?;
        let (metadata_bytes, data_bytes) = files::sizes(&node.folder)?;
        let encoded = metadata.encoded()?;
        let encoding = match &encoded {
            Some(encoded) if encoded.plain => {
                let archive = Archive::open(node, None)?;
                Some(Encoding::of(&archive, &archive.totals()?)?)
            }
            _ => None,
        };
        Ok(Self {
            path: node.label(),
            data_type: metadata.data_type_name(),
            chunk: match &encoded {
                Some(encoded) => encoded.chunk.clone(),
                None => metadata.chunk_shape()?,
            },
            shard: encoded.and_then(|encoded| encoded.shard),
            codecs: metadata.codec_names(),
            axes: metadata.axes(None).ok().map(Vec::from),
            fill_value: metadata.json().get("fill_value").cloned().unwrap_or_default(),
            bits_per_sample: bits_per_sample(data_bytes, &shape),
            shape,
            data_bytes,
            metadata_bytes,
            encoding,
        })
    }

    fn of_geotiff(path: &Path) -> Result<Self> {
        let raster = geotiff::open(path, &OpenOptions::default())?;
        let info = raster.info();
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
            encoding: None,
        })
    }

    fn print(&self) -> Result<()> {
        let list = |extents: &[u64]| extents.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        output::line(&self.path)?;
        let axes = self.axes.as_ref().map_or_else(|| "roles unknown".to_owned(), |axes| axes.join(", "));
        output::line(format!("  shape     {} ({axes}), {}", list(&self.shape), self.data_type))?;
        let shard = self.shard.as_ref().map_or_else(String::new, |shard| format!(", shards {}", list(shard)));
        output::line(format!("  chunks    {}{shard}", list(&self.chunk)))?;
        output::line(format!("  codecs    {}; fill value {}", self.codecs.join(", "), self.fill_value))?;
        output::line(format!(
            "  stored    {} and {} of metadata, {} bits_per_sample",
            output::bytes(self.data_bytes),
            output::bytes(self.metadata_bytes),
            output::optional(self.bits_per_sample, 4)
        ))?;
        self.encoding.as_ref().map_or(Ok(()), Encoding::print)
    }
}

fn bits_per_sample(bytes: u64, shape: &[u64]) -> Option<f64> {
    let samples = volume(shape);
    (samples > 0).then(|| bytes as f64 * 8.0 / samples as f64)
}

impl Encoding {
    fn of(archive: &Archive, totals: &Totals) -> Result<Self> {
        let configuration = archive.configuration();
        let manifest = archive.model.manifest();
        let peak = manifest.peak;
        Ok(Self {
            model: configuration.model.name.clone(),
            sha256: configuration.model.sha256.clone(),
            embedded: configuration.model.decoder.is_some(),
            embedded_bytes: configuration.model.decoder.as_ref().map_or(0, String::len),
            quantiser: manifest.quantiser,
            planes: manifest.planes,
            codebooks: manifest.codebooks,
            quality: configuration.quality,
            entropy: serde_json::to_value(configuration.entropy)?,
            promise: serde_json::to_value(&configuration.promise)?,
            nodata: serde_json::to_value(&configuration.nodata)?,
            peak,
            chunks: totals.chunks,
            fill_only_chunks: totals.absent,
            valid_samples: totals.valid,
            psnr_db: totals.psnr_db(peak),
            max_error: totals.max_error,
        })
    }

    fn print(&self) -> Result<()> {
        let place = if self.embedded {
            format!("embedded, {}", output::bytes(self.embedded_bytes as u64))
        } else {
            "found by its hash".to_owned()
        };
        output::line(format!("  model     {} ({place}), sha256 {}", self.model, self.sha256))?;
        output::line(format!("  codes     {}", codes(self.quantiser, self.planes, self.codebooks)))?;
        output::line(format!(
            "  quality   {} dB asked for, entropy coder {}, promise {}, nodata {}",
            self.quality, self.entropy, self.promise, self.nodata
        ))?;
        output::line(format!(
            "  measured  psnr_db {} (peak {}), max_error {}, over {} valid samples in {} chunks, and {} of fill value only",
            output::optional(self.psnr_db, 3),
            output::figure(self.peak),
            output::figure(self.max_error),
            self.valid_samples,
            self.chunks,
            self.fill_only_chunks
        ))
    }
}
