//! Files that are one raster of bands, as programs take them that know no dates and no variables.

use crate::band::{is_signed_byte, read_bands};
use crate::conventions::time::Instant;
use crate::error::{Error, Result};
use crate::georeference::read_georeference;
use crate::ingest::config::InputConfig;
use crate::ingest::sources::describe::masked_by_range;
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::open::open_dataset;
use crate::ingest::sources::parts::{Part, parts};
use crate::ingest::sources::place::{jumps, lost_places, unread_reference};
use crate::ingest::sources::{grib, items, steps};
use std::collections::BTreeSet;
use std::path::Path;

/// Refuses a file whose bands are more than bands: dates, several variables, or entries of two axes and more; and one whose rows
/// and columns GDAL takes from the order of its axes alone, which may turn it over. A cube holds all of these.
///
/// Returns what is read otherwise than the file says, a line each.
///
/// # Errors
/// [`Error::Mismatch`], with what the file holds.
pub fn check_single_raster(file: &Path) -> Result<Vec<String>> {
    let mismatch = |what: String| Err(Error::Mismatch(format!("{}: {what}", file.display())));
    let mut oddities = Oddities::default();
    let parts = parts(&InputConfig::default(), file, &mut oddities)?;
    let mut parts = parts.into_iter();
    let (Some(part), others) = (parts.next(), parts.collect::<Vec<_>>()) else { return Ok(Vec::new()) };
    let own = file.to_string_lossy();
    let is_file = part.by_gdal.as_ref().unwrap_or(&part.name) == own.as_ref();
    let is_beside =
        |other: &Part| other.place().is_some_and(|place| part.beside.iter().any(|own| own == place));
    let is_single = others.is_empty() || (is_file && others.iter().all(is_beside));
    if !is_single {
        let names: Vec<&str> =
            [&part].into_iter().chain(&others).filter_map(|part| part.band.as_deref()).collect();
        return mismatch(format!("it holds several variables: {}", names.join(", ")));
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().filter_map(|part| part.band.as_deref()).collect();
        oddities.add(
            file,
            format!("{} of its pixels are left out; `vqz ingest` keeps them", names.join(" and ")),
        );
    }
    let dataset = open_dataset(&part.name, file)?;
    oddities.extend(file, items::left_out(&dataset));
    oddities.extend(file, items::left_out_of_file(&dataset));
    if is_signed_byte(&dataset.rasterband(1)?) {
        oddities.add(file, "its samples are int8, and are written as int16".to_owned());
    }
    oddities.extend(file, masked_by_range(&dataset, &read_bands(&dataset)?));
    if let Some(variable) = &part.variable {
        let axes: Vec<&str> = variable.axes.iter().map(|axis| axis.name.as_str()).collect();
        let dated = variable.roles.as_ref().is_some_and(|roles| roles.time.is_some());
        if dated || axes.len() > 3 {
            return mismatch(format!(
                "its variable has the axes {}, and a raster has bands only",
                axes.join(", ")
            ));
        }
        if let Some(range) = part.unpacked_range {
            return mismatch(format!(
                "the {range} of its variable is in unpacked units, and GDAL takes it for one of packed samples, which would make \
                 valid ones \"no data\""
            ));
        }
        if jumps(variable) {
            return mismatch(
                "its longitudes jump by a turn, so that GDAL takes it for another place".to_owned(),
            );
        }
        if part.uneven {
            return mismatch(
                "no transform holds its rows and columns, which are not evenly spaced, or single ones"
                    .to_owned(),
            );
        }
        if part.unsigned.is_some() {
            return mismatch("its bytes stand for such without a sign (_Unsigned)".to_owned());
        }
        if part.by_gdal.is_some() {
            return mismatch(format!(
                "which of the axes of its variable ({}) are rows and columns, and which way they run, is not what GDAL takes for \
                 granted",
                axes.join(", ")
            ));
        }
        oddities.extend(file, unread_reference(variable, &read_georeference(&dataset)?));
        return Ok(oddities.remarks().collect());
    }
    oddities.extend(file, lost_places(&dataset));
    let steps = steps::of_items(&dataset).unwrap_or_default();
    let times: BTreeSet<Option<Instant>> =
        grib::messages(&dataset).unwrap_or_default().iter().map(|message| message.time).collect();
    if steps.iter().any(|step| step.index.is_some()) || times.len() > 1 {
        return mismatch("its bands are dates, and a raster has bands only".to_owned());
    }
    Ok(oddities.remarks().collect())
}
