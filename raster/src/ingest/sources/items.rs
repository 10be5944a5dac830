//! What files say of themselves beside their samples: metadata items such as `TIFFTAG_DATETIME`, and the global attributes of NetCDF. A
//! cube keeps what all of its files agree on, and the rest is named.

use crate::items::read_items;
use crate::listed::listed;
use gdal::raster::Attribute;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata as _};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;

/// What GDAL puts before the names of NetCDF's global attributes.
const GLOBAL: &str = "NC_GLOBAL#";

/// Global attributes that speak of the file and not of what it holds, or that a cube states itself.
const OF_FILE: [&str; 5] = ["Conventions", "_NCProperties", "vqz", "vqvae", "multiscales"];

/// Items that GDAL makes of what is kept elsewhere.
const OF_GDAL: [&str; 3] = ["NETCDF_DIM_", "NETCDF_VARNAME", "DERIVED_SUBDATASETS"];

/// Items of bands that are read, or that speak of the file.
const OF_BANDS: [&str; 22] = [
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "units",
    "coordinates",
    "grid_mapping",
    "ancillary_variables",
    "cell_measures",
    "bounds",
    "_Unsigned",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_ChunkSizes",
    "CLASS",
    "NAME",
    "DIMENSION_LABELS",
    "PIXELTYPE",
    "wavelength",
    "wavelength_units",
];

/// The most names that a remark lists.
pub(crate) const LISTED: usize = 9;

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FileItems {
    /// Metadata items.
    pub(crate) items: Map<String, Value>,
    /// Global attributes.
    pub(crate) globals: Map<String, Value>,
}

impl FileItems {
    /// Those of a file. In HDF5, GDAL mixes them with the attributes of all variables: those are global that the root group has.
    pub(crate) fn read(file: &Dataset, path: &Path) -> Self {
        let is_hdf5 = file.driver().short_name().starts_with("HDF5");
        let mut items = if is_hdf5 { Map::new() } else { read_items(file) };
        items.retain(|key, _| !OF_GDAL.iter().any(|own| key.starts_with(own)));
        let all = file.metadata_domain("").unwrap_or_default();
        let prefix = if is_hdf5 { "" } else { GLOBAL };
        let mut stated: Vec<(&str, &str)> = all
            .iter()
            .filter_map(|item| item.strip_prefix(prefix)?.split_once('='))
            .filter(|(key, _)| !OF_FILE.contains(key) && !key.contains(':'))
            .collect();
        if stated.is_empty() {
            return Self { items, globals: Map::new() };
        }
        let options = DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_MULTIDIM_RASTER,
            ..DatasetOptions::default()
        };
        let arrays = Dataset::open_ex(path, options).ok();
        let root = arrays.as_ref().and_then(|arrays| arrays.root_group().ok());
        if is_hdf5 {
            stated.retain(|(key, _)| root.as_ref().is_some_and(|root| root.attribute(key).is_ok()));
        }
        let numbers = |key: &str| root.as_ref().and_then(|root| numbers(&root.attribute(key).ok()?));
        let globals = stated
            .into_iter()
            .map(|(key, text)| (key.to_owned(), numbers(key).unwrap_or_else(|| Value::from(text))))
            .collect();
        Self { items, globals }
    }

    /// What all of some files say alike, and the names of what they do not.
    pub(crate) fn common<'a>(files: impl Iterator<Item = &'a Self>) -> (Self, Vec<String>) {
        let mut common: Option<Self> = None;
        let mut others: BTreeSet<String> = BTreeSet::new();
        for own in files {
            let Some(common) = &mut common else {
                common = Some(own.clone());
                continue;
            };
            agree(&mut common.items, &own.items, &mut others);
            agree(&mut common.globals, &own.globals, &mut others);
        }
        (common.unwrap_or_default(), others.into_iter().collect())
    }
}

/// The numbers of an attribute, which GDAL's items state as texts; `None` for texts, and for whole numbers that no float64 is.
fn numbers(attribute: &Attribute) -> Option<Value> {
    let kind = attribute.datatype();
    if !kind.class().is_numeric() {
        return None;
    }
    let is_float = [gdal_sys::GDALDataType::GDT_Float32, gdal_sys::GDALDataType::GDT_Float64]
        .contains(&kind.numeric_datatype());
    let number = |value: f64| match is_float {
        true => value.is_finite().then(|| Value::from(value)),
        false => (value.abs() < 2f64.powi(53)).then(|| Value::from(value as i64)),
    };
    let all: Option<Vec<Value>> = attribute.read_as_f64_array().into_iter().map(number).collect();
    let mut all = all?;
    if all.len() == 1 { all.pop() } else { Some(Value::from(all)) }
}

