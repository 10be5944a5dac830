//! Labels: class borders eroded, samples counted per class.

mod counts;
mod erosion;

pub use counts::{ClassRow, Counts};
pub use erosion::{Erosion, Gaps, Neighbourhood};
