//! What two rasters that are compared are said to be: where and when they lie, and how their samples become values. A comparison
//! looks at samples alone, and equal samples of another place or in another unit are not the same data.

use crate::open::is_raster_file;
use crate::progress::{Progress, Remark};
use crate::raster::source::RasterInfo;
use crate::store::georeference::Location;
use std::path::Path;
use vqz_codec::axes::Role;
use vqz_raster::band::{Band, bands_of_attributes};
use vqz_raster::georeference::Georeference;

/// A difference of places below this fraction of a pixel is one of rounding.
const TOLERANCE: f64 = 1e-3;

/// Of so many bands, at most, what is said is compared: an array may declare any number.
const MOST_BANDS: u64 = 1 << 16;

/// What is said of a raster.
pub(crate) struct Described {
    location: Location,
    bands: Vec<Band>,
    /// Its rows and columns.
    size: [u64; 2],
}

impl Described {
    /// What is said of the raster at a path below a root, by its own attributes and by what stands beside it.
    pub(crate) fn of(info: &RasterInfo, root: &Path, path: &str) -> Self {
        let folder = if path.is_empty() { root.to_path_buf() } else { root.join(path) };
        let group = folder
            .parent()
            .filter(|group| !is_raster_file(root) && (!path.is_empty() || group.join("zarr.json").is_file()));
        Self {
            location: Location::of(&info.metadata, group, Some(&info.axes)),
            bands: bands_of_attributes(&info.metadata.attributes(), info.bands().min(MOST_BANDS) as usize),
            size: [info.extent(&Role::Y), info.extent(&Role::X)],
        }
    }

    /// In what two differ, in words. A place or dates that only one of the two states are no difference. Scales, offsets and units
    /// are: samples without them are values as they are.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let (a, b) = (&self.location, &other.location);
        found.extend(place(&a.georeference, &b.georeference, self.size));
        if let (Some(ours), Some(theirs)) = (&a.steps, &b.steps)
            && ours.dates != theirs.dates
        {
            let (ours, theirs) = (a.dates(), b.dates());
            let at =
                (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at)).unwrap_or(0);
            let date = |dates: &[String]| dates.get(at).cloned().unwrap_or_else(|| "none".to_owned());
            found.push(format!(
                "step {at} in time is of {}, that of the reference of {}",
                date(&theirs),
                date(&ours)
            ));
        }
        found.extend(order(&self.bands, &other.bands));
        for (number, (ours, theirs)) in self.bands.iter().zip(&other.bands).enumerate() {
            found.extend(values(number, ours, theirs));
        }
        found
    }
}

/// Remarks where the reference and the other raster are not said to be the same.
pub(crate) fn remark_on_differences(
    path: &str,
    reference: &Described,
    other: &Described,
    progress: &dyn Progress,
) {
    let differences = reference.differences(other);
    if !differences.is_empty() {
        let array = if path.is_empty() { "the raster".to_owned() } else { path.to_owned() };
        progress.remark(&Remark::DescribedOtherwise { array, differences });
    }
}

fn place(ours: &Georeference, theirs: &Georeference, [height, width]: [u64; 2]) -> Option<String> {
    if let (Some(a), Some(b)) = (ours.reference_code(), theirs.reference_code())
        && !a.eq_ignore_ascii_case(&b)
    {
        return Some(format!("it lies in {b}, the reference in {a}"));
    }
    if let (None, None, Some(a), Some(b)) =
        (ours.reference_code(), theirs.reference_code(), ours.reference_name(), theirs.reference_name())
        && a != b
    {
        return Some(format!("it lies in {b}, the reference in {a}"));
    }
    let (a, b) = (ours.transform?, theirs.transform?);
    let corner = |t: &[f64; 6], [row, column]: [f64; 2]| {
        (t[0] + t[1] * column + t[2] * row, t[3] + t[4] * column + t[5] * row)
    };
    let pixel = (a[1].hypot(a[4])).min(a[2].hypot(a[5]));
    let (height, width) = (height as f64, width as f64);
    let apart = [[0.0, 0.0], [height, width]].into_iter().find(|at| {
        let ((x, y), (u, v)) = (corner(&a, *at), corner(&b, *at));
        let distance = (x - u).hypot(y - v);
        // A place that is no number is another place.
        distance.is_nan() || distance > TOLERANCE * pixel
    })?;
    let ((x, y), (u, v)) = (corner(&a, apart), corner(&b, apart));
    let which = if apart == [0.0, 0.0] { "first" } else { "last" };
    Some(format!("the outer corner of its {which} pixel lies at {u}, {v}, that of the reference at {x}, {y}"))
}

