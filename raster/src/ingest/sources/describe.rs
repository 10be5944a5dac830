//! Describes the bands of one raster as layers: their names, times, types and grids.

use crate::band::{Band, INTERPRETATION, OF_SAMPLES, Sign, is_signed_byte, read_bands};
use crate::conventions::coordinates::{even_axis, transform_of_centres, without_jump};
use crate::conventions::horizontal::{Direction, direction_of_words};
use crate::conventions::time::{Instant, parse_iso, parse_time};
use crate::error::{Error, Result};
use crate::georeference::{Georeference, read_georeference, unkept_places};
use crate::ingest::config::InputConfig;
use crate::ingest::grid::{self, Grid};
use crate::ingest::sources::axes::Axis;
use crate::ingest::sources::container;
use crate::ingest::sources::files::count;
use crate::ingest::sources::items::{self, FileItems};
use crate::ingest::sources::layer::{Layer, Reader, Source};
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::open::{check_end, check_size, open_dataset};
use crate::ingest::sources::own_coordinates::OwnCoordinates;
use crate::ingest::sources::parts::Part;
use crate::ingest::sources::pattern::Fields;
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
        true => FileItems::read(&dataset),
        // What is said of the file is not said of its variables.
        false => {
            open_dataset(&file.to_string_lossy(), file).map(|file| FileItems::read(&file)).unwrap_or_default()
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
        let sample_type = data_type_of_gdal(raster.band_type()).map_err(|e| mismatch(e.to_string()))?;
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

/// Whether coordinates of rows and columns are angles of a view, which the reference system states as lengths.
fn is_in_angles(variable: &container::Variable) -> bool {
    let Some(roles) = &variable.roles else { return false };
    [roles.y, roles.x].iter().all(|at| {
        let units = variable.axes[*at].words.units.to_ascii_lowercase();
        units.trim_start_matches("micro").starts_with("rad")
    })
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

/// What a raster says of its place that is lost. (The coordinates of a variable are variables themselves, and are kept.)
pub(crate) fn lost_places(dataset: &Dataset) -> Option<String> {
    let places = unkept_places(dataset);
    let warp = if dataset.geo_transform().is_err() {
        "; without a transform its pixels have no place: gdalwarp gives it one"
    } else {
        ""
    };
    (!places.is_empty()).then(|| format!("its {} are not kept{warp}", places.join(" and ")))
}

/// What a variable says of its coordinate reference system that is not followed.
pub(crate) fn unread_reference(
    variable: &container::Variable,
    georeference: &Georeference,
) -> Option<String> {
    let mapping = variable.grid_mapping.as_ref()?;
    let without = georeference.wkt.is_none() && georeference.code.is_none();
    let kept =
        if without { "no coordinate reference system is kept" } else { "that of its coordinates is kept" };
    let why = match (&mapping.projection, mapping.found) {
        (_, false) => "which the file does not have".to_owned(),
        _ if !without => return None,
        (_, true) if mapping.has_wkt => "whose WKT can't be read".to_owned(),
        (Some(projection), true) => format!("whose grid_mapping_name is {projection}, which can't be read"),
        (None, true) => "which has neither crs_wkt nor grid_mapping_name".to_owned(),
    };
    Some(format!(
        "the grid mapping of {} is {}, {why}: {kept}",
        variable.path.trim_start_matches('/'),
        mapping.name
    ))
}

/// The units of axes whose entries become parts of the names of bands, in words.
fn unit_of_levels(variable: &container::Variable) -> Option<String> {
    let roles = variable.roles.as_ref()?;
    let named = |at: &usize| {
        let axis = &variable.axes[*at];
        let words: Vec<&str> = [axis.words.standard_name.as_str(), axis.words.units.as_str()]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        (axis.extent > 1 && !words.is_empty()).then(|| format!("{} ({})", axis.name, words.join(", ")))
    };
    let axes: Vec<String> = roles.others.iter().filter_map(named).collect();
    (!axes.is_empty()).then(|| {
        format!(
            "the entries of {} become parts of the names of bands, and what is said of them is not kept",
            axes.join(" and ")
        )
    })
}

/// Whether the longitudes of a variable's columns jump by a turn.
pub(crate) fn jumps(variable: &container::Variable) -> bool {
    variable.roles.as_ref().is_some_and(|roles| longitudes_without_jump(&variable.axes[roles.x]).is_some())
}

/// Even longitudes along an axis that jump by a turn, as they go on without the jump.
fn longitudes_without_jump(axis: &Axis) -> Option<Vec<f64>> {
    let words = &axis.words;
    let is_longitude = direction_of_words("", &words.standard_name, &words.units) == Some(Direction::X)
        && words.units.to_ascii_lowercase().starts_with("degree");
    without_jump(axis.values.as_ref()?).filter(|whole| is_longitude && even_axis(whole).is_some())
}

/// Compares a georeference with the coordinates of the variable's rows and columns, and completes it by them.
fn place(
    variable: &container::Variable,
    uneven: bool,
    georeference: &mut Georeference,
    file: &Path,
    oddities: &mut Oddities,
) {
    let Some(roles) = &variable.roles else { return };
    let (rows, columns) = (&variable.axes[roles.y], &variable.axes[roles.x]);
    if uneven {
        georeference.transform = None;
        oddities.add(
            file,
            format!(
                "coordinates along {} or {} are not evenly spaced: they are kept as they are, and no transform holds them",
                rows.name, columns.name
            ),
        );
        return;
    }
    let (Some(y), Some(x)) = (&rows.values, &columns.values) else { return };
    let whole = longitudes_without_jump(columns);
    if let (Some(whole), Some(axis)) = (&whole, whole.as_deref().and_then(even_axis)) {
        if let Some([x0, dx, ..]) = &mut georeference.transform {
            (*x0, *dx) = (axis.start, axis.step);
        }
        oddities.add(
            file,
            format!(
                "longitudes along {} jump by a turn, and are written as they go on: {} to {}",
                columns.name,
                whole[0],
                whole[whole.len() - 1]
            ),
        );
    }
    let x = whole.as_ref().unwrap_or(x);
    if georeference.transform.is_none() {
        georeference.transform = transform_of_centres(x, y);
    }
    for (axis, values, at) in [(rows, y, [3, 5]), (columns, x, [0, 1])] {
        if values.len() < 2 || even_axis(values).is_some() {
            continue;
        }
        let kept = georeference.transform.map(|transform| {
            let even = |i: usize| transform[at[0]] + transform[at[1]] * (i as f64 + 0.5);
            // GDAL may have turned the rows over.
            furthest(values.iter(), even).min(furthest(values.iter().rev(), even))
        });
        let what = match kept {
            Some(off) => format!("the even ones that are written are off by up to {off:.4}"),
            None => "the place of its pixels is not written".to_owned(),
        };
        oddities.add(file, format!("coordinates along {} are not evenly spaced: {what}", axis.name));
    }
}

/// The largest distance of values from those that a function gives for their places.
fn furthest<'a>(values: impl Iterator<Item = &'a f64>, given: impl Fn(usize) -> f64) -> f64 {
    values.enumerate().map(|(i, value)| (given(i) - value).abs()).fold(0.0, f64::max)
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
