//! `vqz info`: what an array, an archive or a model is, and which engines are at hand.

pub(super) mod array;

use crate::output::{self};
use crate::raster::is_raster_file;
use crate::raster::tree::{self};
use crate::raster::window::Asked;
use anyhow::{Context, Result, bail};
use array::ArrayInfo;
use serde::Serialize;
use std::path::{Path, PathBuf};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::{MAX_EMBEDDED, Manifest, Model};
use vqz_zarr::engines::{preferred, survey};
use vqz_zarr::models;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz info scene-vqz.zarr
  vqz info scene-vqz.zarr --window 512:768,512:768
  vqz info models/sentinel2-l2a.vqm
  vqz info --runtime")]
pub(crate) struct Args {
    /// A Zarr v3 array or group, a GeoTIFF (feature gdal), or a model (.vqm).
    #[arg(required_unless_present = "runtime")]
    path: Option<PathBuf>,
    /// Tell what reading a window takes: rows and columns, or a range for each dimension.
    #[arg(long, value_name = "Y0:Y1,X0:X1")]
    window: Option<Asked>,
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
        if args.window.is_some() {
            bail!("{} is a model, --window is of archives; leave it out", path.display());
        }
        let model = ModelInfo::of(path)?;
        return if args.json { output::json(&model) } else { model.print() };
    }
    let arrays = if is_raster_file(path) {
        if args.window.is_some() {
            bail!("{} is a raster file, --window is of archives; leave it out", path.display());
        }
        vec![ArrayInfo::of_geotiff(path)?]
    } else {
        let nodes = tree::arrays(path)?;
        if nodes.is_empty() {
            bail!("group {} holds no arrays", path.display());
        }
        nodes.iter().map(|node| ArrayInfo::of(node, args.window.as_ref())).collect::<Result<_>>()?
    };
    if args.json {
        return output::json(&Arrays { path: path.display().to_string(), arrays });
    }
    // Coordinates of a cube are told in a line.
    let (coordinates, rasters): (Vec<_>, Vec<_>) =
        arrays.iter().partition(|array| arrays.len() > 1 && array.is_coordinate());
    rasters.into_iter().try_for_each(ArrayInfo::print)?;
    if !coordinates.is_empty() {
        let names: Vec<String> = coordinates.into_iter().map(ArrayInfo::short).collect();
        output::line(format!("coordinates: {}", names.join(", ")))?;
    }
    Ok(())
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
                preferred().to_string(),
                "linear decoders need no ONNX engine; graphs run in onnxruntime where it is there, else in tract, which is \
                 embedded; cuda is used when asked for with --engine or VQZ_ENGINE"
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
        let model = models::open(path).with_context(|| format!("opening model {}", path.display()))?;
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
        output::line(format!("  quantiser     {}", array::codes(m.quantiser, m.planes, m.codebooks)))?;
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

#[derive(Debug, Serialize)]
struct Arrays {
    path: String,
    arrays: Vec<ArrayInfo>,
}
