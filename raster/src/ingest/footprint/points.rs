//! Points in another coordinate reference system. Points that have no place there are told from those that have.

use crate::error::Result;
use crate::ingest::grid::reference;
use gdal::spatial_ref::CoordTransform;
use std::cell::RefCell;
use std::rc::Rc;

/// The most transformations that a thread keeps. To make one takes longer than to transform a thousand points.
const KEPT: usize = 32;

struct Known {
    from: String,
    to: String,
    transform: Rc<CoordTransform>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// A transformation of points from one coordinate reference system, as WKT, to another.
pub(super) struct Points(Rc<CoordTransform>);

impl Points {
    /// # Errors
    /// [`crate::Error::Invalid`] and [`crate::Error::Gdal`] where a reference system can't be read, or no way leads from one to
    /// the other.
    pub(super) fn between(from: &str, to: &str) -> Result<Self> {
        let known = KNOWN.with_borrow(|all| {
            all.iter()
                .find(|known| known.from == from && known.to == to)
                .map(|known| Rc::clone(&known.transform))
        });
        if let Some(transform) = known {
            return Ok(Self(transform));
        }
        let transform = Rc::new(CoordTransform::new(&reference(from)?, &reference(to)?)?);
        KNOWN.with_borrow_mut(|all| {
            if all.len() >= KEPT {
                all.remove(0);
            }
            all.push(Known { from: from.to_owned(), to: to.to_owned(), transform: Rc::clone(&transform) });
        });
        Ok(Self(transform))
    }

    /// The places of points `[x, y]`, in their order; `None` for those without one.
    pub(super) fn places(&self, points: &[Option<[f64; 2]>]) -> Vec<Option<[f64; 2]>> {
        // What has no place already stays so, whatever becomes of the numbers that stand for it.
        let given: Vec<[f64; 2]> = points.iter().map(|point| point.unwrap_or_default()).collect();
        let mut x: Vec<f64> = given.iter().map(|[x, _]| *x).collect();
        let mut y: Vec<f64> = given.iter().map(|[_, y]| *y).collect();
        let mut found = vec![0i32; points.len()];
        let Ok(count) = i32::try_from(points.len()) else { return vec![None; points.len()] };
        // SAFETY: the three arrays have `count` entries each and live through the call; without heights there is no third
        // coordinate. The returned value says whether all points have a place, which `found` says for each.
        unsafe {
            gdal_sys::OCTTransformEx(
                self.0.to_c_hct(),
                count,
                x.as_mut_ptr(),
                y.as_mut_ptr(),
                std::ptr::null_mut(),
                found.as_mut_ptr(),
            );
        }
        (points.iter().zip(x.into_iter().zip(y)).zip(found))
            .map(|((point, (x, y)), found)| {
                (point.is_some() && found != 0 && x.is_finite() && y.is_finite()).then_some([x, y])
            })
            .collect()
    }
}
