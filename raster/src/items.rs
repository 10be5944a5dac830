//! Metadata items of a data set that have no place elsewhere, such as `TIFFTAG_DATETIME`, kept as texts by domain.

use crate::Result;
use gdal::raster::ColorInterpretation;
use gdal::{Dataset, Metadata as _};
use serde_json::{Map, Value};

/// The domain of what is known of an acquisition, such as `ACQUISITIONDATETIME` and `CLOUDCOVER`.
const IMAGERY: &str = "IMAGERY";

/// Items that describe the file or its former samples, or that are stored elsewhere.
fn is_left_out(key: &str) -> bool {
    key == "AREA_OR_POINT"
        || key.starts_with("STATISTICS_")
        || key.starts_with("OVR_RESAMPLING")
        || key.contains('#')
}

/// Reads the items of a data set: those of the default domain as texts, those of `IMAGERY` as an object of that name.
pub fn read_items(dataset: &Dataset) -> Map<String, Value> {
    let domain = |name: &str| -> Map<String, Value> {
        let items = dataset.metadata_domain(name).unwrap_or_default();
        let parts = items.iter().filter_map(|item| item.split_once('='));
        parts
            .filter(|(key, _)| !is_left_out(key))
            .map(|(key, value)| (key.to_owned(), Value::from(value)))
            .collect()
    };
    let mut items = domain("");
    let imagery = domain(IMAGERY);
    if !imagery.is_empty() {
        items.insert(IMAGERY.to_owned(), Value::Object(imagery));
    }
    items
}

/// Writes items to a data set; what is neither a text nor an object of texts is left out.
///
/// # Errors
/// [`crate::Error::Gdal`] when the format refuses one.
pub fn write_items(dataset: &mut Dataset, items: &Map<String, Value>) -> Result<()> {
    for (key, value) in items {
        match value {
            Value::String(text) if !is_left_out(key) => dataset.set_metadata_item(key, text, "")?,
            Value::Object(domain) if key == IMAGERY => {
                for (key, value) in domain {
                    if let Value::String(text) = value {
                        dataset.set_metadata_item(key, text, IMAGERY)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The colour interpretation of each band in GDAL's words, such as `Red`; `None` where all are grey or have a colour table.
pub fn read_colours(dataset: &Dataset) -> Option<Vec<String>> {
    let bands = (1..=dataset.raster_count()).map(|number| dataset.rasterband(number).ok());
    let found: Vec<ColorInterpretation> =
        bands.map(|band| Some(band?.color_interpretation())).collect::<Option<_>>()?;
    let usual =
        [ColorInterpretation::GrayIndex, ColorInterpretation::Undefined, ColorInterpretation::PaletteIndex];
    let has_colours = found.iter().any(|colour| !usual.contains(colour));
    has_colours.then(|| found.iter().map(ColorInterpretation::name).collect())
}

/// Writes the colour interpretation of bands. Names that GDAL does not know and lists of another length are left out.
///
/// # Errors
/// [`crate::Error::Gdal`] when the format refuses one.
pub fn write_colours(dataset: &mut Dataset, names: &[Value]) -> Result<()> {
    if names.len() != dataset.raster_count() {
        return Ok(());
    }
    for (index, name) in names.iter().enumerate() {
        let known = name.as_str().and_then(|name| Some((name, ColorInterpretation::from_name(name).ok()?)));
        // GDAL returns "undefined" for a name that it does not know.
        let known = known.filter(|(name, colour)| colour.name().eq_ignore_ascii_case(name));
        if let Some((_, colour)) = known.filter(|(_, colour)| *colour != ColorInterpretation::PaletteIndex) {
            dataset.rasterband(index + 1)?.set_color_interpretation(colour)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gdal::DriverManager;
    use serde_json::json;

    #[test]
    fn items_go_there_and_back() {
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let path = "/vsimem/items.tif";
        let mut dataset = driver.create_with_band_type::<u8, _>(path, 1, 1, 1).unwrap();
        let items = json!({
            "TIFFTAG_DATETIME": "2020:07:01 10:11:12",
            "product": "L2A = level 2",
            "IMAGERY": {"CLOUDCOVER": "5"},
            "STATISTICS_MEAN": "3",
            "number": 5,
        });
        write_items(&mut dataset, items.as_object().unwrap()).unwrap();
        dataset.close().unwrap();
        let read = read_items(&Dataset::open(path).unwrap());
        assert_eq!(
            Value::Object(read),
            json!({
                "TIFFTAG_DATETIME": "2020:07:01 10:11:12",
                "product": "L2A = level 2",
                "IMAGERY": {"CLOUDCOVER": "5"},
            })
        );
    }

    #[test]
    fn colours_go_there_and_back() {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        let mut dataset = driver.create_with_band_type::<u8, _>("", 1, 1, 4).unwrap();
        assert_eq!(read_colours(&dataset), None);
        let names = ["Red", "Green", "Blue", "Undefined"].map(Value::from);
        write_colours(&mut dataset, &names).unwrap();
        assert_eq!(
            read_colours(&dataset).map(|found| found.into_iter().map(Value::from).collect()),
            Some(names.to_vec())
        );
        write_colours(&mut dataset, &[Value::from("Alpha")]).unwrap();
        write_colours(&mut dataset, &["Pink", "Pink", "Pink", "Pink"].map(Value::from)).unwrap();
        assert_eq!(read_colours(&dataset).unwrap()[0], "Red");
    }
}
