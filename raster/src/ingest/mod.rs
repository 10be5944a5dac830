//! Ingest: many files become one cube, which is read window by window.
//!
//! These are the stages through which a file passes. Each depends only on those before it:
//!
//! 1. [`config`] says which files, onto which grid, and what is computed and written.
//! 2. [`grid`] compares grids of pixels: which pixels of one are those of another.
//! 3. `footprint` says which pixels of a grid another touches that has another coordinate reference system.
//! 4. `sources` finds the files, opens them and describes each band of each as a layer; layers of one band at several
//!    dates make a scene.
//! 5. `read` places layers on a grid and reads windows of them, resampled where the configuration says so.
//! 6. [`plan`] decides, before any sample is read, which arrays there will be, with their dates, bands and types.
//! 7. [`cube`] reads a window of a planned array: masked, filled in time, or computed from other bands.

pub mod config;
pub mod cube;
mod footprint;
pub mod grid;
pub mod plan;
mod read;
mod single;
mod sources;
mod xml;

pub use single::check_single_raster;
pub use sources::open::files_of_raster;
