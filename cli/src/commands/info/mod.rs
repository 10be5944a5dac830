//! `vqz info`: what an array, an archive or a model is, and which engines are available.

mod array;
mod engines;
mod model;

use crate::{console, output};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::PathBuf;
use vqz_archive::{ArrayDescription, Remark, Window, describe, describe_model, is_raster_file};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz info scene-vqz.zarr
  vqz info scene-vqz.zarr --window 512:768,512:768
  vqz info models/sentinel2-l2a.vqm
  vqz info --runtime")]
pub(crate) struct Args {
    /// A Zarr v3 array or group, a GeoTIFF (feature gdal), or a model (.vqm).
    #[arg(required_unless_present = "runtime", conflicts_with = "runtime")]
    path: Option<PathBuf>,
    /// Show how much is read for a window: rows and columns, or a range for each dimension.
    #[arg(long, value_name = "Y0:Y1,X0:X1")]
    window: Option<Window>,
    /// List the engines that run models: which ones are used, and why others are not.
    #[arg(long)]
    runtime: bool,
    /// Print one JSON object. `vqz schema info` prints its schema.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Arrays {
    path: String,
    arrays: Vec<ArrayDescription>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.runtime {
        let engines = engines::survey();
        return if args.json { output::json(&engines) } else { engines::print(&engines) };
    }
    let Some(path) = &args.path else {
        return Ok(());
    };
    if path.extension().is_some_and(|ext| ext == "vqm") {
        if args.window.is_some() {
            bail!("{} is a model, and --window applies to archives; leave --window out", path.display());
        }
        let model = describe_model(path)?;
        return if args.json { output::json(&model) } else { model::print(&model) };
    }
    if args.window.is_some() && is_raster_file(path) {
        bail!("{} is a raster file, and --window applies to archives; leave --window out", path.display());
    }
    let arrays = describe(path, args.window.as_ref())?;
    for array in &arrays {
        for note in array.georeference.iter().flat_map(|georeference| &georeference.notes) {
            console::record(&Remark::LocationUnclear { array: array.path.clone(), note: note.clone() });
        }
    }
    if args.json {
        return output::json(&Arrays { path: path.display().to_string(), arrays });
    }
    // The coordinates of a cube are printed on one line together.
    let (coordinates, rasters): (Vec<_>, Vec<_>) =
        arrays.iter().partition(|array| arrays.len() > 1 && array.is_coordinate());
    rasters.into_iter().try_for_each(array::print)?;
    if !coordinates.is_empty() {
        let names: Vec<String> = coordinates.into_iter().map(array::short).collect();
        output::line(format!("coordinates: {}", names.join(", ")))?;
    }
    Ok(())
}
