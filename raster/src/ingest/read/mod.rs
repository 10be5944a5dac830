//! Reading layers on a grid. `placement` says how a layer lies on the grid, `datasets` opens it accordingly (where it is
//! resampled, through a `view`), `mosaic` reads a window from all layers of a band and date, `gridded` keeps the bands of a
//! scene with their layers, and `validity` masks them.

mod datasets;
pub(crate) mod gridded;
pub(crate) mod mosaic;
mod overlaps;
mod placement;
pub(crate) mod validity;
mod view;
