//! The commands of `vqz`, from outside. All tests are one program: each program would be linked to every library that a command needs.

mod common;
#[cfg(feature = "gdal")]
#[path = "common/rasters.rs"]
mod rasters;

mod bad_input;
mod bench;
mod conventions;
mod downstream;
mod exit_codes;
mod export;
mod extremes;
mod figures;
mod foreign_data;
mod generated;
mod georeference;
mod geotiff;
mod ingest;
mod interrupted;
mod masks;
mod meaning;
mod members;
mod names;
mod networks;
mod permissions;
mod promises;
mod remarks;
mod repair;
mod report;
mod resumed;
mod round_trip;
mod safety;
mod snapshots;
mod sparse;
mod targets;
mod window;
