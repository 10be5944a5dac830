//! Which samples of an array are missing: the value that means "no data" in it, brought together from its files, and whether
//! a mask beside it must tell instead.

use super::CubePlan;
use super::clashes::Clashes;
use crate::band::Sign;
use crate::conventions::time::{Instant, iso};
use crate::error::{Error, Result};
use crate::ingest::sources::files::count;
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::scene::SceneBand;
use crate::listed::listed;
use crate::missing::MaskKind;
use crate::sample::{DataType, ValueRange as _};

/// The most bands that a remark names.
const LISTED: usize = 5;

/// How missing samples are told in an array.
pub(crate) struct ArrayValidity {
    /// The value that means "no data"; `None` where no value does.
    pub(crate) nodata: Option<f64>,
    /// Whether masks of the files are kept in an array of their own.
    pub(crate) mask: Option<MaskShape>,
    /// Counts valid samples that equal the nodata value.
    pub(crate) clashes: Clashes,
}

/// Whether bands share their mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MaskShape {
    /// One mask for all bands of a date: that of the band of this name.
    Shared(String),
    /// A mask for each band.
    Banded,
}

impl CubePlan {
    /// How missing samples are told in an array: by the value that the configuration gives, otherwise by the first that a file
    /// declares, otherwise by NaN in floats. Without any of them, every sample must be valid, but for those that masks of
    /// the files tell.
    ///
    /// # Errors
    /// [`Error::Invalid`] where no sample can equal the value; [`Error::Mismatch`] where there is none, and some samples are missing.
    pub(crate) fn validity_of(
        &mut self,
        path: &str,
        bands: &[&SceneBand],
        grid_number: usize,
        times: &[Option<Instant>],
        sample_type: DataType,
    ) -> Result<ArrayValidity> {
        let type_name = sample_type.name();
        let asked = self.config.output.nodata;
        let declared = bands.iter().find_map(|band| band.band.nodata);
        let nodata = asked.or(declared).or_else(|| sample_type.is_float().then_some(f64::NAN));
        if let Some(nodata) = nodata.filter(|nodata| !sample_type.holds(*nodata)) {
            let [least, most] = sample_type.range();
            return Err(Error::Invalid(format!(
                "{path}: nodata is {nodata}, which is no {type_name}; give another from {least} to {most}, as nodata \
                 under [output]"
            )));
        }
        self.remark_on_impossible(path, bands);
        self.remark_on_alpha(path, bands);
        if let Some(nodata) = nodata {
            self.remark_on_others(path, bands, nodata, asked);
            self.remark_on_masks(path, bands, &format!("the others become \"no data\", {nodata}"));
            let clashes = Clashes::of(
                bands.iter().filter(|band| may_clash(band, nodata, asked)).map(|band| band.name.clone()),
            );
            return Ok(ArrayValidity { nodata: Some(nodata), mask: None, clashes });
        }
        if let Some(float) =
            layers(bands).find(|layer| layer.sample_type.is_float()).filter(|_| !sample_type.is_float())
        {
            return Err(Error::Mismatch(format!(
                "{path}: samples of {} are {} and may be NaN, and no value means \"no data\" in {type_name}; declare one as nodata \
                 under [output]",
                float.label(),
                float.sample_type.name()
            )));
        }
        if let Some(why) = self.why_missing(bands, grid_number, times) {
            return Err(Error::Mismatch(format!(
                "{path}: {why}, and no value means \"no data\" in {type_name}; declare one as nodata under [output]"
            )));
        }
        Ok(ArrayValidity { nodata: None, mask: mask_shape(bands), clashes: Clashes::default() })
    }

