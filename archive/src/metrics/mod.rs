//! How far one raster differs from another: errors, structural similarity, spectral angle, errors along tile borders.

pub(crate) mod blocks;
mod carry;
pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod found;
mod histogram;
pub(crate) mod ring;
pub(crate) mod spectral;
pub(crate) mod ssim;

pub use blocks::{Bands, Block, check_size, read_block, scan_blocks};
pub use compare::{BlockWatch, Yardstick, compare_blocks};
pub use error::ErrorSum;
pub use found::{BandErrors, RasterErrors};
pub use histogram::Histogram;
pub use spectral::AngleSum;
pub use ssim::ScoreSum;
