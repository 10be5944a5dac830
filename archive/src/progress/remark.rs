//! Remarks: facts that the user should know although nothing failed.

use crate::encoded::lost::LostChunks;
use crate::words::{count, figure, rounded};
use std::fmt;
use std::path::PathBuf;

/// Something that the user should know. Displayed, it is a sentence or two. What to do about it depends on the
/// calling program, which can match on the kind of remark.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// An interrupted run is resumed.
    Resumed {
        /// The folder that holds what was written before.
        folder: PathBuf,
    },
    /// The input was changed since an interrupted run read it. Chunks whose samples are the same are kept.
    InputChanged {
        /// The folder that holds what was written before.
        folder: PathBuf,
    },
    /// The input was changed while it was read, so that the output may hold samples from before and after.
    InputChangedMeanwhile {
        /// The output.
        output: PathBuf,
    },
    /// Whether the input was changed while it was read can't be told.
    InputUnchecked {
        /// The output.
        output: PathBuf,
        /// Why, in words.
        why: String,
    },
    /// The output is complete, and something that is not needed any more can't be removed.
    LeftBehind {
        /// What is left.
        path: PathBuf,
        /// Why, in words.
        why: String,
    },
    /// Chunks of an interrupted run are not kept.
    WrittenAgain {
        /// The array.
        array: String,
        /// How many, and why.
        chunks: WrittenAgain,
    },
    /// An array of a group does not fit, so its files are copied without encoding them.
    CopiedAsItIs {
        /// The array.
        array: String,
        /// Why it does not fit.
        why: String,
    },
    /// An array of a cube can't be encoded, so it is written with plain codecs.
    WrittenPlain {
        /// The array.
        array: String,
        /// Why it can't be encoded.
        why: String,
    },
    /// An array is encoded without loss although an error was allowed.
    MadeLossless {
        /// The array.
        array: String,
        /// The kind of its samples: `classes` or `counts`.
        samples: String,
    },
    /// Samples equal the fill value, which is not declared as "no data", so they were taken for data.
    FillTakenAsData {
        /// The array.
        array: String,
        /// Its fill value.
        fill: f64,
        /// Samples that equal it.
        samples: u64,
        /// How they were treated, such as `fitted like data`.
        done: &'static str,
    },
    /// The input was encoded with a loss before.
    AlreadyEncoded {
        /// The array.
        array: String,
        /// The model and quality of that encoding; none without a model.
        model: Option<(String, f64)>,
    },
    /// The bands have other names than those of the model.
    OtherBands {
        /// The array.
        array: String,
        /// Its bands.
        bands: Vec<String>,
        /// The model.
        model: String,
        /// The model's bands.
        expected: Vec<String>,
    },
    /// The bands have the names of the model's bands, in another order. The model takes them by name; the archive keeps the order
    /// of the input.
    BandsByName {
        /// The array.
        array: String,
        /// Its bands.
        bands: Vec<String>,
        /// The model.
        model: String,
        /// The model's bands.
        expected: Vec<String>,
    },
    /// The bands of an input of a fit have the names of those of the first input, in another order. They are put in that order.
    BandsReordered {
        /// The input.
        array: String,
        /// Its bands.
        bands: Vec<String>,
        /// The bands of the first input.
        expected: Vec<String>,
    },
    /// An array that is copied without encoding it can't be read.
    CopyUnread {
        /// The array.
        array: String,
        /// Why, in words.
        why: String,
    },
    /// An array that an archive held once is not there any more.
    MemberLost {
        /// The array.
        array: String,
    },
    /// An array of an archive is not what its source holds, or the archive lacks one that its source holds.
    MemberDiffers {
        /// The array.
        array: String,
        /// How, in words.
        how: String,
    },
    /// Two rasters that are compared are said to be of another place or time, or to have another scale or unit.
    DescribedOtherwise {
        /// The array.
        array: String,
        /// What differs, in words.
        differences: Vec<String>,
    },
    /// A mask of a file makes samples "no data", so that what the file holds there is not kept.
    MaskBecameNodata {
        /// The file.
        file: String,
        /// Whether the mask is a band of transparency, which stays as a band.
        alpha: bool,
        /// The value that these samples get.
        nodata: f64,
    },
    /// An array beside the encoded ones does not fit them any more, so it is left out.
    LeftOut {
        /// The array.
        array: String,
        /// Why it does not fit.
        why: String,
    },
    /// The error that the quality allows is large beside what distinguishes the samples.
    LittleContrast {
        /// The array.
        array: String,
        /// The RMSE to expect, in data units.
        rmse: f64,
        /// The standard deviation of the samples, in data units.
        deviation: f64,
    },
    /// The quality is outside the range in which the model was measured.
    QualityBeyondModel {
        /// The quality in dB.
        quality: f64,
        /// The model.
        model: String,
        /// The lowest and the highest PSNR that it was measured at, in dB.
        measured: (f64, f64),
    },
    /// Most samples are unlike anything that the model was fitted to.
    BeyondModel {
        /// The array.
        array: String,
        /// The fraction of the examined samples that are, from 0 to 1.
        part: f64,
        /// The model.
        model: String,
        /// The smallest and the largest sample that resembles the model's training data.
        known: (f64, f64),
    },
    /// A target was not met within its tolerance.
    TargetMissed {
        /// The array.
        array: String,
        /// The target, the figure that was reached, and the reason.
        missed: MissedTarget,
    },
    /// Chunks of an archive are lost; they read as fill value.
    ChunksLost {
        /// The array.
        array: String,
        /// How many are lost, and which.
        lost: LostChunks,
    },
    /// An archive does not hold what its record says, although no chunk is lost: another program changed it.
    RecordDiffers {
        /// The array.
        array: String,
        /// How they differ, in words.
        how: String,
    },
    /// A model is fitted to a part of the samples.
    FittedToPart {
        /// Samples that are taken.
        taken: u64,
        /// Samples that there are.
        available: u64,
    },
    /// Rasters are copied for another program.
    Copying {
        /// How many.
        rasters: usize,
        /// Where to.
        folder: PathBuf,
    },
    /// Something odd about the files of a cube.
    Cube(String),
    /// Figures of a comparison are missing.
    MissingFigures {
        /// The paths of the arrays that lack them; empty for a single array.
        arrays: Vec<String>,
        /// Which, and why.
        why: &'static str,
    },
    /// Valid samples equal the nodata value of the array that they were written to, and so are "no data" there.
    ValidBecameNodata {
        /// The array.
        array: String,
        /// Its nodata value.
        nodata: f64,
        /// How many there are in each band that has some.
        bands: Vec<(String, u64)>,
    },
    /// Valid samples are beyond the range of the type that they are written as, and became its least or its greatest value.
    SamplesClipped {
        /// The array.
        array: String,
        /// The type of its samples.
        data_type: &'static str,
        /// How many there are in each band that has some.
        bands: Vec<(String, u64)>,
    },
    /// Valid samples would be the nodata value of the array that they were written to, and became the value beside it.
    MovedBesideNodata {
        /// The array.
        array: String,
        /// Its nodata value.
        nodata: f64,
        /// How many there are in each band that has some.
        bands: Vec<(String, u64)>,
    },
    /// Bands have names that those of classes or flags usually have, and were coded with errors.
    LikelyClasses {
        /// The array.
        array: String,
        /// The bands.
        bands: Vec<String>,
    },
    /// Bands of an array stay exact although an error was allowed, because they tell which pixels are valid.
    BandsKeptExact {
        /// The array.
        array: String,
        /// The bands.
        bands: Vec<String>,
        /// What they hold, in words.
        samples: &'static str,
    },
    /// A band of transparency is coded with errors, so that other pixels may be valid.
    TransparencyChanged {
        /// The array.
        array: String,
        /// The bands.
        bands: Vec<String>,
    },
    /// A file declares a nodata value that no sample can equal, or one is given for an array.
    ImpossibleNodata {
        /// The file, or the array.
        file: String,
        /// Whether it is given, not declared.
        given: bool,
        /// The value.
        value: f64,
        /// The type of its samples.
        data_type: &'static str,
    },
    /// A mask tells which samples of an array are valid, and the format that it is exported to holds none.
    MaskNotExported {
        /// The array.
        array: String,
    },
    /// A bound is so wide that it leaves little of the samples of an array.
    WideBound {
        /// The array.
        array: String,
        /// The band that is told about, where it has a name.
        band: Option<String>,
        /// Its bound.
        bound: f64,
        /// The smallest and the largest of the samples that were looked at.
        range: (f64, f64),
    },
    /// The bands of an array have scales or offsets of their own, and the format that it is exported to has one for all.
    ScalesNotExported {
        /// The array.
        array: String,
    },
    /// A file tells by a mask which pixels are valid, and the array has no value for the others.
    MaskLeftOut {
        /// The file.
        file: String,
        /// Whether the mask is a band of transparency, which stays as a band.
        alpha: bool,
        /// The type of its samples.
        data_type: &'static str,
    },
    /// An attribute declares a value that means "no data", and it can't be read, or no sample can be it.
    NodataUnread {
        /// The array.
        array: String,
        /// The attribute.
        key: String,
        /// What it holds, as JSON.
        found: String,
        /// Why no sample is masked by it.
        why: String,
    },
    /// Several values mean "no data", and the format declares one: samples of the others become that one.
    NodataMerged {
        /// The array.
        array: String,
        /// The value that is declared.
        kept: f64,
        /// The values that become it.
        others: Vec<f64>,
        /// Whether each band declares its own, so that valid samples of some bands may equal the one that is declared.
        by_band: bool,
    },
    /// Samples lie outside the range that the array declares as valid, and were taken for data.
    BeyondValidRange {
        /// The array.
        array: String,
        /// The least and the largest valid value, as samples are stored.
        range: (f64, f64),
        /// Samples that lie outside.
        samples: u64,
        /// How they were treated, such as `encoded as data: they come back changed`.
        done: &'static str,
    },
    /// What attributes and coordinates say about where and when an array lies contradicts itself, or can't be read.
    LocationUnclear {
        /// The array.
        array: String,
        /// What was found, and what is followed, in words.
        note: String,
    },
    /// Coordinates that an export does not hold.
    CoordinatesLeftOut {
        /// The array.
        array: String,
        /// The coordinates.
        names: Vec<String>,
        /// Why, in words.
        why: String,
    },
}