/// The first band that stands at another place in the other raster, by its name. Names that only one of the two has are no
/// difference: each may call its bands its own way.
fn order(ours: &[Band], theirs: &[Band]) -> Option<String> {
    let moved = |at: &usize| {
        let name = theirs[*at].name.as_ref();
        name.is_some()
            && name != ours[*at].name.as_ref()
            && ours.iter().any(|band| band.name.as_ref() == name)
    };
    let at = (0..ours.len().min(theirs.len())).find(moved)?;
    let name = |bands: &[Band]| bands[at].name.clone().unwrap_or_else(|| "not named".to_owned());
    Some(format!("band {} is {}, that of the reference {}", at + 1, name(theirs), name(ours)))
}

fn values(number: usize, ours: &Band, theirs: &Band) -> Vec<String> {
    let mut found = Vec::new();
    let name = ours.name.clone().unwrap_or_else(|| number.to_string());
    let mut differs = |what: &str, plain: f64, a: Option<f64>, b: Option<f64>| {
        let (a, b) = (a.unwrap_or(plain), b.unwrap_or(plain));
        if a != b {
            found.push(format!("the {what} of band {name} is {b}, that of the reference {a}"));
        }
    };
    differs("scale", 1.0, ours.scale, theirs.scale);
    differs("offset", 0.0, ours.offset, theirs.offset);
    if ours.unit != theirs.unit {
        let unit = |band: &Band| band.unit.clone().unwrap_or_else(|| "not stated".to_owned());
        found.push(format!(
            "the unit of band {name} is {}, that of the reference {}",
            unit(theirs),
            unit(ours)
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_another_by_more_than_rounding() {
        let at = |x0: f64, code: &str| Georeference {
            transform: Some([x0, 10.0, 0.0, 50.0, 0.0, -10.0]),
            code: Some(code.to_owned()),
            ..Georeference::default()
        };
        let size = [4, 8];
        assert_eq!(place(&at(0.0, "EPSG:32632"), &at(1e-4, "epsg:32632"), size), None);
        assert_eq!(
            place(&at(0.0, "EPSG:32632"), &at(20.0, "EPSG:32632"), size).unwrap(),
            "the outer corner of its first pixel lies at 20, 50, that of the reference at 0, 50"
        );
        assert_eq!(
            place(&at(0.0, "EPSG:32632"), &at(0.0, "EPSG:32633"), size).unwrap(),
            "it lies in EPSG:32633, the reference in EPSG:32632"
        );
        assert_eq!(place(&Georeference::default(), &at(0.0, "EPSG:32633"), size), None);
    }

    #[test]
    fn bands_in_another_order_are_told() {
        let named = |names: [&str; 3]| {
            names.map(|name| Band { name: (!name.is_empty()).then(|| name.to_owned()), ..Band::default() })
        };
        let ours = named(["B02", "B03", "B04"]);
        assert_eq!(
            order(&ours, &named(["B02", "B04", "B03"])).as_deref(),
            Some("band 2 is B04, that of the reference B03")
        );
        for other in [["B02", "B03", "B04"], ["blue", "green", "red"], ["", "", ""], ["B02", "", "B04"]] {
            assert_eq!(order(&ours, &named(other)), None, "{other:?}");
        }
    }
}
