//! Footprints: which pixels of a grid the pixels of another may touch, where the two have different coordinate reference
//! systems, or longitudes that are counted from elsewhere.
//!
//! Bounds do not tell. The edges of a map of the world have no place in most projections, a scene across 180° lies at both
//! ends of a map in degrees, and one around a pole has an edge that encloses all longitudes. So points all over the grid are
//! carried over. Where each has a place that leads back to it, and neighbours stay neighbours, their bounds hold. Everywhere
//! else the footprint is *torn*: points of the other grid are carried back, as a warper does, to see whether the two meet.

mod points;

use crate::error::{Error, Result};
use crate::georeference::Georeference;
use crate::ingest::grid::{self, Bounds, Grid};
use points::Points;
use std::cell::RefCell;
use std::collections::HashMap;
use std::f64::consts::TAU;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// Steps between the points that are carried over, along each axis.
const STEPS: usize = 20;

/// Steps between the points of the other grid that are carried back.
const STEPS_BACK: usize = 64;

/// Between neighbours, the greatest part of the whole extent; a greater one is a tear.
const TEAR: f64 = 0.25;

/// The part of a step by which the space between points may bulge beyond them.
const BULGE: f64 = 0.25;

/// The greatest part of a grid's extent by which a point may miss itself on its way back.
const ASTRAY: f64 = 1e-3;

/// Turns of longitudes by which grids may be apart.
const TURNS: [f64; 5] = [0.0, -1.0, 1.0, -2.0, 2.0];

/// The most footprints, and the most reference systems, that a thread keeps. Many files lie on one grid.
const KEPT: usize = 1024;

/// WGS 84 in degrees, in which every place on Earth has a longitude and a latitude.
const EARTH: &str = "EPSG:4326";

/// Rows and columns of a grid.
pub(crate) type Part = [Range<usize>; 2];

type Key = ([u64; 12], [usize; 4], Option<String>, Option<String>);

thread_local! {
    static KNOWN: RefCell<HashMap<Key, Rc<[Part]>>> = RefCell::new(HashMap::new());
    /// The answers of [`turn`], by the WKT of the reference system.
    static TURNS_OF: RefCell<HashMap<String, Option<f64>>> = RefCell::new(HashMap::new());
}

/// The parts of `target` that `source` may touch, each a rectangle of rows and columns, none of which overlap; empty where
/// the two do not meet. A part may hold pixels that the source does not touch.
///
/// # Errors
/// [`Error::Mismatch`] where only one of the two has a coordinate reference system; [`Error::Invalid`] and [`Error::Gdal`] where
/// GDAL can't read one, or knows no way between the two.
pub(crate) fn parts(source: &Grid, target: &Grid) -> Result<Rc<[Part]>> {
    let bits = |grid: &Grid| grid.transform().map(f64::to_bits);
    let [a, b] = [bits(source), bits(target)];
    let key: Key = (
        std::array::from_fn(|i| if i < 6 { a[i] } else { b[i - 6] }),
        [source.height, source.width, target.height, target.width],
        source.georeference.wkt.clone(),
        target.georeference.wkt.clone(),
    );
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(known);
    }
    let found: Rc<[Part]> = Footprint::of(source, &target.georeference)?.on(source, target)?.into();
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, Rc::clone(&found));
    });
    Ok(found)
}

/// What of a grid has no place in a coordinate reference system, so that it has no bounds there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// A part of it.
    Part,
    /// All of it.
    Whole,
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Part => "a part of it has no place there; say which area to cover, as bounds under [grid]",
            Self::Whole => "it has no place there; choose another crs under [grid]",
        })
    }
}

