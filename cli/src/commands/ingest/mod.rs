//! `vqz ingest`: many files into one cube of plain or encoded arrays.

mod figures;
mod quick;

use super::encode;
use super::hierarchy::{self, Planned, ShareFigures, Step};
use crate::output;
use crate::raster::cube::{self, CubeArray, CubeNode};
use crate::raster::partial::{Existing, refuse_existing};
use crate::raster::paths;
use crate::raster::share::Share;
use crate::raster::transfer::{Order, Unreadable};
use anyhow::{Result, bail};
use figures::{DryRun, Figures};
use quick::QuickArgs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_raster::ingest::plan::Plan;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz ingest cube.toml cube.zarr --dry-run
  vqz ingest cube.toml cube.zarr
  vqz ingest scenes/*.tif cube.zarr --name 'S2_{time:%Y%m%d}_{band}.tif' --nodata 0
  vqz ingest cube.toml archive.zarr --model models/sentinel2-l2a.vqm --quality 45

docs/ingest.md describes the configuration.")]
pub(crate) struct Args {
    /// A configuration (.toml), or raster files.
    #[arg(required = true, value_name = "CONFIG.toml | FILES…")]
    inputs: Vec<PathBuf>,
    /// The cube to write: a Zarr v3 group.
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    #[command(flatten)]
    quick: QuickArgs,
    #[command(flatten)]
    encode: encode::CodecArgs,
    /// Do one of N shares of the work, counted from 0, such as 0/16: as many processes, on one machine or many, write one
    /// cube. The last that ends puts it in its place.
    #[arg(long, value_name = "I/N")]
    shard: Option<Share>,
    /// Say what would be written, how large it is and about how long it takes, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Replace the output if it exists, once the new one is complete.
    #[arg(long)]
    overwrite: bool,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    for input in &args.inputs {
        paths::refuse_overlap(input, &args.output)?;
    }
    if !args.dry_run {
        paths::refuse_missing_folder(&args.output)?;
        refuse_existing(&args.output, existing)?;
    }
    let plan = Arc::new(plan(args)?);
    if args.dry_run {
        let dry = DryRun::measure(&plan)?;
        return if args.json { output::json(&dry) } else { dry.print() };
    }
    let input = args.inputs.first().map_or(Path::new(""), PathBuf::as_path);
    if args.encode.is_any() {
        let settings = encode::OfCube { cube: plan, input, share: args.shard, codec: &args.encode };
        return encode::run(&settings.args(&args.output, existing, args.json));
    }
    for remark in &plan.remarks {
        output::remark(remark);
    }
    let mut settings = hierarchy::settings("ingest", input);
    settings.extend(cube::settings(&plan)?);
    let mut nodes = Vec::new();
    let mut arrays: Vec<Arc<CubeArray>> = Vec::new();
    for (path, node) in cube::nodes(&plan)? {
        let step = match node {
            CubeNode::Group(metadata) => Step::Group(metadata),
            CubeNode::Coordinates(coordinates) => Step::Coordinates(coordinates),
            CubeNode::Array(array) => {
                use crate::raster::Raster;
                let metadata = array.info().metadata.clone();
                arrays.push(Arc::clone(&array));
                Step::Convert(array, metadata)
            }
        };
        nodes.push(Planned { path, step });
    }
    let work = hierarchy::Work {
        target: &args.output,
        existing,
        settings,
        engine: None,
        order: Order { share: args.shard, unreadable: Unreadable::GoOn },
        what: "reading",
        finish: &|_, _| Ok(None),
    };
    let done = hierarchy::write(&nodes, work)?;
    if let Some(open) = &done.open {
        return ShareFigures::new(args.shard, &args.output, open, &done).tell(args.json);
    }
    let figures = Figures::measure(&args.output, &plan, &arrays, &done)?;
    if args.json { output::json(&figures) } else { figures.print() }
}

fn plan(args: &Args) -> Result<Plan> {
    let configuration = args.inputs.iter().find(|input| cube::is_configuration(input));
    match (configuration, &args.inputs[..]) {
        (Some(configuration), [_]) if args.quick.is_any() => bail!(
            "{} says what is wanted; {} can't be given beside it, write them there",
            configuration.display(),
            QuickArgs::NAMES
        ),
        (Some(configuration), [_]) => cube::open(configuration),
        (Some(configuration), _) => {
            bail!("{} is a configuration; give it alone, and name the files in it", configuration.display())
        }
        (None, files) => Ok(Plan::new(args.quick.configuration(files)?, Path::new(""))?),
    }
}