/// Leaves what two have alike, and notes the names of the rest.
fn agree(common: &mut Map<String, Value>, own: &Map<String, Value>, others: &mut BTreeSet<String>) {
    let differ = |a: &Map<String, Value>, b: &Map<String, Value>| -> Vec<String> {
        a.iter().filter(|(key, value)| b.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
    };
    others.extend(differ(common, own));
    others.extend(differ(own, common));
    common.retain(|key, value| own.get(key) == Some(value));
}

/// What bands say of themselves that is not kept, in words.
pub(crate) fn left_out(raster: &Dataset) -> Option<String> {
    let driver = raster.driver().short_name();
    // A message of GRIB is told by its name and its time, and the driver of HDF5 gives every band the attributes of all variables.
    if driver == "GRIB" || driver.starts_with("HDF5") {
        return None;
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut tables = false;
    for band in (1..=raster.raster_count()).filter_map(|number| raster.rasterband(number).ok()) {
        // SAFETY: the band is open; GDAL owns the table.
        tables |= !unsafe { gdal_sys::GDALGetDefaultRAT(band.c_rasterband()) }.is_null();
        let items = band.metadata_domain("").unwrap_or_default();
        names.extend(
            items.iter().filter_map(|item| item.split_once('=')).map(|(key, _)| key.to_owned()).filter(
                |key| {
                    let of_samples =
                        ["STATISTICS_", "NETCDF_", "DIM_"].iter().any(|start| key.starts_with(start));
                    !of_samples && !OF_BANDS.contains(&key.as_str()) && !crate::band::is_carried(key)
                },
            ),
        );
    }
    let items =
        (!names.is_empty()).then(|| format!("metadata items of its bands ({})", listed(&names, LISTED)));
    let tables = tables.then(|| "the attribute table of a band".to_owned());
    let all: Vec<String> = items.into_iter().chain(tables).collect();
    (!all.is_empty()).then(|| format!("{} are left out", all.join(" and ")))
}

/// What a file says of itself beside its items that is not kept, in words: items of other domains, and the epoch of its coordinates.
pub(crate) fn left_out_of_file(file: &Dataset) -> Option<String> {
    const KNOWN: [&str; 12] = [
        "",
        "IMAGERY",
        "IMAGE_STRUCTURE",
        "SUBDATASETS",
        "DERIVED_SUBDATASETS",
        "COLOR_PROFILE",
        "RPC",
        "GEOLOCATION",
        "ESRI",
        "xml:ESRI",
        "TIFF",
        "xml:VRT",
    ];
    let driver = file.driver().short_name();
    let domains: Vec<String> =
        file.metadata_domains().into_iter().filter(|name| !KNOWN.contains(&name.as_str())).collect();
    let domains = (!domains.is_empty() && driver != "netCDF" && !driver.starts_with("HDF5"))
        .then(|| format!("the metadata of {}", listed(&domains, LISTED)));
    let epoch = file.spatial_ref().ok().map(|reference| {
        // SAFETY: the reference is open.
        unsafe { gdal_sys::OSRGetCoordinateEpoch(reference.to_c_hsrs()) }
    });
    let epoch =
        epoch.filter(|epoch| *epoch > 0.0).map(|epoch| format!("the epoch of its coordinates ({epoch})"));
    let all: Vec<String> = domains.into_iter().chain(epoch).collect();
    (!all.is_empty()).then(|| format!("not kept: {}", all.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_left_out_and_named() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let mut common = map(json!({"a": "1", "b": "2", "c": "3"}));
        let mut others = BTreeSet::new();
        agree(&mut common, &map(json!({"a": "1", "b": "4", "d": "5"})), &mut others);
        assert_eq!(common, map(json!({"a": "1"})));
        assert_eq!(others.into_iter().collect::<Vec<_>>(), ["b", "c", "d"]);
    }
}
