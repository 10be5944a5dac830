//! The bands of a GDAL data set, read and written.

use super::carried::{give_attributes, texts};
use super::code::check;
use super::{Band, categories, wavelength};
use crate::{Error, Result};
use gdal::raster::RasterBand;
use gdal::{Dataset, Metadata as _};
use serde_json::Map;
use std::ffi::CString;

/// Reads the descriptions of a data set's bands, in their order.
///
/// # Errors
/// [`Error::Gdal`] when GDAL can't open a band.
pub fn read_bands(dataset: &Dataset) -> Result<Vec<Band>> {
    let hdf5 = dataset.driver().short_name().starts_with("HDF5");
    let of_all = dataset.metadata_domain("").unwrap_or_default();
    (1..=dataset.raster_count())
        .map(|number| {
            let raster = dataset.rasterband(number)?;
            let mut band = read_band(&raster);
            let items = raster.metadata_domain("").unwrap_or_default();
            give_attributes(&mut band, |name| item(&items, name, hdf5).or_else(|| item(&of_all, name, hdf5)));
            Ok(band)
        })
        .collect()
}

/// The text of an item. The driver of HDF5 writes the path of the variable before its name: `path_flag_values`.
fn item(items: &[String], name: &str, hdf5: bool) -> Option<String> {
    let mut parts = items.iter().filter_map(|item| item.split_once('='));
    let is_named = |key: &str| {
        key.strip_suffix(name).is_some_and(|before| before.is_empty() || (hdf5 && before.ends_with('_')))
    };
    parts.find(|(key, _)| is_named(key)).map(|(_, text)| text.to_owned())
}

fn read_band(band: &RasterBand<'_>) -> Band {
    let text = |text: String| (!text.is_empty()).then_some(text);
    Band {
        name: band.description().ok().and_then(text),
        unit: text(band.unit()),
        wavelength_um: wavelength::read(band),
        nodata: band.no_data_value(),
        // Some drivers report a scale of 1 and an offset of 0 where the file has none.
        scale: band.scale().filter(|scale| *scale != 1.0),
        offset: band.offset().filter(|offset| *offset != 0.0),
        categories: categories::read(band),
        attributes: Map::new(),
    }
}

/// Writes the descriptions of bands to a data set with the same number of bands. Colours are written where the format can store
/// them, which a GeoTIFF of several bands can't.
///
/// # Errors
/// [`Error::Mismatch`] when the numbers of bands differ, [`Error::Invalid`] when a text holds a null character, and
/// [`Error::Gdal`] when the format refuses something.
pub fn write_bands(dataset: &mut Dataset, bands: &[Band]) -> Result<()> {
    let count = dataset.raster_count();
    if count != bands.len() {
        return Err(Error::Mismatch(format!(
            "{} bands are described, the data set has {count}; describe each of them",
            bands.len()
        )));
    }
    let colours = count == 1 || dataset.driver().short_name() != "GTiff";
    for (index, described) in bands.iter().enumerate() {
        write_band(&mut dataset.rasterband(index + 1)?, described, colours)?;
    }
    Ok(())
}

fn write_band(band: &mut RasterBand<'_>, described: &Band, colours: bool) -> Result<()> {
    if let Some(name) = &described.name {
        band.set_description(name)?;
    }
    if let Some(unit) = &described.unit {
        let text = CString::new(unit.as_str())
            .map_err(|_| Error::Invalid(format!("unit {unit:?} holds a null character; take it out")))?;
        // SAFETY: GDAL copies the text, which lives through the call.
        let code = unsafe { gdal_sys::GDALSetRasterUnitType(band.c_rasterband(), text.as_ptr()) };
        check(code, "GDALSetRasterUnitType")?;
    }
    if let Some(micrometres) = described.wavelength_um {
        wavelength::write(band, micrometres)?;
    }
    if described.nodata.is_some() {
        band.set_no_data_value(described.nodata)?;
    }
    if let Some(scale) = described.scale {
        band.set_scale(scale)?;
    }
    if let Some(offset) = described.offset {
        band.set_offset(offset)?;
    }
    for (name, text) in texts(&described.attributes) {
        band.set_metadata_item(name, &text, "")?;
    }
    if colours {
        return categories::write(band, &described.categories);
    }
    let colourless: Vec<_> =
        described.categories.iter().cloned().map(|class| super::Category { colour: None, ..class }).collect();
    categories::write(band, &colourless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::band::Category;
    use gdal::DriverManager;
    use gdal::raster::RasterCreationOptions;

    fn classes() -> Vec<Category> {
        let class =
            |value, name: Option<&str>, colour| Category { value, name: name.map(str::to_owned), colour };
        vec![
            class(0, None, Some([1, 2, 3, 255])),
            class(11, Some("Open Water"), Some([71, 107, 160, 255])),
            class(12, Some("Ice"), Some([0, 0, 0, 255])),
            class(200, None, Some([9, 8, 7, 255])),
        ]
    }

    fn full(name: &str) -> Band {
        Band {
            name: Some(name.to_owned()),
            unit: Some("W/m2/sr".to_owned()),
            wavelength_um: Some(0.665),
            nodata: Some(-9999.0),
            scale: Some(0.0001),
            offset: Some(-0.1),
            categories: Vec::new(),
            attributes: Map::new(),
        }
    }

    #[test]
    fn bands_go_through_a_geotiff() {
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let path = "/vsimem/bands.tif";
        let bands = vec![full("red"), Band::default(), Band { unit: None, ..full("nir") }];
        // A GeoTIFF has one value for all bands.
        let mut dataset = driver.create_with_band_type::<i16, _>(path, 3, 2, 3).unwrap();
        write_bands(&mut dataset, &bands).unwrap();
        dataset.close().unwrap();
        let read = read_bands(&Dataset::open(path).unwrap()).unwrap();
        let expected =
            vec![bands[0].clone(), Band { nodata: Some(-9999.0), ..Band::default() }, bands[2].clone()];
        assert_eq!(read, expected);
    }

    #[test]
    fn classes_go_through_a_geotiff() {
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let path = "/vsimem/classes.tif";
        let options = RasterCreationOptions::from_iter(["PHOTOMETRIC=PALETTE"]);
        let mut dataset =
            driver.create_with_band_type_with_options::<u8, _>(path, 3, 2, 1, &options).unwrap();
        let band = Band { categories: classes(), ..Band::default() };
        write_bands(&mut dataset, std::slice::from_ref(&band)).unwrap();
        dataset.close().unwrap();
        let read = read_bands(&Dataset::open(path).unwrap()).unwrap();
        assert_eq!(read, [band]);
    }

    #[test]
    fn as_many_bands_must_be_described() {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        let mut dataset = driver.create_with_band_type::<u8, _>("", 1, 1, 2).unwrap();
        let error = write_bands(&mut dataset, &[Band::default()]).unwrap_err();
        assert_eq!(error.to_string(), "1 bands are described, the data set has 2; describe each of them");
    }
}
