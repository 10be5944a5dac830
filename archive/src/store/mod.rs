//! Zarr hierarchies on a file system: the nodes of a group, arrays read and written, and files that exist completely
//! or not at all.

pub(crate) mod auxiliary;
pub(crate) mod chunk_keys;
#[cfg(feature = "gdal")]
pub(crate) mod coordinate_writer;
pub(crate) mod coordinates;
pub mod files;
pub(crate) mod foreign;
pub(crate) mod georeference;
pub(crate) mod opened;
pub(crate) mod picked;
pub(crate) mod reader;
pub(crate) mod tree;
pub(crate) mod writer;

pub use georeference::locate;
pub use opened::open_array;
pub use reader::{ZarrRaster, band_coordinate};
pub use tree::{Node, arrays, walk};
