//! Describes the bands of files as layers: their names, times and grids.

use crate::band::read_bands;
use crate::conventions::time::{parse_iso, parse_time};
use crate::error::{Error, Result};
use crate::georeference::{Georeference, read_georeference};
use crate::ingest::config::InputConfig;
use crate::ingest::grid::{self, Grid};
use crate::ingest::sources::files::{count, described};
use crate::ingest::sources::layer::{Layer, Reader, Source};
use crate::ingest::sources::open::{check_end, is_signed_byte, open_dataset};
use crate::ingest::sources::pattern::Fields;
use crate::ingest::sources::{npy_vrt, subdatasets};
use crate::missing::{self, MaskKind, Missing, Samples, nodata};
use crate::sample::{DataType, data_type_of_gdal};
use gdal::{Dataset, Metadata as _};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// The layers of an input, in the order of its files' names.
///
/// # Errors
/// [`Error::Invalid`] for patterns that match no file, names that a pattern does not match, and bands that do not exist;
/// [`Error::Unreadable`] for files that GDAL can't open or that end too early.
pub(crate) fn layers(number: usize, input: &InputConfig, folder: &Path) -> Result<Vec<Layer>> {
    let mut described = described(input, folder)?;
    // Files of other bands need not be opened.
    if described.iter().all(|(_, fields)| fields.text.contains_key("band")) && !input.bands.is_empty() {
        described.retain(|(_, fields)| input.bands.contains(&fields.text["band"]));
    }
    let opened: Vec<Result<Vec<Layer>>> =
        described.into_par_iter().map(|(file, fields)| open(number, input, &file, &fields)).collect();
    let mut layers = Vec::new();
    for found in opened {
        layers.extend(found?);
    }
    for band in &input.bands {
        if !layers.iter().any(|layer| layer.name == *band) {
            let mut names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
            names.dedup();
            return Err(Error::Invalid(format!(
                "there is no band {band} in {:?}; there are {}",
                input.files,
                if names.is_empty() { "none of those that are named".to_owned() } else { names.join(", ") }
            )));
        }
    }
    Ok(layers)
}

fn open(number: usize, input: &InputConfig, file: &Path, fields: &Fields) -> Result<Vec<Layer>> {
    let mut layers = Vec::new();
    for name in sources(input, file)? {
        layers.extend(describe(number, input, &name, file, fields)?);
    }
    choose(input, file, fields, &mut layers)?;
    settle_alpha(&mut layers);
    Ok(layers)
}

/// Takes transparency for data where the band has a name of another kind. Many programs write the fourth of four bands as
/// transparency whatever it is.
fn settle_alpha(layers: &mut [Layer]) {
    let others: Vec<(Arc<Source>, usize)> = (layers.iter())
        .filter(|layer| {
            let name = layer.name.to_lowercase();
            let unnamed = name.strip_prefix('b').is_some_and(|number| number.parse::<usize>().is_ok());
            !(unnamed || ["a", "alpha", "mask", "opacity", "transparency"].contains(&name.as_str()))
        })
        .map(|layer| (Arc::clone(&layer.source), layer.number))
        .collect();
    for layer in layers {
        if let Some(MaskKind::Alpha(number)) = layer.missing.mask
            && others.iter().any(|(source, other)| Arc::ptr_eq(source, &layer.source) && *other == number)
        {
            layer.missing.mask = None;
            layer.missing.alpha_is_data = true;
        }
    }
}

/// Chooses among the bands of a file, or names them. If the bands have the names in the configuration, the names choose bands.
/// Otherwise there must be as many names as a date has bands, and bands get these names in order.
fn choose(input: &InputConfig, file: &Path, fields: &Fields, layers: &mut Vec<Layer>) -> Result<()> {
    if input.bands.is_empty() {
        return Ok(());
    }
    let mut own: Vec<String> = Vec::new();
    for layer in layers.iter() {
        if !own.contains(&layer.name) {
            own.push(layer.name.clone());
        }
    }
    let known = input.bands.iter().all(|band| own.contains(band));
    // Where file names state the band, other files may have the other bands.
    if known || fields.text.contains_key("band") {
        layers.retain(|layer| input.bands.contains(&layer.name));
        return Ok(());
    }
    if own.len() != input.bands.len() {
        return Err(Error::Invalid(format!(
            "{} has {} ({}), and {} are given: {}; name all of them, or choose among these",
            file.display(),
            count(own.len(), "band"),
            own.join(", "),
            count(input.bands.len(), "name"),
            input.bands.join(", ")
        )));
    }
    for layer in layers {
        if let Some(position) = own.iter().position(|name| *name == layer.name) {
            layer.name = input.bands[position].clone();
            layer.band.name = Some(layer.name.clone());
        }
    }
    Ok(())
}

/// The names that GDAL opens for a file: the file itself, its variables, or a description of its raw samples.
fn sources(input: &InputConfig, file: &Path) -> Result<Vec<String>> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy")) {
        return Ok(vec![npy_vrt::description(file)?]);
    }
    let dataset = open_dataset(&file.to_string_lossy(), file)?;
    let variables = subdatasets::variables(&dataset);
    if variables.is_empty() || (dataset.raster_count() > 0 && input.variables.is_empty()) {
        return Ok(vec![file.to_string_lossy().into_owned()]);
    }
    let chosen = subdatasets::choose(&variables, &input.variables)
        .map_err(|reason| Error::Invalid(format!("{}: {reason}", file.display())))?;
    Ok(chosen)
}

