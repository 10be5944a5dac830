//! Lists of pixels: data that keep only the valid pixels of a grid, one after the other, and their way to grids and back.
//!
//! A [`Domain`] says which cell of the grid each place of the list stands for. A [`Layout`] says where the list lies
//! among the other axes of an array (month, time of day, band, metric, …): a list array of `(month, pixel, band)` is a
//! grid of `(month, band, y, x)`, the other axes in their order and the grid last.

mod copy;
mod domain;
mod export;
mod nesting;
mod window;

pub use copy::Layout;
pub use domain::Domain;
pub use export::{Exported, export, write_list};
pub use nesting::{Coverage, Nesting, check_nesting};
pub use window::DomainWindow;
