//! Many files as one cube, read window by window.
//!
//! The journey: [`config`] says what is wanted; [`discover`] opens the files and lists their bands as [`layer`]s, by what
//! [`pattern`]s of names and [`netcdf`] variables tell; [`plan`] puts them onto [`grid`]s, as arrays of dates and bands;
//! [`cube`] reads a window of such an array, by way of [`mosaic`].

mod board;
mod calendar;
pub mod config;
pub mod cube;
pub mod discover;
mod extent;
pub mod grid;
pub mod layer;
pub mod mosaic;
mod netcdf;
mod npy;
mod open;
pub mod pattern;
pub mod plan;
pub mod scene;
mod steps;
pub mod vector;
