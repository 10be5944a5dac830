//! Grids of pixels: whether the pixels of one grid are those of another, and which grid covers several.

use crate::error::{Error, Result};
use crate::georeference::Georeference;
use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, SpatialRef};
use std::ops::Range;

/// The part of a pixel by which two grids may be shifted and still count as the same.
const SLACK: f64 = 0.01;

/// A rectangle in the units of a coordinate reference system: left, bottom, right, top.
pub type Bounds = [f64; 4];

/// A grid of pixels: its rows and columns, and where they lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// Where it lies. Without a transform, coordinates are numbers of pixels from the upper left corner.
    pub georeference: Georeference,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Grid {
    /// The transform. Where there is none, pixels are units with their origin in the upper left corner.
    pub fn transform(&self) -> [f64; 6] {
        self.georeference.transform.unwrap_or([0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    }

    /// Whether its rows and columns run along the axes of the coordinate reference system.
    pub fn is_upright(&self) -> bool {
        let [_, dx, rx, _, ry, dy] = self.transform();
        rx == 0.0 && ry == 0.0 && dx != 0.0 && dy != 0.0
    }

    /// Width and height of a pixel, both positive.
    pub fn pixel(&self) -> [f64; 2] {
        let [_, dx, rx, _, ry, dy] = self.transform();
        [dx.hypot(ry), dy.hypot(rx)]
    }

    /// The rectangle that the grid covers.
    pub fn bounds(&self) -> Bounds {
        let [x0, dx, rx, y0, ry, dy] = self.transform();
        let (w, h) = (self.width as f64, self.height as f64);
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)];
        let x = corners.map(|(c, r)| x0 + c * dx + r * rx);
        let y = corners.map(|(c, r)| y0 + c * ry + r * dy);
        let least = |v: [f64; 4]| v.into_iter().fold(f64::INFINITY, f64::min);
        let most = |v: [f64; 4]| v.into_iter().fold(f64::NEG_INFINITY, f64::max);
        [least(x), least(y), most(x), most(y)]
    }

    /// Whether both grids have pixels of the same size.
    pub fn has_pixel_of(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
        let (a, b) = (self.transform(), other.transform());
        near(a[1], b[1]) && near(a[5], b[5]) && a[2] == b[2] && a[4] == b[4]
    }

    /// The row and column of this grid at which the upper left pixel of `other` lies, which may be beyond its edges. `None` where the
    /// pixels of the two grids do not coincide.
    pub fn offset_of(&self, other: &Self) -> Option<[i64; 2]> {
        if !self.has_pixel_of(other)
            || !(self.is_upright() && other.is_upright() || self.transform() == other.transform())
        {
            return None;
        }
        let (a, b) = (self.transform(), other.transform());
        let (column, row) = ((b[0] - a[0]) / a[1], (b[3] - a[3]) / a[5]);
        let drift = |extent: usize, a: f64, b: f64| extent as f64 * (b - a).abs() / a.abs();
        let off_grid = |v: f64| (v - v.round()).abs();
        let fits = off_grid(column) + drift(other.width, a[1], b[1]) <= SLACK
            && off_grid(row) + drift(other.height, a[5], b[5]) <= SLACK;
        (fits && column.abs() < 1e15 && row.abs() < 1e15)
            .then_some([row.round() as i64, column.round() as i64])
    }

    /// The shift of the pixels of `other` to the right and down, as parts of a pixel; `None` where they have another size.
    pub fn shift_of(&self, other: &Self) -> Option<[f64; 2]> {
        if !(self.has_pixel_of(other) && self.is_upright() && other.is_upright()) {
            return None;
        }
        let (a, b) = (self.transform(), other.transform());
        let part = |v: f64| v - v.floor();
        Some([part((b[0] - a[0]) / a[1]), part((b[3] - a[3]) / a[5])])
    }

    /// The grid of pixels of this size that covers bounds, including pixels that the bounds cut. `anchor` is a corner of a pixel.
    ///
    /// # Errors
    /// [`Error::Invalid`] where bounds or pixels have no area, or a row would have more than 2³¹ pixels.
    pub fn over(bounds: Bounds, pixel: [f64; 2], anchor: [f64; 2], wkt: &Georeference) -> Result<Self> {
        let [left, bottom, right, top] = bounds;
        if !(bounds.iter().chain(&pixel).all(|v| v.is_finite()) && left < right && bottom < top) {
            return Err(Error::Invalid(format!(
                "the bounds are {bounds:?}; left, bottom, right and top are needed, with left < right and bottom < top"
            )));
        }
        if !(pixel[0] > 0.0 && pixel[1] > 0.0) {
            return Err(Error::Invalid(format!("pixels are {pixel:?}; positive sizes are needed")));
        }
        let floor = |v: f64, anchor: f64, size: f64| ((v - anchor) / size + SLACK).floor();
        let ceil = |v: f64, anchor: f64, size: f64| ((v - anchor) / size - SLACK).ceil();
        let (x0, x1) = (floor(left, anchor[0], pixel[0]), ceil(right, anchor[0], pixel[0]));
        // Rows are counted downwards.
        let (y0, y1) = (floor(-top, -anchor[1], pixel[1]), ceil(-bottom, -anchor[1], pixel[1]));
        let (width, height) = ((x1 - x0).max(1.0), (y1 - y0).max(1.0));
        if width >= 2f64.powi(31) || height >= 2f64.powi(31) {
            return Err(Error::Invalid(format!(
                "the grid would have {height} × {width} pixels; less than 2147483648 a row are allowed: check bounds and \
                 resolution"
            )));
        }
        let transform = [anchor[0] + x0 * pixel[0], pixel[0], 0.0, anchor[1] - y0 * pixel[1], 0.0, -pixel[1]];
        Ok(Self {
            georeference: Georeference { transform: Some(transform), ..wkt.clone() },
            height: height as usize,
            width: width as usize,
        })
    }

    /// The rows and columns of an upright grid whose pixels lie completely within bounds.
    pub fn within(&self, bounds: Bounds) -> [Range<usize>; 2] {
        let [x0, dx, _, y0, _, dy] = self.transform();
        let span = |from: f64, to: f64, origin: f64, size: f64, whole: usize| {
            let ends = [(from - origin) / size, (to - origin) / size];
            let first = (ends[0].min(ends[1]) - SLACK).ceil().clamp(0.0, whole as f64) as usize;
            let last = (ends[0].max(ends[1]) + SLACK).floor().clamp(0.0, whole as f64) as usize;
            first.min(last)..last
        };
        [span(bounds[1], bounds[3], y0, dy, self.height), span(bounds[0], bounds[2], x0, dx, self.width)]
    }

    /// The grid of a window.
    pub fn window(&self, row: usize, column: usize, height: usize, width: usize) -> Self {
        let [x0, dx, rx, y0, ry, dy] = self.transform();
        let (r, c) = (row as f64, column as f64);
        let transform = [x0 + c * dx + r * rx, dx, rx, y0 + c * ry + r * dy, ry, dy];
        Self {
            georeference: Georeference { transform: Some(transform), ..self.georeference.clone() },
            height,
            width,
        }
    }

    /// A description for messages: extents, size of pixels, code of the reference system.
    pub fn label(&self) -> String {
        let [x, y] = self.pixel();
        let reference_system = match (&self.georeference.code, &self.georeference.wkt) {
            (Some(code), _) => code.clone(),
            (None, Some(wkt)) => wkt_name(wkt),
            (None, None) => "no coordinate reference system".to_owned(),
        };
        format!("{} × {} pixels of {x} × {y}, {reference_system}", self.height, self.width)
    }
}

