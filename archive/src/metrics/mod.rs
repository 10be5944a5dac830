//! How far one raster is from another: errors, structural similarity, spectral angle, errors along tile borders.

pub mod blocks;
mod carry;
pub mod compare;
pub mod error;
pub mod found;
pub mod histogram;
pub mod ring;
pub mod spectral;
pub mod ssim;
