//! The rasters that a file holds: the file itself, its variables, or raw samples that are described.

use crate::conventions::exact::Exact;
use crate::error::{Error, Result};
use crate::ingest::config::InputConfig;
use crate::ingest::sources::container::raster::VariableRaster;
use crate::ingest::sources::container::{self, Container, Relations};
use crate::ingest::sources::files::count;
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::open::open_dataset;
use crate::ingest::sources::own_coordinates::is_uneven;
use crate::ingest::sources::place::{is_in_angles, jumps};
use crate::ingest::sources::subdatasets::{self, Variable};
use crate::ingest::sources::{classic_netcdf, npy_vrt};
use crate::listed::listed;
use crate::sample::{DataType, data_type_of_gdal};
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
    /// Whether no transform holds its rows or columns, which are not evenly spaced.
    pub(crate) uneven: bool,
    /// Its valid range, by the name of the attribute, if that is in unpacked units.
    pub(crate) unpacked_range: Option<&'static str>,
    /// The type that its samples are meant as, if they are bytes that stand for such without a sign.
    pub(crate) unsigned: Option<DataType>,
}

impl Part {
    fn of(name: String, band: Option<String>) -> Self {
        Self {
            name,
            band,
            variable: None,
            by_gdal: None,
            exact: None,
            beside: Vec::new(),
            uneven: false,
            unpacked_range: None,
            unsigned: None,
        }
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
        let mut parts = vec![part(name.clone(), own, container.as_ref(), file)?];
        if let Some(container) = &container {
            let relations = container.relations();
            for part in &mut parts {
                let place = part.place().map(str::to_owned);
                part.beside = place.map(|place| relations.beside(&place)).unwrap_or_default();
            }
            let source = Source { container, relations, name: &name, driver: dataset.driver().short_name() };
            source.add_beside(&mut parts, &variables, file)?;
        }
        oddities.extend(file, unread(container.as_ref(), &parts, &[]));
        return Ok(parts);
    }
    let chosen = subdatasets::choose(&variables, &input.variables)
        .map_err(|reason| Error::Invalid(format!("{}: {reason}", file.display())))?;
    let names = subdatasets::band_names(&chosen);
    let relations = container.as_ref().map(Container::relations).unwrap_or_default();
    let mut parts: Vec<Part> = (chosen.iter().zip(names))
        .map(|(variable, band)| {
            let place = format!("/{}", variable.place);
            let (exact, beside) = (relations.exact(&place), relations.beside(&place));
            let part = part(variable.name.clone(), Some((place, band)), container.as_ref(), file)?;
            Ok(Part { exact, beside, ..part })
        })
        .collect::<Result<_>>()?;
    if let Some(container) = &container {
        let source = Source { container, relations, name: &name, driver: dataset.driver().short_name() };
        source.add_beside(&mut parts, &variables, file)?;
    }
    let mut others = subdatasets::left_out(&variables, &chosen);
    others.retain(|other| !parts.iter().any(|part| part.place() == Some(&format!("/{other}"))));
    if input.variables.is_empty() && !others.is_empty() {
        oddities.add(
            file,
            format!(
                "variables with fewer samples are left out: {}; choose with `variables` of its [[input]]",
                others.join(", ")
            ),
        );
    }
    oddities.extend(file, unread(container.as_ref(), &parts, &others));
    Ok(parts)
}

/// A file of variables, to look for those that belong to others.
struct Source<'a> {
    container: &'a Container,
    relations: Relations,
    name: &'a str,
    driver: String,
}

impl Source<'_> {
    /// Adds the variables that some parts name as their coordinates, or as ancillary to them, and that lie on the same rows and
    /// columns: latitudes and longitudes of each pixel, or its quality. They may lack further axes, such as that of time.
    fn add_beside(&self, parts: &mut Vec<Part>, listed: &[Variable], file: &Path) -> Result<()> {
        let mut added: Vec<Part> = Vec::new();
        for of in parts.iter() {
            let Some((variable, roles)) =
                of.variable.as_ref().and_then(|variable| Some((variable, variable.roles.as_ref()?)))
            else {
                continue;
            };
            let along = |at: usize| variable.axes[at].name.as_str();
            for place in &of.beside {
                if parts.iter().chain(&added).any(|part| part.place() == Some(place)) {
                    continue;
                }
                let Some(axes) = self.container.variable(place).map(|found| found.axes) else { continue };
                let has = |name: &str| axes.iter().any(|axis| axis.name == name);
                let on_grid = has(along(roles.y)) && has(along(roles.x));
                if !on_grid || !axes.iter().all(|axis| variable.axes.iter().any(|of| of.name == axis.name)) {
                    continue;
                }
                let own = place.trim_start_matches('/');
                let known = listed.iter().find(|variable| variable.place == own);
                let name = known.map_or_else(|| self.opened_by(own), |variable| variable.name.clone());
                let band = own.rsplit('/').next().unwrap_or(own).to_owned();
                let (exact, beside) = (self.relations.exact(place), self.relations.beside(place));
                let part = part(name, Some((place.clone(), band)), Some(self.container), file)?;
                added.push(Part { exact, beside, ..part });
            }
        }
        parts.extend(added);
        Ok(())
    }

    /// The name that GDAL opens a variable by.
    fn opened_by(&self, place: &str) -> String {
        let (file, slash) = (self.name, if place.contains('/') { "/" } else { "" });
        match self.driver.as_str() {
            "netCDF" => format!("NETCDF:\"{file}\":{slash}{place}"),
            _ => format!("HDF5:\"{file}\"://{place}"),
        }
    }
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
    (!names.is_empty()).then(|| format!("other variables are left out: {}", listed(&names, LISTED)))
}