    /// Why some samples of an array are missing, other than by masks of the files; `None` where none is.
    fn why_missing(
        &self,
        bands: &[&SceneBand],
        grid_number: usize,
        times: &[Option<Instant>],
    ) -> Option<String> {
        // Masks of a date do not apply to bands without dates.
        let dated = times.iter().any(Option::is_some);
        let gridded = &self.gridded[grid_number];
        let masked = (self.validity.masks.iter())
            .any(|mask| dated || !mask.bands().iter().any(|name| gridded.is_dated(name)));
        if masked {
            return Some("a mask makes samples invalid".to_owned());
        }
        let clipped = self.config.border.as_ref().is_some_and(|border| !border.extent_only);
        if let Some(border) = self.validity.border.as_ref().filter(|_| clipped) {
            return Some(format!("what lies outside of {} is invalid", border.file()));
        }
        times.iter().find_map(|time| {
            let band = bands.iter().find(|band| !gridded.covers(&band.name, *time))?;
            let of = time.map(|time| format!(" of {}", iso(time))).unwrap_or_default();
            Some(format!("band {}{of} does not cover the whole grid ({})", band.name, gridded.grid.label()))
        })
    }

    /// Files that declare other values than the array's. Bands of which the same is to say are named together.
    fn remark_on_others(&mut self, path: &str, bands: &[&SceneBand], nodata: f64, asked: Option<f64>) {
        let mut groups: Vec<(Declared, bool, Vec<&str>)> = Vec::new();
        for band in bands {
            let declared = Declared::by(band);
            let clashes = may_clash(band, nodata, asked);
            let is_plain = match &declared.values[..] {
                [] => true,
                [(value, _)] => declared.none.is_none() && same(*value, nodata),
                _ => false,
            };
            if is_plain {
                continue;
            }
            match groups.iter_mut().find(|group| group.1 == clashes && group.0.is_like(&declared)) {
                Some((_, _, names)) => names.push(&band.name),
                None => groups.push((declared, clashes, vec![&band.name])),
            }
        }
        for (declared, clashes, names) in groups {
            let lasting = match clashes {
                true => format!("valid samples of {nodata} become \"no data\" too"),
                false => String::new(),
            };
            let text = match &declared.values[..] {
                [(value, _)] if declared.none.is_none() => {
                    let lasting = if lasting.is_empty() { lasting } else { format!("; {lasting}") };
                    format!("{value} in the files and becomes {nodata}{lasting}")
                }
                values => {
                    let listed: Vec<String> =
                        values.iter().map(|(value, file)| format!("{} in {file}", words(*value))).collect();
                    let none = declared.none.as_ref().map(|file| format!(", and no value in {file}"));
                    let lasting = if lasting.is_empty() { lasting } else { format!(", and {lasting}") };
                    format!("{}{}; all become {nodata}{lasting}", listed.join(", "), none.unwrap_or_default())
                }
            };
            self.remarks.push(format!("{path}: \"no data\" of {} is {text}", named(&names)));
        }
    }

    /// Values that are declared, and that no sample can equal.
    fn remark_on_impossible(&mut self, path: &str, bands: &[&SceneBand]) {
        let with: Vec<&Layer> = layers(bands).filter(|layer| !layer.missing.impossible.is_empty()).collect();
        let Some(first) = with.first() else { return };
        let values: Vec<String> = first.missing.impossible.iter().map(f64::to_string).collect();
        let kind = if first.sign == Sign::Added { "int8" } else { first.sample_type.name() };
        self.remarks.push(format!(
            "{path}: \"no data\" is {} in {}, which no {kind} can be: it is left out, and says nothing of any sample",
            values.join(" and "),
            files(&with)
        ));
    }

    /// Bands that are transparency after their kind only.
    fn remark_on_alpha(&mut self, path: &str, bands: &[&SceneBand]) {
        let with: Vec<&Layer> = layers(bands).filter(|layer| layer.missing.alpha_is_data).collect();
        if with.is_empty() {
            return;
        }
        self.remarks.push(format!(
            "{path}: a band of {} is declared as transparency (alpha), and its name says otherwise: it is taken for data, and \
             makes no sample \"no data\"; name it alpha if it is",
            files(&with)
        ));
    }

    /// Files whose masks tell what is valid.
    pub(crate) fn remark_on_masks(&mut self, path: &str, bands: &[&SceneBand], outcome: &str) {
        let with: Vec<&Layer> = layers(bands).filter(|layer| layer.missing.mask.is_some()).collect();
        let Some(first) = with.first() else { return };
        let what = match first.missing.mask {
            Some(MaskKind::Alpha(number)) => format!("a mask (band {number}, alpha)"),
            _ => "a mask".to_owned(),
        };
        self.remarks
            .push(format!("{path}: {what} of {} tells which pixels are valid; {outcome}", files(&with)));
    }
}

