//! The plan of an encode: every node of the input, and whether it is encoded or copied.

use crate::encode::array::ArrayEncode;
use crate::encode::bands::{self, ChosenBands};
use crate::encode::bound::Bound;
use crate::encode::input::Input;
use crate::encode::options::EncodeOptions;
use crate::encode::quality::quality_for;
use crate::encode::{fitness, layout, remarks};
use crate::encoded::copies;
use crate::encoded::losses::remark_on_losses_of;
use crate::error::{Result, bail};
use crate::geotiff;
use crate::geotiff::attributes::COLOURS;
use crate::open::is_raster_file;
use crate::progress::{HeldRemarks, Progress, Remark};
use crate::raster::bands::select;
use crate::raster::fill::FillWatch;
use crate::raster::opening::OpenOptions;
use crate::raster::source::{Raster, RasterInfo};
use crate::raster::unread::unread_nodata;
use crate::store::auxiliary::exact_members;
use crate::store::reader::ZarrRaster;
use crate::store::tree;
use crate::target::Target;
use crate::write::hierarchy::{Content, Node};
use crate::write::paths;
use crate::write::settings::Settings;
use crate::write::transfer::Unreadable;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;
use vqz_raster::conventions::exact::{Exact, has_name_of_classes, must_be_exact};

/// The plan of an encode.
pub(crate) struct EncodePlan {
    /// The arrays that are encoded.
    pub(crate) arrays: Vec<ArrayEncode>,
    /// Every other node: groups, copies, coordinates, arrays with plain codecs.
    pub(crate) others: Vec<Node>,
    /// Further settings that must be unchanged for an interrupted run to be resumed.
    pub(crate) settings: Settings,
    /// What to do when a chunk of the input can't be read.
    pub(crate) unreadable: Unreadable,
}

/// Plans the nodes of an archive.
pub(crate) struct Planner<'a> {
    /// How arrays are encoded.
    pub(crate) options: &'a EncodeOptions,
    /// The model, if there is one.
    pub(crate) model: Option<&'a Arc<Model>>,
    /// Receives remarks about the input.
    pub(crate) progress: &'a dyn Progress,
}

