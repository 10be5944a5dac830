//! Describes the bands of one raster as layers: their names, times, types and grids.

use crate::band::{Band, INTERPRETATION, OF_SAMPLES, Sign, is_signed_byte, read_bands};
use crate::conventions::time::{Instant, parse_iso, parse_time};
use crate::error::{Error, Result};
use crate::georeference::{Georeference, read_georeference};
use crate::ingest::config::InputConfig;
use crate::ingest::grid::Grid;
use crate::ingest::sources::files::count;
use crate::ingest::sources::items::{self, FileItems};
use crate::ingest::sources::layer::{Layer, Reader, Source};
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::open::{check_end, check_size, open_dataset};
use crate::ingest::sources::own_coordinates::OwnCoordinates;
use crate::ingest::sources::parts::Part;
use crate::ingest::sources::pattern::Fields;
use crate::ingest::sources::place::{
    complete, is_in_angles, lost_places, place, place_of_centres, unit_of_levels, unread_reference,
};
use crate::ingest::sources::steps::{self, Step};
use crate::ingest::sources::{grib, naming};
use crate::items::read_colours;
use crate::missing::{self, Missing, Samples, nodata};
use crate::sample::data_type_of_gdal;
use gdal::{Dataset, Metadata as _};
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// The layers of a raster, one for each band.
///
/// # Errors
/// [`Error::Unreadable`] for a raster that ends too early, [`Error::Mismatch`] and [`Error::Invalid`] for what no array holds.
pub(super) fn describe(
    number: usize,
    input: &InputConfig,
    part: &Part,
    file: &Path,
    fields: &Fields,
    oddities: &mut Oddities,
) -> Result<Vec<Layer>> {
    let unreadable = |reason: String| Error::Unreadable { path: file.display().to_string(), reason };
    let mismatch = |reason: String| Error::Mismatch(format!("{}: {reason}", file.display()));
    let dataset = open_dataset(&part.name, file)?;
    let (width, height) = dataset.raster_size();
    let mut bands = read_bands(&dataset)?;
    if bands.is_empty() {
        return Err(unreadable("it has no raster bands".to_owned()));
    }
    check_size(&dataset, file)?;
    let mut georeference = read_georeference(&dataset)?;
    if let Some(variable) = part.variable.as_ref().filter(|_| part.by_gdal.is_some()) {
        // GDAL takes packed coordinates of such a raster as they are stored.
        georeference.transform = place_of_centres(variable).or(georeference.transform);
    }
    if let Some(by_gdal) = &part.by_gdal {
        let in_angles = part.variable.as_ref().is_some_and(is_in_angles);
        supplement(by_gdal, file, in_angles, &mut georeference, &mut bands);
    }
    let uneven = part.uneven && input.bounds.is_none();
    if let Some(variable) = &part.variable {
        place(variable, uneven, &mut georeference, file, oddities);
        oddities.extend(file, unit_of_levels(variable));
    }
    let own_coordinates =
        part.variable.as_ref().and_then(|variable| OwnCoordinates::of(variable, uneven)).map(Arc::new);
    complete(&mut georeference, input, height, width)?;
    if let Some(unread) =
        part.variable.as_ref().and_then(|variable| unread_reference(variable, &georeference))
    {
        oddities.add(file, format!("{unread}; give it as `crs` of its [[input]]"));
    }
    oddities.extend(file, items::left_out(&dataset));
    oddities.extend(file, items::left_out_of_file(&dataset));
    oddities.extend(file, masked_by_range(&dataset, &bands));
    if let Some((variable, range)) =
        part.variable.as_ref().and_then(|variable| Some((variable, part.unpacked_range?)))
    {
        oddities.add(
            file,
            format!(
                "{range} of {} is in unpacked units: it is kept, and makes no sample \"no data\"",
                variable.path.trim_start_matches('/')
            ),
        );
    }
    if part.variable.is_none() {
        oddities.extend(file, lost_places(&dataset));
    }
    let messages = if part.variable.is_none() { grib::messages(&dataset) } else { None };
    let steps = match part.variable.as_ref().filter(|variable| variable.roles.is_some()) {
        Some(variable) => steps::of_variable(variable, bands.len()).ok_or_else(|| {
            let axes: Vec<String> =
                variable.axes.iter().map(|axis| format!("{} of {}", axis.extent, axis.name)).collect();
            mismatch(format!(
                "variable {} has {}, of which GDAL reads {}; split it into several files",
                variable.path,
                axes.join(", "),
                count(bands.len(), "band")
            ))
        })?,
        None => steps::of_items(&dataset).map_err(mismatch)?,
    };
    let colours = read_colours(&dataset).unwrap_or_default();
    for (band, colour) in bands.iter_mut().zip(colours) {
        if !["Gray", "Undefined", "Palette", "Alpha"].contains(&colour.as_str()) {
            band.attributes.insert(INTERPRETATION.to_owned(), colour.into());
        }
    }
    let alpha = missing::alpha(&dataset)?;
    if let Some(band) = alpha.and_then(|number| bands.get_mut(number - 1)) {
        // By this it is known later, and stays exact.
        band.name.get_or_insert_with(|| "alpha".to_owned());
        band.attributes.insert(INTERPRETATION.to_owned(), "Alpha".into());
    }
    let names = naming::names(part, &bands, &steps, messages.as_deref(), fields.text.get("band"));
    if names.numbered {
        oddities.add(
            file,
            "several of its bands share a name, so that they are told apart by numbers".to_owned(),
        );
    }
    let items = match part.name == file.to_string_lossy() {
        true => FileItems::read(&dataset, file),
        // What is said of the file is not said of its variables.
        false => {
            let whole = open_dataset(&file.to_string_lossy(), file);
            whole.map(|whole| FileItems::read(&whole, file)).unwrap_or_default()
        }
    };
    let (reader, items) = (Reader::Raster(part.name.clone()), Arc::new(items));
    let source = Arc::new(Source { file: file.to_path_buf(), reader, items });
    let scalar = part.variable.as_ref().and_then(|variable| variable.time.as_ref());
    // Told once for all bands.
    let mut unread = scalar.and_then(|time| time.as_ref().err());
    let mut layers = Vec::new();
    for (i, (mut band, name)) in bands.into_iter().zip(names.names).enumerate() {
        let raster = dataset.rasterband(i + 1)?;
        let sample_type = data_type_of_gdal(raster.band_type()).map_err(|error| {
            mismatch(match part.place() {
                Some(place) => format!(
                    "variable {}: {error}, or choose others with `variables` of its [[input]]",
                    place.trim_start_matches('/')
                ),
                None => error.to_string(),
            })
        })?;
        let sign = match part.unsigned {
            Some(meant) => Sign::of_types(sample_type, meant),
            None if is_signed_byte(&raster) => Sign::Added,
            None => Sign::AsRead,
        };
        let sample_type = if sign == Sign::Added { sample_type } else { sign.data_type(sample_type) };
        sign.correct(&mut band.attributes, &OF_SAMPLES);
        if part.unpacked_range.is_some() {
            make_floats(&mut band.attributes);
        }
        band.name = Some(name.clone());
        if let Some(variable) = &part.variable {
            // GDAL's rasters of HDF5 have none.
            band.scale = band.scale.or(variable.scale.0.filter(|scale| *scale != 1.0));
            band.offset = band.offset.or(variable.scale.1.filter(|offset| *offset != 0.0));
        }
        let samples = Samples { sample_type, sign };
        let (declared, mut missing) = missing::read(&dataset, i + 1, band.nodata, alpha, samples)?;
        band.nodata = match input.nodata {
            Some(asked) => {
                missing = Missing { mask: missing.mask, value_counts: true, ..Missing::default() };
                Some(nodata(asked, samples).ok_or_else(|| {
                    let kind = if sign == Sign::Added { "int8" } else { sample_type.name() };
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
        let told = match &messages {
            Some(messages) => messages[i].time,
            None => scalar.and_then(|time| time.as_ref().ok().copied()),
        };
        let time = time(input, fields, &dataset, &steps[i], i).map_err(mismatch)?.or(told);
        if time.is_none()
            && let Some(why) = unread.take()
        {
            oddities.add(
                file,
                format!("it states a time that can't be read, and is taken as one without: {why}"),
            );
        }
        if sign == Sign::Added && i == 0 {
            oddities.add(file, "its samples are int8, and are written as int16".to_owned());
        }
        layers.push(Layer {
            source: Arc::clone(&source),
            number: i + 1,
            name,
            time,
            fields: fields.text.clone(),
            sample_type: sign.data_type(sample_type),
            sign,
            grid: Grid { georeference: georeference.clone(), height, width },
            band,
            missing,
            exact: part.exact,
            place: part.place().map(str::to_owned),
            beside: part.beside.clone(),
            own_coordinates: own_coordinates.clone(),
            input: number,
        });
    }
    Ok(layers)
}

/// Adds what GDAL's own raster of a variable knows: the values that mean "no data" where nothing is declared, as NetCDF has them
/// for each type, and a reference system that is not CF's.
fn supplement(
    by_gdal: &str,
    file: &Path,
    in_angles: bool,
    georeference: &mut Georeference,
    bands: &mut [Band],
) {
    let Ok(dataset) = open_dataset(by_gdal, file) else { return };
    if let Ok(known) = read_georeference(&dataset) {
        if georeference.wkt.is_none() {
            (georeference.wkt, georeference.code) = (known.wkt, known.code);
        }
        // GDAL knows angles of a geostationary view as lengths of its reference system. It turns rows over that run to the north.
        if let (true, Some(own), Some([x, dx, rx, y, ry, dy])) =
            (in_angles, georeference.transform, known.transform)
        {
            let height = dataset.raster_size().1;
            let turned = (own[5] > 0.0) != (dy > 0.0);
            let (y, dy) = if turned { (y + dy * height as f64, -dy) } else { (y, dy) };
            georeference.transform = Some([x, dx, rx, y, ry, dy]);
        }
    }
    let Ok(first) = dataset.rasterband(1) else { return };
    // GDAL's raster of signed bytes has values that are not theirs.
    if !is_signed_byte(&first) {
        let nodata = first.no_data_value();
        bands.iter_mut().for_each(|band| band.nodata = band.nodata.or(nodata));
    }
}

/// Makes floats of the numbers of a valid range, which tells by its type that it is one of unpacked samples.
fn make_floats(attributes: &mut Map<String, Value>) {
    let float = |value: &mut Value| {
        if let Some(number) = value.as_f64() {
            *value = Value::from(number);
        }
    };
    for name in ["valid_range", "valid_min", "valid_max"] {
        match attributes.get_mut(name) {
            Some(Value::Array(values)) => values.iter_mut().for_each(float),
            Some(value) => float(value),
            None => {}
        }
    }
}

/// What GDAL does with samples outside of the valid range that a NetCDF variable declares.
pub(crate) fn masked_by_range(dataset: &Dataset, bands: &[Band]) -> Option<String> {
    let attributes = &bands.first()?.attributes;
    let listed: Vec<String> = ["valid_range", "valid_min", "valid_max"]
        .iter()
        .filter_map(|key| Some(format!("{key} {}", attributes.get(*key)?)))
        .collect();
    let is_netcdf = !listed.is_empty() && dataset.driver().short_name() == "netCDF";
    is_netcdf.then(|| {
        let name = dataset.rasterband(1).ok().and_then(|band| band.metadata_item("NETCDF_VARNAME", ""));
        format!(
            "samples of {} outside of its {} are \"no data\", as CF means it",
            name.unwrap_or_else(|| "its variable".to_owned()),
            listed.join(" and ")
        )
    })
}

/// The time of a band. It is looked for in the configuration, a metadata item, the band's step in the file and the file name, in
/// this order. What the file says of all of its bands comes after these.
fn time(
    input: &InputConfig,
    fields: &Fields,
    dataset: &Dataset,
    step: &Step,
    at: usize,
) -> std::result::Result<Option<Instant>, String> {
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
        let why = step.unread.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        return Err(format!(
            "its steps have no times that can be read{why}; list them, as `times = [\"2018-01-01\", …]`"
        ));
    }
    Ok(step.time.or(fields.time))
}