/// The values that the files of a band declare, each with the first file that does.
struct Declared {
    values: Vec<(f64, String)>,
    /// The first file that declares none, where others do.
    none: Option<String>,
}

impl Declared {
    fn by(band: &SceneBand) -> Self {
        let (mut values, mut none): (Vec<(f64, String)>, Option<String>) = (Vec::new(), None);
        for layer in band.all() {
            let file = || layer.source.file.display().to_string();
            if layer.band.nodata.is_none() {
                none.get_or_insert_with(file);
            }
            for (value, attribute) in (layer.band.nodata.iter().map(|value| (value, "")))
                .chain(layer.missing.values.iter().map(|value| (value, " (_FillValue and missing_value)")))
            {
                if !values.iter().any(|(known, _)| same(*known, *value)) {
                    values.push((*value, format!("{}{attribute}", file())));
                }
            }
        }
        Self { none: none.filter(|_| !values.is_empty()), values }
    }

    /// Whether another band's files declare the same values, whichever files these are.
    fn is_like(&self, other: &Self) -> bool {
        self.none.is_some() == other.none.is_some()
            && self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(|((a, _), (b, _))| same(*a, *b))
    }
}

/// Bands in words, the first of them by name.
fn named(names: &[&str]) -> String {
    match names {
        [only] => format!("band {only}"),
        _ => format!("bands {}", listed(names, LISTED)),
    }
}

/// Whether valid samples of a band may equal the nodata value of its array. What the configuration declares holds for files
/// that declare nothing.
fn may_clash(band: &SceneBand, nodata: f64, asked: Option<f64>) -> bool {
    !nodata.is_nan()
        && band.all().any(|layer| match layer.band.nodata {
            Some(own) => !same(own, nodata) || layer.missing.is_by_mask(),
            None => asked.is_none() || layer.missing.mask.is_some(),
        })
}

/// The shape of the array that keeps the masks of bands; `None` where no file has one. A band of transparency has no mask, and
/// counts as one that shares that of the others.
fn mask_shape(bands: &[&SceneBand]) -> Option<MaskShape> {
    let first = bands.iter().find(|band| band.all().any(|layer| layer.missing.mask.is_some()))?;
    let shares = |layer: &Layer, other: &Layer| {
        let mask = other.missing.mask;
        let is_mask = mask == Some(MaskKind::Alpha(layer.number));
        layer.source.file == other.source.file
            && (layer.missing.mask == mask && mask != Some(MaskKind::Band) || is_mask)
    };
    let shared = bands.iter().all(|band| {
        band.layers.len() == first.layers.len()
            && band.layers.iter().zip(&first.layers).all(|((time, layers), (first_time, others))| {
                time == first_time
                    && layers.len() == others.len()
                    && layers.iter().zip(others).all(|(layer, other)| shares(layer, other))
            })
    });
    Some(if shared || bands.len() == 1 { MaskShape::Shared(first.name.clone()) } else { MaskShape::Banded })
}

fn layers<'a>(bands: &'a [&'a SceneBand]) -> impl Iterator<Item = &'a Layer> {
    bands.iter().flat_map(|band| band.all())
}

/// The first file of some layers, and the number of the others.
fn files(layers: &[&Layer]) -> String {
    let mut files: Vec<_> = layers.iter().map(|layer| &layer.source.file).collect();
    files.dedup();
    files.sort_unstable();
    files.dedup();
    match &files[..] {
        [] => "no file".to_owned(),
        [file] => file.display().to_string(),
        [file, others @ ..] => format!("{} and {} more", file.display(), count(others.len(), "file")),
    }
}

/// A value in words: one that a float32 holds as briefly as that allows.
fn words(value: f64) -> String {
    let single = value as f32;
    match (f64::from(single) == value, value.abs() < 1e9) {
        (_, true) => value.to_string(),
        (true, false) => format!("{single:e}"),
        (false, false) => format!("{value:e}"),
    }
}

/// Whether two values mean the same samples.
fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}
