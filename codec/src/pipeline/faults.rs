//! Faults to be injected in tests: decoders that differ from the writer's by as much as a model's tolerance allows.

use std::cell::RefCell;

/// Moves one value of a picture: its place `(band, y, x)` in the tile, and the value; between −1 and 1 tolerances.
pub type Shift = Box<dyn Fn(usize, f32) -> f64>;

thread_local! {
    static SHIFT: RefCell<Option<Shift>> = const { RefCell::new(None) };
}

/// Has this thread's decoders of bounded tiles differ so, from now on; `None` ends it.
pub fn shift_pictures(shift: Option<Shift>) {
    SHIFT.with(|slot| *slot.borrow_mut() = shift);
}

/// Applies the shift that is asked for, if any is. `reach` is the tolerance at a value.
pub(super) fn apply(picture: &mut [f32], reach: impl Fn(f32) -> f64) {
    SHIFT.with(|slot| {
        if let Some(shift) = &*slot.borrow() {
            for (place, value) in picture.iter_mut().enumerate() {
                let moved = f64::from(*value) + shift(place, *value).clamp(-1.0, 1.0) * reach(*value);
                // A value of the type that is not beyond.
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
