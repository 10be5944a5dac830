//! Many files as one cube, read window by window.
//!
//! The journey: [`config`] says what is wanted; [`discover`] opens the files and lists their bands as [`layer`]s, by what
//! [`pattern`]s of names and `netcdf` variables tell; [`plan`] puts them onto [`grid`]s, as arrays of dates and bands;
//! [`cube`] reads a window of such an array, by way of [`mosaic`]. Lists of pixels are found by `pixels` and read as `list`s.

mod board;
mod calendar;
pub mod config;
pub mod cube;
pub mod discover;
mod domains;
mod extent;
mod filter;
pub mod grid;
pub mod layer;
mod list;
pub mod mosaic;
mod netcdf;
mod npy;
mod open;
pub mod pattern;
mod pixels;
pub mod plan;
pub mod scene;
mod steps;
mod variable;
pub mod vector;
