//! Runs an encode: makes the plan, settles the qualities, writes every array, renames the archive to its final name
//! and measures it.

use crate::encode::array::ArrayEncode;
use crate::encode::fitness::leaves_little;
use crate::encode::input::Input;
use crate::encode::model::check_engine;
use crate::encode::options::EncodeOptions;
use crate::encode::plan::{EncodePlan, Planner};
use crate::encode::quality::first_quality;
use crate::encode::remarks;
use crate::encode::settling::Settling;
use crate::encode::summary::EncodeSummary;
use crate::encoded::copies;
use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::progress::Progress;
use crate::target::Target;
use crate::write::existing::OutputKind;
use crate::write::hierarchy::{Content, HierarchyWriter, Node, Output, node_folder};
use crate::write::paths::{check_place, refuse_other_format, refuse_overlap, resolved};
use crate::write::settings::Settings;
use crate::write::share::Share;
use crate::write::share_summary::{ShareOutcome, ShareSummary};
use crate::write::state::unfinished;
use crate::write::transfer::Order;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_zarr::models;

/// Encodes rasters into an archive. A single raster becomes a Zarr array. A group becomes a group, in which arrays
/// that can't be encoded are copied unchanged.
///
/// The archive is written beside `output` and put in its place once it is complete. After an interruption, the same
/// call with the same input and options continues where it stopped.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists) when the output already exists and may not be replaced,
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the model, the input and the options do not fit
/// together, [`TargetNotMet`](crate::ErrorKind::TargetNotMet) when no quality comes near the target, and all errors
/// of reading and writing.
pub fn encode(
    input: impl Into<Input>,
    output: impl AsRef<Path>,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<EncodeSummary> {
    let output = output.as_ref();
    match run(&input.into(), output, options, None, progress)? {
        ShareOutcome::Complete(summary) => Ok(summary),
        ShareOutcome::Open(_) => bail!(Busy, "only a part of {} was written", output.display()),
    }
}

/// Does one share of an encode, so that several processes, on one machine or many, write one archive. Each is called
/// with the same input, output and options. The last one to finish renames the archive to its final name.
///
/// # Errors
/// Those of [`encode`], and [`Busy`](crate::ErrorKind::Busy) when another process works on the same share. Targets that are
/// searched for need the whole archive, which no share sees.
pub fn encode_share(
    input: impl Into<Input>,
    output: impl AsRef<Path>,
    share: Share,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<ShareOutcome<EncodeSummary>> {
    run(&input.into(), output.as_ref(), options, Some(share), progress)
}

fn run(
    input: &Input,
    output: &Path,
    options: &EncodeOptions,
    share: Option<Share>,
    progress: &dyn Progress,
) -> Result<ShareOutcome<EncodeSummary>> {
    check(input, output, options, share)?;
    let options = &for_input(options, input);
    let mut plan = Planner { options, model: options.model.as_ref(), progress }.plan(input, output)?;
    settle_qualities(&mut plan, output, options, progress)?;
    for array in &plan.arrays {
        leaves_little(array.raster.as_ref(), &array.promise, progress);
    }

    let destination = Output {
        target: output,
        existing: options.existing,
        inputs: input.files(),
        settings: settings(input, options, &plan),
        engine: options.engine,
        order: Order { share, unreadable: plan.unreadable },
        what: "encoding",
        progress,
    };
    // What was read to plan and to search for a quality is read again.
    #[cfg(feature = "gdal")]
    if let Input::Cube(cube) = input {
        cube.plan().forget_clashes();
    }
    plan.arrays.iter().for_each(|array| array.raster.forget());
    let mut writer = HierarchyWriter::begin(&plan.nodes(), destination)?;
    let open_shares = match share {
        Some(_) => write_share(&mut writer, &mut plan),
        None => write_all(&mut writer, &mut plan, options, progress).map(|()| None),
    };
    let open_shares = open_shares.and_then(|open| {
        if open.is_none() {
            copies::record(&writer.folder(""))?;
        }
        Ok(open)
    });
    let written = writer.end(open_shares)?;
    #[cfg(feature = "gdal")]
    if let Input::Cube(cube) = input {
        cube.report(progress);
    }

    if let Some(summary) = ShareSummary::of(share, output, &written) {
        return Ok(ShareOutcome::Open(summary));
    }
    for array in &plan.arrays {
        array.raster.noticed().iter().for_each(|remark| progress.remark(remark));
        if let Some(watch) = &array.watch {
            let exact = array.promise == Promise::Lossless;
            let done =
                if exact { "encoded as data, exactly" } else { "encoded as data: they come back changed" };
            watch.report(done, progress);
            if array.promise != Promise::Lossless {
                watch.report_range("encoded as data: they come back changed", progress);
            }
        }
    }
    let summary = EncodeSummary::measure(output, &plan.arrays, options.model.as_deref(), &written)?;
    Ok(ShareOutcome::Complete(summary))
}

/// Writes every array, and then the other nodes of the archive.
fn write_all(
    writer: &mut HierarchyWriter<'_>,
    plan: &mut EncodePlan,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<()> {
    for array in &mut plan.arrays {
        write_array(writer, array, options, progress)?;
    }
    writer.write_nodes(&plan.others.iter().collect::<Vec<_>>())
}

/// Writes one array: its chunks, then the record of what they hold. Where a target was missed and another quality comes
/// closer, it is written again.
fn write_array(
    writer: &mut HierarchyWriter<'_>,
    array: &mut ArrayEncode,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<()> {
    let kept_before = writer.kept();
    loop {
        let Node { path, content: Content::Array(samples, metadata) } = &array.node else { return Ok(()) };
        let (path, samples) = (path.clone(), Arc::clone(samples));
        if !writer.write_array(&path, samples.as_ref(), metadata)? {
            // Chunks that could not be read are listed once everything else is written.
            return Ok(());
        }
        let folder = writer.folder(&path);
        array.seal(&folder)?;
        let Some(model) = &options.model else { return Ok(()) };
        if !array.comes_closer(&Settling { options, model, progress }, &folder)? {
            return Ok(());
        }
        writer.discard_array(&path, kept_before)?;
    }
}

/// Writes this process's share of the chunks, and seals the arrays where that completes them.
fn write_share(writer: &mut HierarchyWriter<'_>, plan: &mut EncodePlan) -> Result<Option<Vec<u64>>> {
    let open = writer.write_share(&plan.nodes())?;
    if open.is_none() {
        for array in &mut plan.arrays {
            array.seal(&writer.folder(&array.node.path))?;
        }
    }
    Ok(open)
}

/// Settles the quality of each array before anything is written, so that an unreachable target is reported at once.
fn settle_qualities(
    plan: &mut EncodePlan,
    output: &Path,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<()> {
    let Some(model) = &options.model else { return Ok(()) };
    let with = Settling { options, model, progress };
    let before = unfinished(&resolved(output));
    for array in &mut plan.arrays {
        let begun = before.as_ref().and_then(|folder| quality_of(&node_folder(folder, &array.node.path)));
        settle_quality(array, &with, begun)?;
    }
    if !options.bound.is_any() && !options.target.is_some_and(Target::is_searched) {
        remarks::quality_beyond(model, first_quality(options), progress);
    }
    Ok(())
}

/// Settles the quality of one array. `begun` is the quality that an earlier run settled on.
pub(crate) fn settle_quality(array: &mut ArrayEncode, with: &Settling<'_>, begun: Option<f64>) -> Result<()> {
    match with.options.target {
        // Samples that must be exact need no search.
        Some(_) if array.promise == Promise::Lossless => Ok(()),
        Some(target) if target.is_searched() => array.settle(with, target, begun),
        None if with.options.bound.is_any() => array.settle_bounded(with, begun),
        _ => Ok(()),
    }
}

/// The quality of an array that an earlier run began. None if its metadata can't be read; resuming the output then
/// starts the array again, or refuses.
fn quality_of(folder: &Path) -> Option<f64> {
    let metadata = Metadata::read(folder).ok()?;
    Some(metadata.encoded().ok()??.configuration.quality)
}

/// Refuses invalid options before anything is read.
fn check(input: &Input, output: &Path, options: &EncodeOptions, share: Option<Share>) -> Result<()> {
    if !matches!(input, Input::Raster(_) | Input::Path(_)) {
        refuse_overlap(input.path(), output)?;
    }
    for file in input.files() {
        refuse_overlap(&file, output)?;
    }
    check_place(output, OutputKind::Folder, options.existing)?;
    refuse_other_format(output)?;
    check_options(options, share.is_some())
}

/// Refuses options that contradict each other, and opens the engine. Says whether this is one share of the work.
pub(crate) fn check_options(options: &EncodeOptions, shared: bool) -> Result<()> {
    match &options.model {
        Some(model) => {
            check_engine(model, options.engine)?;
            models::register(Arc::clone(model));
        }
        None if !options.bound.is_any() => {
            bail!(
                InvalidArgument,
                GiveModel,
                "there is no model, and no bound is promised that would need none"
            )
        }
        None => {}
    }
    let searched = options.target.filter(|target| target.is_searched());
    if let (Some(target), true) = (searched, shared) {
        bail!(
            InvalidArgument,
            SetQuality,
            "{target} is a target for the whole archive, which no share of the work sees"
        );
    }
    if let (Some(target), true) = (searched, options.bound.is_any()) {
        bail!(
            InvalidArgument,
            "{target} can't be combined with a bound on the error; ask for one or the other"
        );
    }
    Ok(())
}

/// The options, with the chunks and shards of the cube's configuration where the options set none.
fn for_input(options: &EncodeOptions, input: &Input) -> EncodeOptions {
    let options = options.clone();
    match input {
        #[cfg(feature = "gdal")]
        Input::Cube(cube) => {
            let (chunk, shard) = (cube.chunk_extents(), cube.shard_extents());
            EncodeOptions {
                chunk_size: options.chunk_size.or(chunk.get("x").copied()),
                dates: options.dates.or(chunk.get("time").copied()),
                shard_size: options.shard_size.or(shard.get("x").copied()),
                ..options
            }
        }
        _ => options,
    }
}

/// The settings that must be unchanged for an interrupted encode to be resumed.
fn settings(input: &Input, options: &EncodeOptions, plan: &EncodePlan) -> Settings {
    let mut settings = Settings::new("encode", input.path());
    settings.extend(plan.settings.clone());
    settings.set("bands", json!(options.bands.as_ref().map(|bands| &bands.0)));
    settings.set("model", json!(options.model.as_ref().map(|model| model.sha256())));
    settings.set("promise", options.bound.setting());
    let target = options.target.unwrap_or(Target::Quality(first_quality(options)));
    let (asked, value) = target.setting();
    settings.set(asked, value);
    settings
}
