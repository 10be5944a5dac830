//! A short summary of an array's georeference and dates, for display.

use super::{Georeference, bounds, pixel_size};
use serde::Serialize;

/// Where and when an array lies.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The coordinate reference system's code, such as `EPSG:32632`.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// GDAL's six coefficients: x₀, dx, rx, y₀, ry, dy of the outer corner of the first pixel.
    pub transform: Option<[f64; 6]>,
    /// Width and height of a pixel, in the reference system's unit.
    pub pixel: Option<[f64; 2]>,
    /// That unit, `m` or `°`, where it is known.
    pub unit: Option<String>,
    /// Least x, least y, largest x, largest y.
    pub bounds: Option<[f64; 4]>,
    /// The dates in order, as ISO 8601; `missing` for a date that is missing, or can't be read.
    pub dates: Vec<String>,
    /// What its metadata and its coordinates say against each other, and what can't be read of them, in words.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Summary {
    /// Summarises a georeference of `height` rows and `width` columns, and dates as ISO 8601.
    #[must_use]
    pub fn new(georeference: &Georeference, height: u64, width: u64, dates: Vec<String>) -> Self {
        let transform = georeference.transform;
        Self {
            code: georeference.reference_code(),
            name: georeference.reference_name(),
            transform,
            pixel: transform.map(pixel_size),
            unit: georeference.unit().map(str::to_owned),
            bounds: transform.map(|transform| bounds(transform, height, width)),
            dates,
            notes: Vec::new(),
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The reference system: `EPSG:32632, WGS 84 / UTM zone 32N`.
    #[must_use]
    pub fn system_text(&self) -> Option<String> {
        match (&self.code, &self.name) {
            (Some(code), Some(name)) => Some(format!("{code}, {name}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    /// The size of a pixel: `10 × 10 m`.
    #[must_use]
    pub fn pixel_text(&self) -> Option<String> {
        let [width, height] = self.pixel?.map(coordinate_text);
        let unit = self.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
        Some(format!("{width} × {height}{unit}"))
    }

    /// The bounds: `x 600000 to 602000, y 5099000 to 5100000`.
    #[must_use]
    pub fn bounds_text(&self) -> Option<String> {
        let [west, south, east, north] = self.bounds?.map(coordinate_text);
        Some(format!("x {west} to {east}, y {south} to {north}"))
    }

    /// The dates: `2020-01-01 to 2020-12-26, 73 dates`.
    #[must_use]
    pub fn dates_text(&self) -> Option<String> {
        match &self.dates[..] {
            [] => None,
            [one] => Some(one.clone()),
            [first, .., last] => Some(format!("{first} to {last}, {} dates", self.dates.len())),
        }
    }
}

/// A coordinate with at most eight decimals, which hides the rounding of binary fractions, without trailing zeros.
fn coordinate_text(value: f64) -> String {
    let text = format!("{value:.8}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::reference_system::tests::UTM;
    use super::*;

    #[test]
    fn a_georeference_is_told_in_a_few_words() {
        let georeference = Georeference {
            wkt: Some(UTM.to_owned()),
            transform: Some([600_000.0, 10.0, 0.0, 5_100_000.0, 0.0, -10.0]),
            ..Georeference::default()
        };
        let dates = ["1970-01-01", "1970-01-02", "1970-01-02T12:00:00"].map(str::to_owned);
        let summary = Summary::new(&georeference, 100, 200, dates.to_vec());
        assert_eq!(summary.system_text().unwrap(), "EPSG:32632, WGS 84 / UTM zone 32N");
        assert_eq!(summary.pixel_text().unwrap(), "10 × 10 m");
        assert_eq!(summary.bounds_text().unwrap(), "x 600000 to 602000, y 5099000 to 5100000");
        assert_eq!(summary.dates_text().unwrap(), "1970-01-01 to 1970-01-02T12:00:00, 3 dates");
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        let summary = Summary::new(&Georeference::default(), 1, 1, Vec::new());
        assert!(summary.is_empty());
        assert_eq!((summary.system_text(), summary.pixel_text()), (None, None));
        assert_eq!((summary.bounds_text(), summary.dates_text()), (None, None));
        assert_eq!(coordinate_text(0.1 + 0.2), "0.3");
    }
}
