//! What an encode will write: each node of the input, converted where it fits the model and copied where it does not.

use super::array::EncodedArray;
use super::{Args, layout, remarks};
use crate::commands::hierarchy::{self, Planned, Step};
use crate::output;
#[cfg(feature = "gdal")]
use crate::raster::cube::{self, CubeNode};
use crate::raster::exact::must_be_exact;
use crate::raster::fill::FillWatch;
use crate::raster::metadata::Metadata;
use crate::raster::transfer::Unreadable;
use crate::raster::{
    Info, OpenOptions, Raster, bands, geotiff, is_raster_file, paths, tree, zarr::ZarrRaster,
};
use anyhow::{Result, bail};
use serde_json::{Map, Value};
use std::sync::Arc;
use vqz_codec::config::{Configuration, Promise};
use vqz_codec::model::Model;
#[cfg(feature = "gdal")]
use vqz_raster::ingest::plan::Plan as Cube;

/// What is written.
pub(super) struct Plan {
    /// Every node of the output.
    pub(super) nodes: Vec<Planned>,
    /// Those that are encoded, in the same order.
    pub(super) arrays: Vec<EncodedArray>,
    /// What must be the same besides, for an interrupted run to be resumed.
    pub(super) settings: Map<String, Value>,
    /// What happens where a chunk of the input can't be read.
    pub(super) unreadable: Unreadable,
}

/// The metadata of an array of the output, encoded at a quality.
pub(super) fn metadata(
    args: &Args,
    info: &Info,
    model: Option<&Model>,
    quality: f64,
    promise: Promise,
) -> Result<Metadata> {
    let configuration = Configuration::new(info.axes.clone())
        .with_model(model.map(Model::reference).transpose()?)
        .with_quality(quality)
        .with_entropy(args.entropy)
        .with_nodata(info.nodata.clone())
        .with_promise(promise);
    layout::output_metadata(args, info, &configuration)
}

/// Plans every node of the output.
///
/// # Errors
/// When nothing in the input fits the model, or the input is a single array that does not.
pub(super) fn plan(args: &Args, model: Option<&Arc<Model>>) -> Result<Plan> {
    let options = OpenOptions { axes: args.axes.clone(), nodata: args.nodata.clone(), engine: args.engine };
    let mut plan =
        Plan { nodes: Vec::new(), arrays: Vec::new(), settings: Map::new(), unreadable: Unreadable::Stop };
    #[cfg(feature = "gdal")]
    {
        let planned = args.cube.as_ref().map(|planned| Arc::clone(&planned.0));
        if planned.is_some() || cube::is_configuration(&args.input) {
            let cube = planned.map_or_else(|| cube::open(&args.input).map(Arc::new), Ok)?;
            plan.add_cube(args, model, &cube)?;
            return Ok(plan);
        }
    }
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
        if node.derived {
            plan.nodes.push(Planned { path: node.path, step: Step::Copy(node.folder) });
            continue;
        }
        let added = ZarrRaster::open(&node, &options)
            .and_then(|raster| plan.add(args, model, node.path.clone(), Arc::new(raster)));
        match added {
            Ok(()) => converted += 1,
            // The input is this array alone: whatever keeps it from being encoded is an error.
            Err(error) if node.path.is_empty() => return Err(error),
            Err(error) => {
                // Coordinates are nobody's surprise.
                if node.metadata.shape()?.len() > 1 {
                    refused.push(format!("{}: {error:#}", node.path));
                }
                plan.nodes.push(Planned { path: node.path, step: Step::Copy(node.folder) });
            }
        }
    }
    if converted == 0 {
        let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
        let what = model
            .map_or_else(|| "can be encoded".to_owned(), |m| format!("fits model {}", m.manifest().name));
        bail!("nothing in group {} {what}: {why}", args.input.display());
    }
    for refusal in refused {
        output::remark(format!("copied as it is: {refusal}"));
    }
    Ok(plan)
}

impl Plan {
    /// Plans the arrays of an ingest: those that can be are encoded, the others written as plain arrays.
    #[cfg(feature = "gdal")]
    fn add_cube(&mut self, args: &Args, model: Option<&Arc<Model>>, cube: &Arc<Cube>) -> Result<()> {
        for remark in &cube.remarks {
            output::remark(remark);
        }
        self.settings = cube::settings(cube)?;
        self.unreadable = Unreadable::GoOn;
        let mut refused = Vec::new();
        for (path, node) in cube::nodes(cube)? {
            let step = match node {
                CubeNode::Group(metadata) => Step::Group(metadata),
                CubeNode::Coordinates(coordinates) => Step::Coordinates(coordinates),
                CubeNode::Array(array) => {
                    let Err(error) =
                        self.add(args, model, path.clone(), Arc::clone(&array) as Arc<dyn Raster>)
                    else {
                        continue;
                    };
                    refused.push(format!("{path}: {error:#}"));
                    let metadata = array.info().metadata.clone();
                    Step::Convert(array, metadata)
                }
            };
            self.nodes.push(Planned { path, step });
        }
        if self.arrays.is_empty() {
            bail!("nothing in {} can be encoded: {}", args.input.display(), refused.join("; "));
        }
        for refusal in refused {
            output::remark(format!("written as a plain array: {refusal}"));
        }
        Ok(())
    }

    /// Plans an array of the output.
    fn add(
        &mut self,
        args: &Args,
        model: Option<&Arc<Model>>,
        path: String,
        raster: Arc<dyn Raster>,
    ) -> Result<()> {
        let raster = match &args.bands {
            Some(selection) => bands::select(raster, selection)?,
            None => raster,
        };
        let info = raster.info();
        let manifest = model.map(|model| model.manifest());
        if let Some(manifest) = manifest.filter(|manifest| info.bands() != manifest.bands.len() as u64) {
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
        let promise = match (args.promise.of(raster.as_ref())?, must_be_exact(&info.metadata)) {
            (Promise::MaxError { bound, .. }, Some(what)) if bound.iter().any(|bound| *bound > 0.0) => {
                output::remark(format!(
                    "without loss: {}: its samples are {what}, which no error leaves as they are",
                    info.label
                ));
                Promise::Lossless
            }
            (promise, _) => promise,
        };
        let quality = args.aim.quality_for(&promise, manifest);
        let metadata = metadata(args, info, model.map(|model| &**model), quality, promise.clone())?;
        remarks::already_encoded(info)?;
        if let Some(manifest) = manifest {
            remarks::other_bands(info, manifest);
            remarks::beyond_the_model(raster.as_ref(), manifest)?;
        }
        let watch = FillWatch::of(&raster)?;
        let read: Arc<dyn Raster> = match &watch {
            Some(watch) => Arc::clone(watch) as Arc<dyn Raster>,
            None => Arc::clone(&raster),
        };
        self.nodes.push(Planned { path: path.clone(), step: Step::Convert(read, metadata) });
        self.arrays.push(EncodedArray::new(path, raster, watch, quality, promise));
        Ok(())
    }
}
