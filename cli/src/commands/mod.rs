//! The commands, one a file.

pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod encode;
pub(crate) mod export;
pub(crate) mod fit;
pub(crate) mod info;
#[cfg(feature = "gdal")]
pub(crate) mod ingest;
pub(crate) mod man;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod verify;
#[cfg(not(feature = "gdal"))]
pub(crate) mod without_gdal;