/// The bounds of a grid in a coordinate reference system, if all of it has a place there. Those of a grid across 180° end beyond
/// it, at 181° for instance.
///
/// # Errors
/// As [`parts`].
pub(crate) fn bounds(source: &Grid, target: &Georeference) -> Result<std::result::Result<Bounds, NoPlace>> {
    let (Some(from), Some(to)) = (&source.georeference.wkt, &target.wkt) else {
        return Ok(Ok(source.bounds()));
    };
    if grid::same_reference(Some(from), Some(to)) {
        return Ok(Ok(source.bounds()));
    }
    let footprint = Footprint::of(source, target)?;
    if footprint.has_lost_ground(source)? {
        return Ok(Err(NoPlace::Part));
    }
    let exact = grid::transform_bounds(source.bounds(), from, to).ok().map(|[left, bottom, right, top]| {
        match footprint.turn.filter(|_| left > right) {
            Some(turn) => [left, bottom, right + turn, top],
            None => [left, bottom, right, top],
        }
    });
    let exact = exact.filter(|b| b.iter().all(|v| v.is_finite()) && b[0] < b[2] && b[1] < b[3]);
    Ok(match (exact, footprint.bounds()) {
        // Around a pole, bounds of points say nothing of longitudes.
        (Some(exact), Some(found)) if footprint.is_torn && footprint.turn.is_none() => {
            Ok(grid::union(exact, found))
        }
        (Some(bounds), _) | (None, Some(bounds)) => Ok(bounds),
        (None, None) => Err(NoPlace::Whole),
    })
}

/// Bounds, turned so that they lie as near to others as they can.
pub(crate) fn nearest(bounds: Bounds, to: Bounds, georeference: &Georeference) -> Bounds {
    let Some(turn) = turn(georeference) else { return bounds };
    let middle = |b: Bounds| (b[0] + b[2]) / 2.0;
    let turns = turn * ((middle(to) - middle(bounds)) / turn).round();
    [bounds[0] + turns, bounds[1], bounds[2] + turns, bounds[3]]
}

/// The extent of a full turn in a coordinate reference system, where longitudes are its x: 360 for degrees.
pub(crate) fn turn(georeference: &Georeference) -> Option<f64> {
    let wkt = georeference.wkt.as_deref()?;
    if let Some(known) = TURNS_OF.with_borrow(|known| known.get(wkt).copied()) {
        return known;
    }
    let reference = grid::reference(wkt).ok()?;
    let turn = TAU / reference.angular_units();
    // Full turns are whole numbers of the usual units.
    let turn = (reference.is_geographic() && turn.is_finite()).then(|| (turn * 1e9).round() / 1e9);
    TURNS_OF.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(wkt.to_owned(), turn);
    });
    turn
}

/// The same grid with longitudes that are some turns further.
pub(crate) fn turned(grid: &Grid, by: f64) -> Grid {
    let mut transform = grid.transform();
    transform[0] += by;
    Grid {
        georeference: Georeference { transform: Some(transform), ..grid.georeference.clone() },
        ..grid.clone()
    }
}

/// Where the pixels of a grid lie in another coordinate reference system.
struct Footprint {
    /// Points of the grid, row by row, there. Where longitudes are x, those of neighbours are less than half a turn apart.
    places: Vec<Option<[f64; 2]>>,
    /// Whether some point has no place, or neighbours lie far apart.
    is_torn: bool,
    /// The extent of a full turn there.
    turn: Option<f64>,
}

impl Footprint {
    fn of(source: &Grid, target: &Georeference) -> Result<Self> {
        let turn = turn(target);
        let points = lattice(source, STEPS);
        let (from, to) = match (&source.georeference.wkt, &target.wkt) {
            (Some(from), Some(to)) => (from, to),
            (None, None) => return Ok(Self { places: points, is_torn: false, turn }),
            _ => {
                return Err(Error::Mismatch("one of the two has no coordinate reference system".to_owned()));
            }
        };
        if grid::same_reference(Some(from), Some(to)) {
            return Ok(Self { places: points, is_torn: false, turn });
        }
        let mut places = Points::between(from, to)?.places(&points);
        let back = Points::between(to, from)?.places(&places);
        let own_turn = self::turn(&source.georeference);
        let extent = extent(&points);
        for ((place, point), back) in places.iter_mut().zip(&points).zip(back) {
            let astray = |axis: usize| {
                let (Some(point), Some(back)) = (point, back) else { return true };
                apart(point[axis], back[axis], own_turn.filter(|_| axis == 0)) > ASTRAY * extent[axis]
            };
            if astray(0) || astray(1) {
                *place = None;
            }
        }
        let mut footprint = Self { places, is_torn: false, turn };
        footprint.unwind();
        footprint.is_torn = footprint.places.iter().any(Option::is_none) || footprint.has_tears();
        Ok(footprint)
    }