/// How many samples each of some bands has, in words.
fn counted(bands: &[(String, u64)]) -> String {
    bands.iter().map(|(band, samples)| format!("{samples} of band {band}")).collect::<Vec<_>>().join(", ")
}

/// Chunks that an interrupted run left and that are written again, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenAgain {
    /// Their files are not what was written: lost, cut short, or damaged.
    pub damaged: u64,
    /// Their samples in the input were changed since.
    pub changed: u64,
    /// Nothing says that they are complete: the run was interrupted just then, or they were put there by something else.
    pub unrecorded: u64,
}

impl WrittenAgain {
    /// Whether there are any.
    #[must_use]
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for WrittenAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.damaged, "damaged or lost"),
            (self.changed, "of samples that were changed since"),
            (self.unrecorded, "not known to be complete"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, why)| format!("{} {why}", count(*number, "chunk")))
            .collect();
        write!(f, "written again: {}", parts.join(", "))
    }
}

/// A target that an array did not meet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissedTarget {
    /// The target.
    pub target: crate::target::Target,
    /// The figure that was reached, in words.
    pub found: String,
    /// The reason, in words.
    pub why: &'static str,
    /// Whether a quality near the one that was found may come closer, because the search measured only a part of the
    /// array.
    pub by_sampling: bool,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed { folder } => write!(f, "resuming from {}", folder.display()),
            Self::InputChanged { folder } => write!(
                f,
                "note: the input was changed since {} was begun: each of its chunks is compared with the input as it is now",
                folder.display()
            ),
            Self::InputChangedMeanwhile { output } => write!(
                f,
                "warning: the input was changed while it was read: {} may hold samples from before and after; write it again",
                output.display()
            ),
            Self::InputUnchecked { output, why } => write!(
                f,
                "warning: {} is complete, and whether the input was changed while it was read can't be told: {why}",
                output.display()
            ),
            Self::LeftBehind { path, why } => {
                write!(
                    f,
                    "note: {} is not needed any more and can't be removed; delete it: {why}",
                    path.display()
                )
            }
            Self::WrittenAgain { array, chunks } => write!(f, "note: {array}: {chunks}"),
            Self::CopiedAsItIs { array, why } => write!(f, "copied as it is: {array}: {why}"),
            Self::WrittenPlain { array, why } => write!(f, "written as a plain array: {array}: {why}"),
            Self::MadeLossless { array, samples } => {
                write!(f, "without loss: {array}: its samples are {samples}, which any error would change")
            }
            Self::FillTakenAsData { array, fill, samples, done } => write!(
                f,
                "warning: {} of {array} equal its fill value, {}, and were {done}",
                count(*samples, "sample"),
                figure(*fill)
            ),
            Self::AlreadyEncoded { array, model } => write!(
                f,
                "warning: {array} is an archive already ({}): errors add up, and all figures are stated against it, not \
                 against what it was made from; encode the original instead, if it is still there",
                match model {
                    Some((model, quality)) => format!("model {model}, quality {quality}"),
                    None => "without a model".to_owned(),
                }
            ),
            Self::OtherBands { array, bands, model, expected } => write!(
                f,
                "note: the bands of {array} are named {}, those of model {model} {}; they are taken in order",
                bands.join(", "),
                expected.join(", ")
            ),
            Self::BandsByName { array, bands, model, expected } => write!(
                f,
                "note: the bands of {array} are {}, in another order than those of model {model}, {}; the model takes them by \
                 name, and the archive keeps their order",
                bands.join(", "),
                expected.join(", ")
            ),
            Self::BandsReordered { array, bands, expected } => write!(
                f,
                "note: the bands of {array} are {}; they are taken in the order of the first input, {}",
                bands.join(", "),
                expected.join(", ")
            ),
            Self::CopyUnread { array, why } => {
                write!(f, "warning: {array} is copied as it is, and can't be read: {why}")
            }
            Self::MemberLost { array } => {
                write!(
                    f,
                    "warning: {array} is lost: the archive held it when it was complete, and it is not there any more"
                )
            }
            Self::MemberDiffers { array, how } => write!(f, "warning: {array}: {how}"),
            Self::DescribedOtherwise { array, differences } => write!(
                f,
                "warning: {array}: samples alone are compared, and the two are described otherwise: {}",
                differences.join("; ")
            ),
            Self::MaskBecameNodata { file, alpha, nodata } => write!(
                f,
                "note: a mask of {file}{} tells which pixels are valid; samples of the others become \"no data\", {}, and what the \
                 file holds there is not kept",
                if *alpha { ", its band of transparency (alpha)," } else { "" },
                figure(*nodata)
            ),
            Self::LeftOut { array, why } => write!(f, "warning: {array} is left out: {why}"),
            Self::LittleContrast { array, rmse, deviation } => write!(
                f,
                "warning: at this quality an error of about {} is to be expected, and the samples of {array} vary by about {}: \
                 most of what distinguishes them will be lost",
                rounded(*rmse),
                rounded(*deviation)
            ),
            Self::QualityBeyondModel { quality, model, measured: (low, high) } => write!(
                f,
                "warning: quality {quality} is outside the range in which model {model} was measured, {low:.1} to {high:.1} \
                 dB: the PSNR may be far from it; see what was reached"
            ),
            Self::BeyondModel { array, part, model, known: (low, high) } => write!(
                f,
                "warning: {:.0} % of the samples examined in {array} are beyond what model {model} knows, about {} to \
                 {}: they may be from another sensor or in another unit; a model fitted to these data would do better",
                100.0 * part,
                rounded(*low),
                rounded(*high)
            ),
            Self::TargetMissed { array, missed } => write!(
                f,
                "warning: {array}: {} is not met within {}: found {}{}",
                missed.target,
                missed.target.tolerance(),
                missed.found,
                missed.why
            ),
            Self::ChunksLost { array, lost } => write!(f, "warning: {array}: {lost}"),
            Self::RecordDiffers { array, how } => write!(f, "warning: {array}: {how}"),
            Self::FittedToPart { taken, available } => {
                write!(f, "fitting on {taken} of {available} samples, blocks spread evenly")
            }
            Self::Copying { rasters, folder } => {
                write!(f, "copying {rasters} rasters into {}", folder.display())
            }
            Self::Cube(remark) => f.write_str(remark),
            Self::MissingFigures { arrays, why } => match arrays.concat().is_empty() {
                true => write!(f, "note: {why}"),
                false => write!(f, "note: {}: {why}", arrays.join(", ")),
            },
            Self::ValidBecameNodata { array, nodata, bands } => {
                let listed = counted(bands);
                write!(
                    f,
                    "warning: {array}: valid samples of {} became \"no data\" ({}), because another value or a mask means that in \
                     their files, or because they were rounded to it; to keep them, choose a nodata value that no sample has (--nodata of encode, nodata under \
                     [output] of ingest)",
                    figure(*nodata),
                    listed
                )
            }
            Self::SamplesClipped { array, data_type, bands } => write!(
                f,
                "warning: {array}: valid samples are beyond what {data_type} holds, and became its least or its greatest value \
                 ({}); choose another data_type, or a scale and an offset",
                counted(bands)
            ),
            Self::MovedBesideNodata { array, nodata, bands } => write!(
                f,
                "warning: {array}: valid samples that would be the nodata value, {}, became the value beside it ({}); choose a \
                 nodata value that no sample has",
                figure(*nodata),
                counted(bands)
            ),
            Self::LikelyClasses { array, bands } => write!(
                f,
                "warning: {array}: {} coded with errors, and {} classes or flags, which any error changes: leave \
                 {} out and encode {} apart, without loss",
                match bands.as_slice() {
                    [band] => format!("band {band} was"),
                    bands => format!("bands {} were", bands.join(", ")),
                },
                if bands.len() == 1 {
                    "a band of this name usually holds"
                } else {
                    "bands of these names usually hold"
                },
                if bands.len() == 1 { "it" } else { "them" },
                if bands.len() == 1 { "it" } else { "them" }
            ),
            Self::BandsKeptExact { array, bands, samples } => {
                write!(f, "without loss: {array}: {} (its samples are {samples})", bands.join(", "))
            }
            Self::TransparencyChanged { array, bands } => write!(
                f,
                "warning: {array}: transparency ({}) was coded with errors, so that valid pixels may become invalid and others \
                 valid: a --max-error for each band, 0 for this one, keeps it exact",
                bands.join(", ")
            ),
            Self::ImpossibleNodata { file, given, value, data_type } => write!(
                f,
                "note: {file} {} nodata {}, which no {data_type} can be: all its samples count as valid",
                if *given { "is given" } else { "declares" },
                figure(*value)
            ),
            Self::MaskNotExported { array } => write!(
                f,
                "warning: {array} has a mask, which is not exported: samples that are not valid look as if they were; a GeoTIFF \
                 keeps the mask that all bands share"
            ),
            Self::WideBound { array, band, bound, range: (low, high) } => {
                let of = band.as_ref().map(|band| format!(" of band {band}")).unwrap_or_default();
                write!(
                    f,
                    "warning: {array}: samples{of} reach from {} to {}, of which an error of {} leaves little; promise a smaller one, \
                     or encode data of different ranges apart",
                    figure(*low),
                    figure(*high),
                    figure(*bound)
                )
            }
            Self::ScalesNotExported { array } => write!(
                f,
                "warning: bands of {array} have scales or offsets of their own, and CF knows one for all: readers get samples as \
                 they are stored; the attribute `bands` lists the scales, and one band that is exported alone has its own"
            ),
            Self::MaskLeftOut { file, alpha: true, data_type } => write!(
                f,
                "warning: a mask of {file}, its band of transparency (alpha), tells which pixels are valid; no value means \"no \
                 data\" in its {data_type}, so all its samples count as valid, and the band is kept as any other"
            ),
            Self::MaskLeftOut { file, alpha: false, data_type } => write!(
                f,
                "warning: a mask of {file} tells which pixels are valid; no value means \"no data\" in its {data_type}, so all its \
                 samples count as valid, and the mask is not kept"
            ),
            Self::NodataUnread { array, key, found, why } => {
                write!(f, "warning: {array}: {key} is {found}, and masks no samples: {why}")
            }
            Self::NodataMerged { array, kept, others, by_band: true } => write!(
                f,
                "warning: {array}: its bands declare {kept} and {} as \"no data\", and the format one value for all: what is missing becomes \
                 {kept}, and so valid samples of {kept}, if there are any in the bands that declare another, count as missing there",
                others.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
            ),
            Self::NodataMerged { array, kept, others, by_band: false } => write!(
                f,
                "note: {array}: samples of {} become {kept}: all of them mean \"no data\", and the format declares one value",
                others.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
            ),
            Self::BeyondValidRange { array, range: (low, high), samples, done } => write!(
                f,
                "warning: {} of {array} lie outside of its valid range, {low} to {high}, and were {done}",
                count(*samples, "sample")
            ),
            Self::LocationUnclear { array, note } => write!(f, "warning: {array}: {note}"),
            Self::CoordinatesLeftOut { array, names, why } => {
                write!(f, "note: left out of {array}: {}: {why}", names.join(", "))
            }
        }
    }
}
