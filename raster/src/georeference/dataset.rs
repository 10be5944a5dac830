//! The georeference of a GDAL data set, read and written.

use super::Georeference;
use crate::{Error, Result};
use gdal::cpl::CslStringList;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::{Dataset, Metadata as _};
use std::ffi::CStr;
use std::ptr;

/// GDAL's metadata item that says whether samples are values of areas or at points.
const AREA_OR_POINT: &str = "AREA_OR_POINT";

/// Reads the coordinate reference system, as WKT 2 of 2019, and the transform of a data set. Whatever the data set does not
/// state stays `None`. Ground control points and rational polynomials are not transforms and are not read.
///
/// # Errors
/// [`Error::Gdal`] when the coordinate reference system can't be written as WKT.
pub fn read_georeference(dataset: &Dataset) -> Result<Georeference> {
    // GDAL reports a missing reference system as an error.
    let reference = dataset.spatial_ref().ok();
    let wkt = reference.as_ref().map(wkt2).transpose()?.filter(|wkt| !wkt.is_empty());
    Ok(Georeference {
        code: reference.as_ref().filter(|_| wkt.is_some()).and_then(|reference| reference.authority().ok()),
        wkt,
        transform: dataset.geo_transform().ok(),
        projjson: None,
        point: dataset.metadata_item(AREA_OR_POINT, "").is_some_and(|item| item == "Point"),
    })
}

/// Writes a georeference to a data set. Whatever is `None` is left unchanged there.
///
/// # Errors
/// [`Error::Invalid`] when GDAL can't read the definition of the reference system, [`Error::Gdal`] when the format can't
/// store the georeference.
pub fn write_georeference(dataset: &mut Dataset, georeference: &Georeference) -> Result<()> {
    if let Some(reference) = georeference.spatial_ref()? {
        dataset.set_spatial_ref(&reference)?;
    }
    if let Some(transform) = &georeference.transform {
        dataset.set_geo_transform(transform)?;
    }
    if georeference.point {
        dataset.set_metadata_item(AREA_OR_POINT, "Point", "")?;
    }
    Ok(())
}

impl Georeference {
    /// The coordinate reference system as GDAL's object, with longitude before latitude; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Invalid`] when GDAL can't read the WKT, the PROJJSON or the code.
    pub fn spatial_ref(&self) -> Result<Option<SpatialRef>> {
        let read = match (&self.wkt, &self.projjson, &self.code) {
            (Some(wkt), _, _) => SpatialRef::from_wkt(wkt).map_err(|e| (wkt.clone(), e)),
            (None, Some(projjson), _) => {
                let text = projjson.to_string();
                SpatialRef::from_definition(&text).map_err(|e| (text, e))
            }
            (None, None, Some(code)) => SpatialRef::from_definition(code).map_err(|e| (code.clone(), e)),
            (None, None, None) => return Ok(None),
        };
        let mut reference = read.map_err(|(text, error)| {
            Error::Invalid(format!(
                "the coordinate reference system is \"{text}\", which GDAL does not read ({error}); give WKT or a code such \
                 as EPSG:32632"
            ))
        })?;
        reference.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        Ok(Some(reference))
    }
}

/// A coordinate reference system as WKT 2 of 2019, on one line. The older WKT cannot express all reference systems.
pub(super) fn wkt2(reference: &SpatialRef) -> Result<String> {
    let mut options = CslStringList::new();
    options.add_name_value("FORMAT", "WKT2_2019")?;
    options.add_name_value("MULTILINE", "NO")?;
    let mut text = ptr::null_mut();
    // SAFETY: the handle and the list of options live through the call; what GDAL allocates for the text is copied, and
    // freed with GDAL's own function. A text that was not made stays null.
    let (code, wkt) = unsafe {
        let options = options.as_ptr().cast::<*const std::ffi::c_char>();
        let code = gdal_sys::OSRExportToWktEx(reference.to_c_hsrs(), &mut text, options);
        let wkt = (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned());
        gdal_sys::VSIFree(text.cast());
        (code, wkt)
    };
    match wkt {
        Some(wkt) if code == gdal_sys::OGRErr::OGRERR_NONE => Ok(wkt),
        _ => Ok(reference.to_wkt()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gdal::DriverManager;

    fn memory() -> Dataset {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        driver.create_with_band_type::<u8, _>("", 4, 3, 1).unwrap()
    }

    #[test]
    fn a_georeference_goes_there_and_back() {
        for (code, transform, point) in [
            ("EPSG:32633", [500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0], false),
            ("EPSG:4326", [-180.0, 0.5, 0.1, 90.0, 0.2, -0.5], true),
            ("ESRI:102003", [0.0, 1.0, 0.0, 0.0, 0.0, 1.0], false),
        ] {
            let given = Georeference {
                code: Some(code.to_owned()),
                transform: Some(transform),
                point,
                ..Georeference::default()
            };
            let mut dataset = memory();
            write_georeference(&mut dataset, &given).unwrap();
            let read = read_georeference(&dataset).unwrap();
            assert_eq!(read.code.as_deref(), Some(code));
            assert_eq!((read.transform, read.point), (Some(transform), point));
            let mut again = memory();
            write_georeference(&mut again, &read).unwrap();
            assert_eq!(read_georeference(&again).unwrap(), read);
        }
    }

    #[test]
    fn a_bare_data_set_has_no_georeference() {
        assert_eq!(read_georeference(&memory()).unwrap(), Georeference::default());
    }

    #[test]
    fn a_system_without_a_code_keeps_its_parameters() {
        let reference =
            SpatialRef::from_proj4("+proj=laea +lat_0=12.5 +lon_0=34.5 +x_0=7 +ellps=bessel +units=m")
                .unwrap();
        let given = Georeference { wkt: Some(wkt2(&reference).unwrap()), ..Georeference::default() };
        let mut dataset = memory();
        write_georeference(&mut dataset, &given).unwrap();
        let read = read_georeference(&dataset).unwrap();
        assert_eq!((read.code, &read.wkt), (None, &given.wkt));
        assert!(given.wkt.unwrap().contains("\"Latitude of natural origin\",12.5"));
    }

    #[test]
    fn a_code_that_gdal_does_not_know_is_refused() {
        let given = Georeference { code: Some("EPSG:none".to_owned()), ..Georeference::default() };
        let error = write_georeference(&mut memory(), &given).unwrap_err().to_string();
        assert!(
            error.starts_with("the coordinate reference system is \"EPSG:none\", which GDAL does not"),
            "{error}"
        );
    }
}
