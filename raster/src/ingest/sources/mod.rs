//! From patterns of paths to layers: `files` finds files and reads their names by `pattern`, `open` opens them, `parts` finds the
//! rasters in them, `describe` describes the bands of each as [`layer`]s with the names of `naming` and their `place`, `discover` gathers these, and
//! `scene` sorts layers by band and date, and refuses those that nothing tells apart (`same_place`) or that mean different things
//! (`meaning`).
//!
//! Files with variables (`container`, `axes`, `steps`, `subdatasets`), GRIB (`grib`), NumPy's arrays (`npy_vrt`) and lists of
//! pixels (`lists`) have readers of their own; `classic_netcdf` notices files that were cut off. `polygons` reads borders and labels. `oddities` says once what many files share.

mod axes;
mod classic_netcdf;
pub(crate) mod container;
pub(crate) mod describe;
mod discover;
pub(crate) mod files;
pub(crate) mod grib;
pub(crate) mod items;
pub(crate) mod layer;
pub(crate) mod lists;
mod meaning;
mod naming;
mod npy_vrt;
pub(crate) mod oddities;
pub(crate) mod open;
pub(crate) mod own_coordinates;
pub(crate) mod parts;
pub(crate) mod pattern;
pub(crate) mod place;
pub(crate) mod polygons;
mod same_place;
pub(crate) mod scene;
pub(crate) mod steps;
mod subdatasets;