    /// Counts longitudes on beyond a full turn, so that neighbours have similar ones.
    fn unwind(&mut self) {
        let Some(turn) = self.turn else { return };
        let row = STEPS + 1;
        for at in 1..self.places.len() {
            let before = if at % row == 0 { at - row } else { at - 1 };
            if let (Some([x0, _]), Some([x, _])) = (self.places[before], &mut self.places[at]) {
                *x -= turn * ((*x - x0) / turn).round();
            }
        }
    }

    fn has_tears(&self) -> bool {
        let extent = extent(&self.places);
        // Around a pole, no two neighbours need to be far apart, but the longitudes of its surroundings do not close.
        let longest =
            [self.turn.map_or(f64::INFINITY, |turn| turn / 2.0).min(TEAR * extent[0]), TEAR * extent[1]];
        let steps = self.steps();
        steps[0] > longest[0] || steps[1] > longest[1]
    }

    /// The greatest distances between neighbours, in x and in y.
    fn steps(&self) -> [f64; 2] {
        let row = STEPS + 1;
        let mut steps = [0.0f64; 2];
        for at in 0..self.places.len() {
            let right = (at % row != row - 1).then_some(at + 1);
            let below = (at + row < self.places.len()).then_some(at + row);
            for next in right.into_iter().chain(below) {
                if let (Some(a), Some(b)) = (self.places[at], self.places[next]) {
                    steps = [steps[0].max((a[0] - b[0]).abs()), steps[1].max((a[1] - b[1]).abs())];
                }
            }
        }
        steps
    }

    fn bounds(&self) -> Option<Bounds> {
        let mut known = self.places.iter().flatten().map(|[x, y]| [*x, *y, *x, *y]);
        let first = known.next()?;
        Some(known.fold(first, grid::union))
    }

    /// Whether a point that lies on Earth has no place.
    fn has_lost_ground(&self, source: &Grid) -> Result<bool> {
        let (true, Some(wkt)) = (self.is_torn, &source.georeference.wkt) else { return Ok(false) };
        let lost: Vec<Option<[f64; 2]>> = (lattice(source, STEPS).into_iter().zip(&self.places))
            .filter(|(_, place)| place.is_none())
            .map(|(point, _)| point)
            .collect();
        if grid::same_reference(Some(wkt), Some(EARTH)) {
            return Ok(!lost.is_empty());
        }
        // Beyond the edge of a world map, points have no place on Earth, or that of a point within the map.
        let earth = Points::between(wkt, EARTH)?.places(&lost);
        let back = Points::between(EARTH, wkt)?.places(&earth);
        let extent = extent(&lattice(source, STEPS));
        let own_turn = turn(&source.georeference);
        let near = |a: [f64; 2], b: [f64; 2]| {
            (0..2).all(|axis| {
                let turn = own_turn.filter(|_| axis == 0);
                apart(a[axis], b[axis], turn) <= ASTRAY * extent[axis]
            })
        };
        Ok(lost.iter().zip(back).any(|(a, b)| a.zip(b).is_some_and(|(a, b)| near(a, b))))
    }

    fn on(&self, source: &Grid, target: &Grid) -> Result<Vec<Part>> {
        let (height, width) = (target.height, target.width);
        if self.is_torn {
            let meet = self.places.iter().flatten().any(|place| self.is_on(*place, target))
                || carried_back(target, source)?;
            return Ok(if meet { vec![[0..height, 0..width]] } else { Vec::new() });
        }
        let Some(bounds) = self.bounds() else { return Ok(Vec::new()) };
        let same =
            grid::same_reference(source.georeference.wkt.as_deref(), target.georeference.wkt.as_deref());
        let bulge = if same { [0.0; 2] } else { self.steps().map(|step| BULGE * step) };
        let wide = [bounds[0] - bulge[0], bounds[1] - bulge[1], bounds[2] + bulge[0], bounds[3] + bulge[1]];
        let mut parts: Vec<Part> = Vec::new();
        for by in turns(self.turn) {
            let [left, bottom, right, top] = wide;
            let part = around(target, [left + by, bottom, right + by, top]);
            if part.iter().any(Range::is_empty) {
                continue;
            }
            match parts
                .iter_mut()
                .find(|known| known[1].start <= part[1].end && part[1].start <= known[1].end)
            {
                Some(known) => {
                    known[1] = known[1].start.min(part[1].start)..known[1].end.max(part[1].end);
                }
                None => parts.push(part),
            }
        }
        Ok(parts)
    }

