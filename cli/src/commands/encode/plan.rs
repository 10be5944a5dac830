//! What an encode will write: each node of the input, converted where it fits the model and copied where it does not.

use super::{Args, layout, remarks};
use crate::commands::hierarchy::{self, Planned, Step};
use crate::output;
use crate::raster::fill::FillWatch;
use crate::raster::{OpenOptions, Raster, bands, geotiff, is_raster_file, paths, tree, zarr::ZarrRaster};
use anyhow::{Result, bail};
use std::sync::Arc;
use vqz_codec::config::{Configuration, Promise};
use vqz_codec::model::Model;

/// What is written, and what is watched while it is read.
pub(super) struct Plan {
    /// Every node of the output.
    pub(super) nodes: Vec<Planned>,
    /// One for each array whose fill value might have been meant as "no data".
    pub(super) watches: Vec<Arc<FillWatch>>,
}

/// Plans every node of the output.
///
/// # Errors
/// When nothing in the input fits the model, or the input is a single array that does not.
pub(super) fn plan(args: &Args, model: &Model) -> Result<Plan> {
    let options = OpenOptions { axes: args.axes.clone(), nodata: args.nodata.clone(), engine: args.engine };
    let mut plan = Plan { nodes: Vec::new(), watches: Vec::new() };
    if is_raster_file(&args.input) {
        plan.add(args, model, String::new(), geotiff::open(&args.input, &options)?)?;
        return Ok(plan);
    }
    let mut refused = Vec::new();
    let mut converted = 0;
    for node in tree::walk(&args.input)? {
        // A member of a group may be a link that leads to the output.
        paths::refuse_overlap(&node.folder, &args.output)?;
        if !node.metadata.is_array() {
            plan.nodes.push(Planned { path: node.path.clone(), step: hierarchy::group(&node.metadata) });
            continue;
        }
        let added = ZarrRaster::open(&node, &options)
            .and_then(|raster| plan.add(args, model, node.path.clone(), Arc::new(raster)));
        match added {
            Ok(()) => converted += 1,
            // The input is this array alone: whatever keeps it from being encoded is an error.
            Err(error) if node.path.is_empty() => return Err(error),
            Err(error) => {
                refused.push(format!("{}: {error:#}", node.path));
                plan.nodes.push(Planned { path: node.path, step: Step::Copy(node.folder) });
            }
        }
    }
    if converted == 0 {
        let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
        bail!("nothing in group {} fits model {}: {why}", args.input.display(), model.manifest().name);
    }
    for refusal in refused {
        output::remark(format!("copied as it is: {refusal}"));
    }
    Ok(plan)
}

impl Plan {
    /// Plans an array of the output.
    fn add(&mut self, args: &Args, model: &Model, path: String, raster: Arc<dyn Raster>) -> Result<()> {
        let raster = match &args.bands {
            Some(selection) => bands::select(raster, selection)?,
            None => raster,
        };
        let info = raster.info();
        let manifest = model.manifest();
        if info.bands() != manifest.bands.len() as u64 {
            bail!(
                "array has {} bands, model {} takes {}; choose bands with --bands",
                info.bands(),
                manifest.name,
                manifest.bands.len()
            );
        }
        if info.samples() == 0 {
            bail!("array {} has shape {:?}, so there is nothing to encode", info.label, info.shape);
        }
        let configuration = Configuration {
            model: model.reference()?,
            axes: info.axes.clone(),
            quality: args.quality,
            entropy: args.entropy,
            nodata: info.nodata.clone(),
            promise: Promise::Quality,
        };
        let metadata = layout::output_metadata(args, info, &configuration)?;
        remarks::already_encoded(info)?;
        remarks::other_bands(info, manifest);
        remarks::beyond_the_model(raster.as_ref(), manifest)?;
        let raster = match FillWatch::of(&raster)? {
            Some(watch) => {
                self.watches.push(Arc::clone(&watch));
                watch
            }
            None => raster,
        };
        self.nodes.push(Planned { path, step: Step::Convert(raster, metadata) });
        Ok(())
    }
}
