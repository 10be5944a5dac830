//! Faults that tests inject: decoders that differ from the writer's by as much as a model's tolerance allows.

use std::cell::RefCell;

/// How far to move a value of a picture, as a factor of the tolerance from −1 to 1. It is given the value's index
/// `(band, y, x)` in the tile and the value.
pub type Shift = Box<dyn Fn(usize, f32) -> f64>;

thread_local! {
    static SHIFT: RefCell<Option<Shift>> = const { RefCell::new(None) };
}

/// Shifts the pictures of bounded tiles that this thread decodes, from now on; `None` ends it.
pub fn shift_pictures(shift: Option<Shift>) {
    SHIFT.with(|slot| *slot.borrow_mut() = shift);
}

/// Applies this thread's shift, if there is one. `reach` is the tolerance at a value.
pub(super) fn apply(picture: &mut [f32], reach: impl Fn(f32) -> f64) {
    SHIFT.with(|slot| {
        if let Some(shift) = &*slot.borrow() {
            for (place, value) in picture.iter_mut().enumerate() {
                let moved = f64::from(*value) + shift(place, *value).clamp(-1.0, 1.0) * reach(*value);
                // Rounding to float32 must not carry the value beyond the tolerance.
                let near = moved as f32;
                let beyond = (f64::from(near) - f64::from(*value)).abs() > reach(*value);
                *value = match (beyond, near > *value) {
                    (false, _) => near,
                    (true, true) => near.next_down(),
                    (true, false) => near.next_up(),
                };
            }
        }
    });
}