    fn is_on(&self, [x, y]: [f64; 2], target: &Grid) -> bool {
        let [left, bottom, right, top] = target.bounds();
        (bottom..=top).contains(&y) && turns(self.turn).any(|by| (left..=right).contains(&(x + by)))
    }
}

/// Whether points all over `target` lie on `source`.
fn carried_back(target: &Grid, source: &Grid) -> Result<bool> {
    let (Some(to), Some(from)) = (&target.georeference.wkt, &source.georeference.wkt) else {
        return Ok(false);
    };
    let turn = turn(&source.georeference);
    let [x0, dx, rx, y0, ry, dy] = source.transform();
    let area = dx * dy - rx * ry;
    let places = Points::between(to, from)?.places(&lattice(target, STEPS_BACK));
    Ok(places.into_iter().flatten().any(|[x, y]| {
        turns(turn).any(|by| {
            let (x, y) = (x + by - x0, y - y0);
            let (column, row) = ((x * dy - y * rx) / area, (y * dx - x * ry) / area);
            // Kernels of resampling reach one pixel beyond.
            (-1.0..=source.width as f64 + 1.0).contains(&column)
                && (-1.0..=source.height as f64 + 1.0).contains(&row)
        })
    }))
}

/// The distance of two coordinates, whole turns left out.
fn apart(a: f64, b: f64, turn: Option<f64>) -> f64 {
    let apart = b - a;
    turn.map_or(apart, |turn| apart - turn * (apart / turn).round()).abs()
}

/// Whole turns, none first.
pub(crate) fn turns(turn: Option<f64>) -> impl Iterator<Item = f64> {
    TURNS.into_iter().take(if turn.is_some() { TURNS.len() } else { 1 }).map(move |n| n * turn.unwrap_or(0.0))
}

/// Points all over a grid, edges included, row by row.
fn lattice(grid: &Grid, steps: usize) -> Vec<Option<[f64; 2]>> {
    let [x0, dx, rx, y0, ry, dy] = grid.transform();
    let at = |step: usize, extent: usize| extent as f64 * step as f64 / steps as f64;
    (0..=steps)
        .flat_map(|row| (0..=steps).map(move |column| (row, column)))
        .map(|(row, column)| {
            let (row, column) = (at(row, grid.height), at(column, grid.width));
            Some([x0 + column * dx + row * rx, y0 + column * ry + row * dy])
        })
        .collect()
}

/// Width and height of the rectangle around points.
fn extent(points: &[Option<[f64; 2]>]) -> [f64; 2] {
    let mut known = points.iter().flatten().map(|[x, y]| [*x, *y, *x, *y]);
    let Some(first) = known.next() else { return [0.0; 2] };
    let [left, bottom, right, top] = known.fold(first, grid::union);
    [right - left, top - bottom]
}

/// The rows and columns of an upright grid that bounds touch, and one more at each side, because kernels of resampling reach
/// beyond.
fn around(grid: &Grid, bounds: Bounds) -> Part {
    let [x0, dx, _, y0, _, dy] = grid.transform();
    let span = |from: f64, to: f64, origin: f64, size: f64, whole: usize| {
        let ends = [(from - origin) / size, (to - origin) / size];
        let (least, most) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        if most <= 0.0 || least >= whole as f64 {
            return 0..0;
        }
        let first = (least.floor() - 1.0).clamp(0.0, whole as f64) as usize;
        let last = (most.ceil() + 1.0).clamp(0.0, whole as f64) as usize;
        first..last
    };
    [span(bounds[1], bounds[3], y0, dy, grid.height), span(bounds[0], bounds[2], x0, dx, grid.width)]
}
