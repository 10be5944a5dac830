//! Layers on a grid: `placement` says how a layer lies on it, `datasets` opens the layer so, `mosaic` reads a window of all
//! layers of a band and date, `gridded` keeps the bands of a scene with their layers, and `validity` masks them.

mod datasets;
pub(crate) mod gridded;
pub(crate) mod mosaic;
mod placement;
pub(crate) mod validity;