impl Planner<'_> {
    /// Plans every node of the archive.
    ///
    /// # Errors
    /// When nothing in the input can be encoded, or the input is a single array that can't.
    pub(crate) fn plan(&self, input: &Input, output: &Path) -> Result<EncodePlan> {
        match input {
            Input::Path(path) if is_raster_file(path) => {
                let raster = geotiff::open(path, &self.opening())?;
                raster.remarks().iter().for_each(|remark| self.progress.remark(remark));
                self.single(raster)
            }
            Input::Path(path) => self.group(path, output),
            Input::Raster(raster) => self.single(Arc::clone(raster)),
            #[cfg(feature = "gdal")]
            Input::Cube(cube) => self.cube(cube),
        }
    }

    fn opening(&self) -> OpenOptions {
        OpenOptions {
            axes: self.options.axes.clone(),
            nodata: self.options.nodata.clone(),
            engine: self.options.engine,
        }
    }

    fn single(&self, raster: Arc<dyn Raster>) -> Result<EncodePlan> {
        let mut plan = EncodePlan::new(Unreadable::Stop);
        plan.arrays.push(self.array(String::new(), raster, None)?);
        Ok(plan)
    }

    /// Plans a Zarr group with everything in it, or a single array.
    fn group(&self, path: &Path, output: &Path) -> Result<EncodePlan> {
        let mut plan = EncodePlan::new(Unreadable::Stop);
        let mut refused = Vec::new();
        let (mut beside, mut chosen) = (Vec::new(), Vec::new());
        copies::remark_on_lost(path, self.progress)?;
        let nodes = tree::walk(path)?;
        remarks::left_out(&nodes, self.progress)?;
        let exact = exact_members(&nodes);
        for node in nodes {
            // A member of a group may be a link that leads to the output.
            paths::refuse_overlap(&node.folder, output)?;
            if !node.metadata.is_array() {
                plan.others.push(Node::group(node.path, &node.metadata));
                continue;
            }
            if node.derived {
                plan.others.push(Node { path: node.path, content: Content::Copy(node.folder) });
                continue;
            }
            let exact = exact.get(&node.path).copied();
            let opened = ZarrRaster::open(&node, &self.opening());
            // Coordinates are copied: every reader of the archive then gets them as they were. An array alone is encoded.
            if exact == Some(Exact::Coordinates) && !node.path.is_empty() {
                if opened.is_ok() {
                    refused.push((node.path.clone(), "it holds coordinates, which stay exact".to_owned()));
                }
                beside.push(node);
                continue;
            }
            let planned = opened.and_then(|raster| {
                let bands = ChosenBands::of(&node, raster.info(), self.options)?;
                Ok((self.array(node.path.clone(), Arc::new(raster), exact)?, bands))
            });
            match planned {
                Ok((array, bands)) => {
                    chosen.extend(bands);
                    remark_on_losses_of(&node, self.options.engine, self.progress)?;
                    plan.arrays.push(array);
                }
                // The input is this array alone, so a reason not to encode it is an error.
                Err(error) if node.path.is_empty() => return Err(error),
                Err(error) => {
                    // That coordinates are copied needs no remark.
                    if node.metadata.shape()?.len() > 1 {
                        refused.push((node.path.clone(), error.one_line()));
                    }
                    beside.push(node);
                }
            }
        }
        if plan.arrays.is_empty() {
            let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { listed(&refused) };
            let what = self.model.map_or_else(
                || "can be encoded".to_owned(),
                |model| format!("fits model {}", model.manifest().name),
            );
            bail!(InvalidArgument, "nothing in group {} {what}: {why}", path.display());
        }
        for (array, why) in refused {
            self.progress.remark(&Remark::CopiedAsItIs { array, why });
        }
        for node in beside {
            if let Some(why) = copies::unread(&node) {
                self.progress.remark(&Remark::CopyUnread { array: node.path.clone(), why });
            }
            match bands::copied(&node, &chosen) {
                Ok(content) => plan.others.push(Node { path: node.path, content }),
                Err(error) => {
                    self.progress.remark(&Remark::LeftOut { array: node.path, why: error.one_line() });
                }
            }
        }
        Ok(plan)
    }

    /// Plans the arrays of a cube: those that can be encoded are encoded, the others get plain codecs.
    #[cfg(feature = "gdal")]
    fn cube(&self, cube: &crate::cube::Cube) -> Result<EncodePlan> {
        use crate::cube::array::{CubeNode, nodes, settings};
        let mut plan = EncodePlan::new(Unreadable::GoOn);
        for remark in cube.remarks() {
            self.progress.remark(&Remark::Cube(remark.clone()));
        }
        plan.settings = settings(cube.plan())?;
        let mut refused = Vec::new();
        for (path, node) in nodes(cube.plan())? {
            let content = match node {
                CubeNode::Group(metadata) => Content::Group(metadata),
                CubeNode::Coordinates(coordinates) => Content::Coordinates(coordinates),
                CubeNode::Array(array) => {
                    let exact = array.array().exact;
                    match self.array(path.clone(), Arc::clone(&array) as Arc<dyn Raster>, exact) {
                        Ok(array) => {
                            plan.arrays.push(array);
                            continue;
                        }
                        Err(error) => {
                            refused.push((path.clone(), error.one_line()));
                            let metadata = array.info().metadata.clone();
                            Content::Array(array, metadata)
                        }
                    }
                }
            };
            plan.others.push(Node { path, content });
        }
        if plan.arrays.is_empty() {
            bail!(
                InvalidArgument,
                "nothing in {} can be encoded: {}",
                cube.source().display(),
                listed(&refused)
            );
        }
        for (array, why) in refused {
            self.progress.remark(&Remark::WrittenPlain { array, why });
        }
        Ok(plan)
    }

    /// Plans one array. `exact` says what it is to other arrays, where that asks for exact samples. Remarks on an array that is
    /// refused would say what is not done, so they are made once it is not.
    pub(crate) fn array(
        &self,
        path: String,
        raster: Arc<dyn Raster>,
        exact: Option<Exact>,
    ) -> Result<ArrayEncode> {
        let held = HeldRemarks::default();
        let planned = Planner { progress: &held, ..*self }.one(path, raster, exact)?;
        held.pass_on(self.progress);
        Ok(planned)
    }

    fn one(&self, path: String, raster: Arc<dyn Raster>, exact: Option<Exact>) -> Result<ArrayEncode> {
        let options = self.options;
        let raster = match &options.bands {
            Some(selection) => select(raster, selection)?,
            None => raster,
        };
        let info = raster.info();
        let manifest = self.model.map(|model| model.manifest());
        if let Some(manifest) = manifest.filter(|manifest| info.bands() != manifest.bands.len() as u64) {
            bail!(
                InvalidArgument,
                ChooseBands,
                "array has {} bands, model {} takes {}",
                info.bands(),
                manifest.name,
                manifest.bands.len()
            );
        }
        if info.samples() == 0 {
            bail!(
                InvalidArgument,
                "array {} has shape {:?}, so there is nothing to encode",
                info.label,
                info.shape
            );
        }
        let band_order = match manifest {
            Some(manifest) => bands::order(info, manifest, options.bands.is_some(), self.progress)?,
            None => Vec::new(),
        };
        let promise = self.promise(raster.as_ref(), exact)?;
        let quality = quality_for(options, &promise, manifest);
        let model = self.model.map(|model| &**model);
        if options.nodata.is_empty() {
            unread_nodata(info, self.progress)?;
        }
        remarks::impossible_nodata(&options.nodata, info, self.progress)?;
        if let Some(manifest) = manifest {
            let by_size = matches!(options.target, Some(Target::Bits(_) | Target::Ratio(_)));
            let rmse = fitness::expected_rmse(manifest, quality, &promise).filter(|_| !by_size);
            fitness::check(raster.as_ref(), manifest, &band_order, rmse, self.progress)?;
        }
        let metadata = layout::metadata(options, info, model, quality, promise.clone(), &band_order)?;
        remarks::already_encoded(info, self.progress)?;
        let watch = FillWatch::of(&raster)?;
        Ok(ArrayEncode::new(path, raster, watch, (quality, promise), band_order, metadata))
    }

    /// The promise for an array: the requested one, or lossless for data such as classes, where any error would
    /// change what a sample means.
    fn promise(&self, raster: &dyn Raster, exact: Option<Exact>) -> Result<Promise> {
        let info: &RasterInfo = raster.info();
        let promise = self.options.bound.promise(raster)?;
        let may_err = match &promise {
            Promise::MaxError { bound, .. } => bound.iter().any(|bound| *bound > 0.0),
            Promise::Quality => true,
            Promise::Lossless => false,
        };
        match must_be_exact(&info.metadata.attributes()).or(exact) {
            Some(samples) if may_err => {
                let (array, samples) = (info.label.clone(), samples.to_string());
                self.progress.remark(&Remark::MadeLossless { array, samples });
                Ok(Promise::Lossless)
            }
            _ if may_err => Ok(self.apart_from_masks(info, promise)),
            _ => Ok(promise),
        }
    }

    /// A promise that may have errors, but for bands of transparency, where any error makes pixels valid or invalid. Says which bands
    /// may suffer by it.
    fn apart_from_masks(&self, info: &RasterInfo, promise: Promise) -> Promise {
        let array = &info.label;
        let names = info.band_names().unwrap_or_default();
        let name = |band: usize| names.get(band).cloned().unwrap_or_else(|| format!("band {}", band + 1));
        let colours =
            info.metadata.attributes().get(COLOURS).and_then(Value::as_array).cloned().unwrap_or_default();
        let described = info.metadata.attributes().get("bands").cloned().unwrap_or_default();
        let count = info.bands() as usize;
        let is_alpha = |band: &usize| match colours.get(*band).filter(|_| colours.len() == count) {
            Some(colour) => colour == "Alpha",
            None if described[*band][COLOURS] == "Alpha" => true,
            None => names.get(*band).is_some_and(|name| name.eq_ignore_ascii_case("alpha")),
        };
        // The only band is what is asked for.
        let alpha: Vec<usize> = (0..count).filter(|band| count > 1 && is_alpha(band)).collect();
        let mut promise = promise;
        let mut has_errors = vec![true; count];
        if let Promise::MaxError { bound, .. } = &mut promise {
            let listed = matches!(&self.options.bound, Bound::MaxError { bound, .. } if bound.len() > 1);
            if !alpha.is_empty() && !listed {
                if bound.len() == 1 {
                    *bound = vec![bound[0]; count];
                }
                alpha.iter().for_each(|band| bound[*band] = 0.0);
                let bands = alpha.iter().map(|band| name(*band)).collect();
                let samples = "transparency";
                self.progress.remark(&Remark::BandsKeptExact { array: array.clone(), bands, samples });
            }
            has_errors =
                (0..count).map(|band| bound[if bound.len() == 1 { 0 } else { band }] > 0.0).collect();
        }
        let changed: Vec<String> =
            alpha.iter().filter(|band| has_errors[**band]).map(|band| name(*band)).collect();
        if !changed.is_empty() {
            self.progress.remark(&Remark::TransparencyChanged { array: array.clone(), bands: changed });
        }
        let is_likely = |band: &usize| names.get(*band).is_some_and(|name| has_name_of_classes(name));
        let likely: Vec<String> =
            (0..count).filter(|band| has_errors[*band] && is_likely(band)).map(name).collect();
        if !likely.is_empty() {
            self.progress.remark(&Remark::LikelyClasses { array: array.clone(), bands: likely });
        }
        promise
    }
}

impl EncodePlan {
    fn new(unreadable: Unreadable) -> Self {
        Self { arrays: Vec::new(), others: Vec::new(), settings: Settings::default(), unreadable }
    }

    /// All nodes, those of encoded arrays first.
    pub(crate) fn nodes(&self) -> Vec<&Node> {
        self.arrays.iter().map(|array| &array.node).chain(&self.others).collect()
    }
}

fn listed(refused: &[(String, String)]) -> String {
    refused.iter().map(|(path, why)| format!("{path}: {why}")).collect::<Vec<_>>().join("; ")
}
