//! Names and times of the bands of a GRIB file, by the metadata items of GDAL's driver. Its descriptions name the level alone.

use crate::conventions::time::Instant;
use gdal::{Dataset, Metadata as _};

/// What a message of GRIB says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The parameter and its level, such as `TMP_2-HTGL`.
    pub(crate) name: String,
    /// The instant that its samples are valid at.
    pub(crate) time: Option<Instant>,
    /// Hours from the forecast's own time to that instant.
    pub(crate) hours: Option<String>,
}

/// The messages of a file, one for each band; `None` where a file is not GRIB.
pub(crate) fn messages(dataset: &Dataset) -> Option<Vec<Message>> {
    if dataset.driver().short_name() != "GRIB" {
        return None;
    }
    let band = |number| {
        let band = dataset.rasterband(number).ok()?;
        let item = |key: &str| band.metadata_item(key, "").filter(|text| !text.trim().is_empty());
        Some(message(
            item("GRIB_ELEMENT").as_deref(),
            item("GRIB_SHORT_NAME").as_deref(),
            item("GRIB_VALID_TIME").as_deref(),
            item("GRIB_FORECAST_SECONDS").as_deref(),
        ))
    };
    (1..=dataset.raster_count()).map(band).collect()
}

fn message(
    element: Option<&str>,
    level: Option<&str>,
    valid: Option<&str>,
    forecast: Option<&str>,
) -> Message {
    // Older releases of GDAL add the unit: `1577836800 sec UTC`.
    let number = |text: &str| text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    let parts: Vec<&str> = [element, level].into_iter().flatten().collect();
    Message {
        name: if parts.is_empty() { "message".to_owned() } else { parts.join("_") },
        time: valid
            .and_then(number)
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| Instant::from(seconds as i64)),
        hours: forecast.and_then(number).map(|seconds| (seconds / 3600.0).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_name_and_a_time() {
        let found = message(Some("TMP"), Some("2-HTGL"), Some("  1577836800 sec UTC"), Some("21600 sec"));
        assert_eq!(
            found,
            Message {
                name: "TMP_2-HTGL".to_owned(),
                time: Some(1_577_836_800.into()),
                hours: Some("6".to_owned())
            }
        );
        let bare = message(None, None, None, None);
        assert_eq!((bare.name.as_str(), bare.time, bare.hours), ("message", None, None));
    }
}