/// The name within WKT.
fn wkt_name(wkt: &str) -> String {
    wkt.split('"').nth(1).unwrap_or("an unnamed coordinate reference system").to_owned()
}

/// A coordinate reference system from a code, WKT, or whatever else GDAL reads, with x before y.
///
/// # Errors
/// [`Error::Invalid`] where GDAL can't read the text.
pub fn reference(text: &str) -> Result<SpatialRef> {
    let mut found = SpatialRef::from_definition(text).map_err(|e| {
        Error::Invalid(format!(
            "\"{text}\" is no coordinate reference system ({e}); give one such as EPSG:32633"
        ))
    })?;
    found.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    Ok(found)
}

/// Whether two coordinate reference systems, as WKT, are the same. Two that are not known count as the same.
pub fn same_reference(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) if a == b => true,
        (Some(a), Some(b)) => match (reference(a), reference(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        },
        _ => false,
    }
}

/// Bounds in another coordinate reference system, with points along the edges.
///
/// # Errors
/// [`Error::Gdal`] where GDAL can't transform them.
pub fn transform_bounds(bounds: Bounds, from: &str, to: &str) -> Result<Bounds> {
    if same_reference(Some(from), Some(to)) {
        return Ok(bounds);
    }
    let transform = CoordTransform::new(&reference(from)?, &reference(to)?)?;
    Ok(transform.transform_bounds(&bounds, 21)?)
}

