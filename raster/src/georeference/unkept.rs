//! Places that no transform holds, which are not kept.

use gdal::{Dataset, Metadata as _};

/// What a data set says of its place beside a transform, in words; none of it is kept. Ground control points say it of some
/// pixels, rational polynomials of a sensor, and geolocation arrays of every pixel.
pub(crate) fn unkept_places(dataset: &Dataset) -> Vec<&'static str> {
    // SAFETY: the data set is open, and only a count is asked for.
    let points = unsafe { gdal_sys::GDALGetGCPCount(dataset.c_dataset()) };
    let has = |domain: &str| dataset.metadata_domain(domain).is_some_and(|items| !items.is_empty());
    let found = [
        (points > 0, "ground control points"),
        (has("RPC"), "rational polynomial coefficients"),
        (has("GEOLOCATION"), "geolocation arrays"),
    ];
    found.into_iter().filter_map(|(there, name)| there.then_some(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gdal::DriverManager;

    #[test]
    fn what_a_data_set_says_beside_a_transform_is_named() {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        let mut dataset = driver.create_with_band_type::<u8, _>("", 4, 3, 1).unwrap();
        dataset.set_geo_transform(&[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]).unwrap();
        assert!(unkept_places(&dataset).is_empty());
        dataset.set_metadata_item("LINE_OFF", "1", "RPC").unwrap();
        assert_eq!(unkept_places(&dataset), ["rational polynomial coefficients"]);
        let point = gdal_sys::GDAL_GCP {
            pszId: c"1".as_ptr().cast_mut(),
            pszInfo: c"".as_ptr().cast_mut(),
            dfGCPPixel: 0.0,
            dfGCPLine: 0.0,
            dfGCPX: 1.0,
            dfGCPY: 2.0,
            dfGCPZ: 0.0,
        };
        // SAFETY: GDAL copies the point and its texts, which live through the call.
        let code = unsafe { gdal_sys::GDALSetGCPs(dataset.c_dataset(), 1, &point, c"".as_ptr()) };
        assert_eq!(code, gdal_sys::CPLErr::CE_None);
        assert_eq!(unkept_places(&dataset), ["ground control points", "rational polynomial coefficients"]);
    }
}
