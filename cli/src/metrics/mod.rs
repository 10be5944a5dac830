//! How far one raster is from another: errors, structural similarity, spectral angle, errors along tile borders.

pub(crate) mod blocks;
mod carry;
pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod histogram;
pub(crate) mod ring;
pub(crate) mod spectral;
pub(crate) mod ssim;
