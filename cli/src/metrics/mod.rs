//! How far one raster is from another: errors, structural similarity, spectral angle, errors along tile borders.

mod carry;
pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod ring;
pub(crate) mod spectral;
pub(crate) mod ssim;