/// The smallest rectangle that holds both.
pub fn union(a: Bounds, b: Bounds) -> Bounds {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// The rectangle that both share; `None` where they do not meet.
pub fn intersection(a: Bounds, b: Bounds) -> Option<Bounds> {
    let both = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    (both[0] < both[2] && both[1] < both[3]).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(x: f64, y: f64, pixel: f64, height: usize, width: usize) -> Grid {
        Grid {
            georeference: Georeference {
                transform: Some([x, pixel, 0.0, y, 0.0, -pixel]),
                ..Georeference::default()
            },
            height,
            width,
        }
    }

    #[test]
    fn a_grid_knows_whose_pixels_are_its_own() {
        let whole = grid(300_000.0, 5_000_000.0, 10.0, 100, 100);
        assert_eq!(whole.offset_of(&grid(300_050.0, 4_999_900.0, 10.0, 7, 9)), Some([10, 5]));
        assert_eq!(whole.offset_of(&grid(299_990.0, 5_000_020.0, 10.0, 7, 9)), Some([-2, -1]));
        assert_eq!(whole.offset_of(&grid(300_004.0, 5_000_000.0, 10.0, 7, 9)), None, "between pixels");
        let [x, y] = whole.shift_of(&grid(300_004.0, 5_000_000.0, 10.0, 7, 9)).unwrap();
        assert!((x - 0.4).abs() < 1e-9 && y == 0.0);
        assert_eq!(whole.shift_of(&grid(300_000.0, 5_000_000.0, 20.0, 7, 9)), None);
        assert_eq!(whole.offset_of(&grid(300_000.0, 5_000_000.0, 20.0, 7, 9)), None, "other pixels");
        assert_eq!(whole.window(10, 5, 7, 9), grid(300_050.0, 4_999_900.0, 10.0, 7, 9));
        assert_eq!(whole.within([300_005.0, 4_999_800.0, 300_030.0, 5_000_100.0]), [0..20, 1..3]);
        assert_eq!(whole.within([0.0, 0.0, 1.0, 1.0])[1], 0..0);
        assert_eq!(whole.bounds(), [300_000.0, 4_999_000.0, 301_000.0, 5_000_000.0]);
    }

    #[test]
    fn a_grid_over_bounds_keeps_the_anchor() {
        let over = Grid::over([101.0, -50.0, 131.0, 9.0], [10.0, 10.0], [0.0, 5.0], &Georeference::default())
            .unwrap();
        assert_eq!(over.transform(), [100.0, 10.0, 0.0, 15.0, 0.0, -10.0]);
        assert_eq!((over.height, over.width), (7, 4));
        // Bounds that exceed a pixel by a rounding error do not add a further pixel.
        let exact =
            Grid::over([0.0, 0.0, 30.001, 30.0], [10.0, 10.0], [0.0, 0.0], &Georeference::default()).unwrap();
        assert_eq!((exact.height, exact.width), (3, 3));
        let none = Grid::over([5.0, 0.0, 1.0, 1.0], [1.0, 1.0], [0.0, 0.0], &Georeference::default());
        assert!(none.unwrap_err().to_string().contains("left < right"));
    }

    #[test]
    fn bounds_go_from_one_reference_to_another() {
        let there = transform_bounds([14.0, 45.0, 15.0, 46.0], "EPSG:4326", "EPSG:32633").unwrap();
        assert!((there[0] - 421_184.7).abs() < 1.0 && there[3] > 5_094_000.0, "{there:?}");
        assert!(reference("EPSG:nothing").unwrap_err().to_string().contains("give one such as EPSG:32633"));
        assert!(same_reference(
            Some("EPSG:32633"),
            Some(&reference("EPSG:32633").unwrap().to_wkt().unwrap())
        ));
        assert!(!same_reference(Some("EPSG:32633"), None));
    }
}
