//! From patterns of paths to layers: `files` finds files and reads their names by `pattern`, `open` opens them, `discover`
//! describes their bands as [`layer`]s, and `scene` sorts layers by band and date.
//!
//! Files with variables (`subdatasets`), NumPy's arrays (`npy_vrt`) and lists of pixels (`lists`) have readers of their
//! own. `polygons` reads borders and labels.

pub(crate) mod discover;
pub(crate) mod files;
pub(crate) mod layer;
pub(crate) mod lists;
mod npy_vrt;
pub(crate) mod open;
pub(crate) mod pattern;
pub(crate) mod polygons;
pub(crate) mod scene;
mod subdatasets;