/// The refusal of a file of several rasters, of which GDAL opens the first by itself: pages of a TIFF.
fn pages(file: &Path, pages: &[Variable]) -> Error {
    let names: Vec<&str> = pages.iter().map(|page| page.place.as_str()).collect();
    let split =
        pages.first().map(|page| format!(" (gdal_translate {} page.tif)", page.name)).unwrap_or_default();
    Error::Invalid(format!(
        "{}: it holds {}, {}, each a raster of its own, and only the first would be read; name those that are meant as \
         `variables` of its [[input]], such as variables = [\"{}\"], or write each to a file of its own{split}",
        file.display(),
        count(pages.len(), "page"),
        listed(&names, LISTED),
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
    let Some(variable) = container.and_then(|container| container.variable(&path)) else {
        return Ok(Part::of(name, Some(band)));
    };
    let Some(roles) = variable.roles.clone() else {
        return Ok(Part { variable: Some(variable), ..Part::of(name, Some(band)) });
    };
    let raster = open_dataset(&name, file).ok();
    // GDAL's raster applies a valid range to samples as they are stored, whatever units it is in, and fails at bytes that stand for
    // such without a sign.
    let unpacked_range = variable.float_range.filter(|_| raster.as_ref().is_some_and(is_packed));
    let unsigned = raster.as_ref().and_then(unsigned);
    let transform = raster.as_ref().and_then(|raster| raster.geo_transform().ok());
    let stated = |at: [usize; 2]| transform.map(|transform| at.map(|at| transform[at]));
    // Longitudes that jump by a turn are those of an even grid.
    let is_single = |at: usize| variable.axes[at].values.as_ref().is_some_and(|values| values.len() == 1);
    let uneven = is_uneven(&variable.axes[roles.y], stated([3, 5]))
        || (is_uneven(&variable.axes[roles.x], stated([0, 1])) && !jumps(&variable))
        || (transform.is_none() && (is_single(roles.y) || is_single(roles.x)));
    // GDAL unpacks coordinates only if they have both a scale and an offset, and takes stored numbers above 180 for longitudes before
    // that; angles of a view it takes rightly.
    let is_packed = |at: usize| variable.axes[at].packed;
    let packed = (is_packed(roles.y) || is_packed(roles.x)) && !is_in_angles(&variable);
    let known = unpacked_range.is_none()
        && unsigned.is_none()
        && !uneven
        && !packed
        && roles.end_in_rows_and_columns(variable.axes.len())
        && transform.is_some();
    let part = if known {
        Part::of(name, Some(band))
    } else {
        let own = VariableRaster { file: file.to_path_buf(), path, y: roles.y, x: roles.x };
        Part { by_gdal: Some(name), ..Part::of(own.to_string(), Some(band)) }
    };
    Ok(Part { variable: Some(variable), uneven, unpacked_range, unsigned, ..part })
}

/// Whether the samples of GDAL's raster of a NetCDF variable stand for others by a scale or an offset.
fn is_packed(raster: &Dataset) -> bool {
    let is_netcdf = raster.driver().short_name() == "netCDF";
    raster.rasterband(1).is_ok_and(|first| {
        is_netcdf
            && (first.scale().is_some_and(|scale| scale != 1.0)
                || first.offset().is_some_and(|offset| offset != 0.0))
    })
}

/// The type of GDAL's raster of a NetCDF variable whose attribute `_Unsigned` says that its integers stand for such without a sign.
fn unsigned(raster: &Dataset) -> Option<DataType> {
    let first = raster.rasterband(1).ok().filter(|_| raster.driver().short_name() == "netCDF")?;
    let is_unsigned = first.metadata_item("_Unsigned", "")?.trim().eq_ignore_ascii_case("true");
    // Those of 16 bits are read rightly.
    data_type_of_gdal(first.band_type()).ok().filter(|read| is_unsigned && *read == DataType::UInt8)
}
