//! From patterns of paths to layers: `files` finds files and reads their names by `pattern`, `open` opens them, `discover`
//! describes their bands as [`layer`]s, and `scene` sorts layers by band and date.
//!
//! Files with variables (`subdatasets`), NumPy's arrays (`npy_vrt`) and lists of pixels (`lists`) have readers of their
//! own. `polygons` are borders and labels.

pub(in crate::ingest) mod discover;
pub(in crate::ingest) mod files;
pub(in crate::ingest) mod layer;
pub(in crate::ingest) mod lists;
mod npy_vrt;
pub(in crate::ingest) mod open;
pub(in crate::ingest) mod pattern;
pub(in crate::ingest) mod polygons;
pub(in crate::ingest) mod scene;
mod subdatasets;