fn describe(
    number: usize,
    input: &InputConfig,
    name: &str,
    file: &Path,
    fields: &Fields,
) -> Result<Vec<Layer>> {
    let unreadable = |reason: String| Error::Unreadable { path: file.display().to_string(), reason };
    let dataset = open_dataset(name, file)?;
    let (width, height) = dataset.raster_size();
    let mut georeference = read_georeference(&dataset)?;
    complete(&mut georeference, input, height, width)?;
    let bands = read_bands(&dataset)?;
    if bands.is_empty() {
        return Err(unreadable("it has no raster bands".to_owned()));
    }
    let steps = subdatasets::bands(&dataset)
        .map_err(|reason| Error::Mismatch(format!("{}: {reason}", file.display())))?;
    // Where file names state the band, that is its name, unless the file holds several bands.
    let own: Vec<String> = (steps.iter().zip(&bands).enumerate())
        .map(|(i, (step, band))| {
            step.variable.clone().or_else(|| band.name.clone()).unwrap_or_else(|| (i + 1).to_string())
        })
        .collect();
    let one = own.iter().all(|name| *name == own[0]);
    // Bands of one date that share a name are numbered instead.
    let mut seen = std::collections::HashSet::new();
    let distinct = steps
        .iter()
        .zip(&own)
        .all(|(step, name)| seen.insert((step.index, name.clone(), step.suffix.clone())));
    let source = Arc::new(Source { file: file.to_path_buf(), reader: Reader::Raster(name.to_owned()) });
    let alpha = missing::alpha(&dataset)?;
    let mut layers = Vec::new();
    for (i, mut band) in bands.into_iter().enumerate() {
        let raster = dataset.rasterband(i + 1)?;
        let step = &steps[i];
        let name = match fields.text.get("band") {
            Some(band) if one => band.clone(),
            Some(band) => format!("{band}_{}", own[i]),
            None if distinct && (step.variable.is_some() || band.name.is_some()) => own[i].clone(),
            None => format!("B{}", 1 + steps[..i].iter().filter(|other| other.index == step.index).count()),
        };
        let name = format!("{name}{}", step.suffix);
        let sample_type = data_type_of_gdal(raster.band_type())
            .map_err(|e| Error::Mismatch(format!("{}: {e}", file.display())))?;
        let signed = is_signed_byte(&raster);
        band.name = Some(name.clone());
        let samples = Samples { sample_type, signed };
        let (declared, mut missing) = missing::read(&dataset, i + 1, band.nodata, alpha, samples)?;
        band.nodata = match input.nodata {
            Some(asked) => {
                missing = Missing { mask: missing.mask, ..Missing::default() };
                Some(nodata(asked, samples).ok_or_else(|| {
                    let kind = if signed { "int8" } else { sample_type.name() };
                    Error::Invalid(format!(
                        "{}: nodata of its [[input]] is {asked}, and its samples are {kind}: none can be {asked}; give another, \
                         or none",
                        file.display()
                    ))
                })?)
            }
            None => declared,
        };
        check_end(&raster, width, height).map_err(unreadable)?;
        layers.push(Layer {
            source: Arc::clone(&source),
            number: i + 1,
            name,
            time: time(input, fields, &dataset, step, i)
                .map_err(|e| Error::Mismatch(format!("{}: {e}", file.display())))?,
            fields: fields.text.clone(),
            sample_type: if signed { DataType::Int16 } else { sample_type },
            signed_byte: signed,
            grid: Grid { georeference: georeference.clone(), height, width },
            band,
            missing,
            input: number,
        });
    }
    Ok(layers)
}

/// Adds the georeference that the configuration gives to a file without one.
pub(crate) fn complete(
    georeference: &mut Georeference,
    input: &InputConfig,
    height: usize,
    width: usize,
) -> Result<()> {
    if let Some(crs) = &input.crs {
        let reference = grid::reference(crs)?;
        georeference.wkt = Some(reference.to_wkt()?);
        georeference.code = reference.authority().ok();
    }
    if let Some([left, bottom, right, top]) = input.bounds {
        if !(left < right && bottom < top) {
            return Err(Error::Invalid(format!(
                "the bounds of an [[input]] are {:?}; left < right and bottom < top are needed",
                input.bounds
            )));
        }
        georeference.transform =
            Some([left, (right - left) / width as f64, 0.0, top, 0.0, (bottom - top) / height as f64]);
    }
    Ok(())
}

/// The time of a band. It is looked for in the configuration, a metadata item, the band's step in the file and the file name, in
/// this order.
fn time(
    input: &InputConfig,
    fields: &Fields,
    dataset: &Dataset,
    step: &subdatasets::VariableBand,
    at: usize,
) -> std::result::Result<Option<i64>, String> {
    if !input.times.is_empty() {
        let step = step.index.unwrap_or(at);
        let text = input.times.get(step).ok_or_else(|| {
            format!("it has a step {}, `times` has {}", step + 1, count(input.times.len(), "entry"))
        })?;
        return parse_iso(text).map(Some).map_err(|e| e.to_string());
    }
    if let Some(text) = &input.time {
        return parse_iso(text).map(Some).map_err(|e| e.to_string());
    }
    if let Some(item) = &input.time_item {
        let (domain, key) = item.rsplit_once(':').unwrap_or(("", item));
        let text = dataset
            .metadata_item(key, domain)
            .ok_or_else(|| format!("it has no metadata item {item}; see `gdalinfo` for those it has"))?;
        let parsed = match &input.time_format {
            Some(format) => parse_time(text.trim(), format),
            None => parse_iso(&text),
        };
        return parsed.map(Some).map_err(|e| e.to_string());
    }
    if step.index.is_some() && step.time.is_none() && fields.time.is_none() {
        return Err("its steps have no times that can be read; list them, as `times = [\"2018-01-01\", …]`"
            .to_owned());
    }
    Ok(step.time.or(fields.time))
}
