//! Layers on a grid: `placement` says how a layer lies on it, `datasets` opens the layer so, `mosaic` reads a window of all
//! layers of a band and date, `gridded` keeps the bands of a scene with their layers, and `validity` masks them.

mod datasets;
pub(in crate::ingest) mod gridded;
pub(in crate::ingest) mod mosaic;
mod placement;
pub(in crate::ingest) mod validity;
