//! The rasters that a file holds: the file itself, its variables, or raw samples that are described.

use crate::conventions::exact::Exact;
use crate::error::{Error, Result};
use crate::ingest::config::InputConfig;
use crate::ingest::sources::container::raster::VariableRaster;
use crate::ingest::sources::container::{self, Container};
use crate::ingest::sources::files::count;
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::open::open_dataset;
use crate::ingest::sources::subdatasets::{self, Variable};
use crate::ingest::sources::{classic_netcdf, npy_vrt};
use gdal::{Dataset, Metadata as _};
use std::path::Path;

/// The most pages or variables that a message lists.
const LISTED: usize = 9;

/// A raster of a file.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The name that opens it.
    pub(crate) name: String,
    /// The name of its bands, where it is a variable.
    pub(crate) band: Option<String>,
    /// What the file itself says of that variable.
    pub(crate) variable: Option<container::Variable>,
    /// The name that GDAL opens it by, where `name` is another: GDAL knows nodata and reference systems that the variable lacks.
    pub(crate) by_gdal: Option<String>,
    /// What it is to other variables of the file, where that asks for exact samples.
    pub(crate) exact: Option<Exact>,
    /// The places of the variables that are its coordinates, or ancillary to it.
    pub(crate) beside: Vec<String>,
}

impl Part {
    fn of(name: String, band: Option<String>) -> Self {
        Self { name, band, variable: None, by_gdal: None, exact: None, beside: Vec::new() }
    }

    /// The place of the variable, where it is one.
    pub(crate) fn place(&self) -> Option<&str> {
        self.variable.as_ref().map(|variable| variable.path.as_str())
    }
}

/// The rasters of a file.
///
/// # Errors
/// [`Error::Unreadable`] where GDAL can't open it, [`Error::Invalid`] where it has no such variables.
pub(crate) fn parts(input: &InputConfig, file: &Path, oddities: &mut Oddities) -> Result<Vec<Part>> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy")) {
        let name = npy_vrt::description(file)?;
        return Ok(vec![Part::of(name, None)]);
    }
    let name = file.to_string_lossy().into_owned();
    let dataset = open_dataset(&name, file)?;
    classic_netcdf::check_length(file)?;
    let container = Container::of(&dataset, file);
    let variables = variables(&dataset, container.as_ref(), &name);
    if container.is_none() && dataset.raster_count() > 0 && variables.len() > 1 && input.variables.is_empty()
    {
        return Err(pages(file, &variables));
    }
    if variables.is_empty() || (dataset.raster_count() > 0 && input.variables.is_empty()) {
        let own = container.as_ref().and_then(|container| only_variable(&dataset, container));
        let parts = vec![part(name, own, container.as_ref(), file)?];
        oddities.extend(file, unread(container.as_ref(), &parts, &[]));
        return Ok(parts);
    }
    let chosen = subdatasets::choose(&variables, &input.variables)
        .map_err(|reason| Error::Invalid(format!("{}: {reason}", file.display())))?;
    let others = subdatasets::left_out(&variables, &chosen);
    if input.variables.is_empty() && !others.is_empty() {
        oddities.add(
            file,
            format!(
                "variables with fewer samples are left out: {}; choose with `variables` of its [[input]]",
                others.join(", ")
            ),
        );
    }
    let names = subdatasets::band_names(&chosen);
    let relations = container.as_ref().map(Container::relations).unwrap_or_default();
    let parts: Vec<Part> = (chosen.iter().zip(names))
        .map(|(variable, band)| {
            let place = format!("/{}", variable.place);
            let (exact, beside) = (relations.exact(&place), relations.beside(&place));
            let part = part(variable.name.clone(), Some((place, band)), container.as_ref(), file)?;
            Ok(Part { exact, beside, ..part })
        })
        .collect::<Result<_>>()?;
    oddities.extend(file, unread(container.as_ref(), &parts, &others));
    Ok(parts)
}

/// The variables of a file of which nothing is kept, in words: such as the bounds of dates, and single values. `others` could have
/// been chosen.
fn unread(container: Option<&Container>, parts: &[Part], others: &[&str]) -> Option<String> {
    let kept: Vec<&container::Variable> = parts.iter().filter_map(|part| part.variable.as_ref()).collect();
    if kept.is_empty() {
        return None;
    }
    let mut names = container?.unread(&kept);
    names.retain(|name| !others.iter().any(|other| other.trim_start_matches('/') == name));
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("other variables are left out: {}{more}", names.join(", ")))
}

/// The refusal of a file of several rasters, of which GDAL opens the first by itself: pages of a TIFF.
fn pages(file: &Path, pages: &[Variable]) -> Error {
    let names: Vec<&str> = pages.iter().map(|page| page.place.as_str()).take(LISTED).collect();
    let more = if pages.len() > LISTED { ", …" } else { "" };
    let split =
        pages.first().map(|page| format!(" (gdal_translate {} page.tif)", page.name)).unwrap_or_default();
    Error::Invalid(format!(
        "{}: it holds {}, {}{more}, each a raster of its own, and only the first would be read; name those that are meant as \
         `variables` of its [[input]], such as variables = [\"{}\"], or write each to a file of its own{split}",
        file.display(),
        count(pages.len(), "page"),
        names.join(", "),
        names.first().copied().unwrap_or_default()
    ))
}

/// The variables of a file, as GDAL lists them. Of HDF5 it leaves out those of more than three axes.
fn variables(dataset: &Dataset, container: Option<&Container>, file: &str) -> Vec<Variable> {
    let listed = subdatasets::variables(dataset);
    match container {
        Some(container) if dataset.driver().short_name().starts_with("HDF5") => {
            let rasters = container.rasters().into_iter();
            let all = rasters.map(|(path, shape)| {
                let place = path.trim_start_matches('/').to_owned();
                Variable { name: format!("HDF5:\"{file}\"://{place}"), place, shape }
            });
            let all: Vec<Variable> = all.collect();
            if all.len() >= listed.len() { all } else { listed }
        }
        _ => listed,
    }
}

/// The place and the name of the variable that GDAL opens for the file itself.
fn only_variable(dataset: &Dataset, container: &Container) -> Option<(String, String)> {
    let band = dataset.rasterband(1).ok()?;
    let path = match band.metadata_item("NETCDF_VARNAME", "") {
        Some(name) => container.only(&name).unwrap_or_else(|| format!("/{name}")),
        None => match &container.rasters()[..] {
            [(only, _)] => only.clone(),
            _ => return None,
        },
    };
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    Some((path, name))
}

/// A raster that GDAL opens by a name. If it is a variable whose rows or columns GDAL does not know, it is opened by its own axes.
fn part(
    name: String,
    variable: Option<(String, String)>,
    container: Option<&Container>,
    file: &Path,
) -> Result<Part> {
    let Some((path, band)) = variable else {
        return Ok(Part::of(name, None));
    };
    let found = container.and_then(|container| container.variable(&path));
    let Some((variable, roles)) = found.and_then(|found| found.roles.clone().map(|roles| (found, roles)))
    else {
        return Ok(Part::of(name, Some(band)));
    };
    let known = roles.end_in_rows_and_columns(variable.axes.len())
        && open_dataset(&name, file).is_ok_and(|dataset| dataset.geo_transform().is_ok());
    if known {
        return Ok(Part { variable: Some(variable), ..Part::of(name, Some(band)) });
    }
    let own = VariableRaster { file: file.to_path_buf(), path, y: roles.y, x: roles.x };
    Ok(Part { variable: Some(variable), by_gdal: Some(name), ..Part::of(own.to_string(), Some(band)) })
}
