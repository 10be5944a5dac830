//! Many files as one cube, read window by window.
//!
//! The journey: [`config`] says what is wanted; [`discover`] opens the files and lists their bands as [`layer`]s, by what
//! [`pattern`]s of names and [`netcdf`] variables tell; [`plan`] puts them onto [`grid`]s, as arrays of dates and bands;
//! [`cube`] reads a window of such an array, by way of [`mosaic`].

pub mod config;
pub mod discover;
pub mod grid;
pub mod layer;
mod netcdf;
mod npy;
pub mod pattern;
