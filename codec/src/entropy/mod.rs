//! Integer codes to bytes and back. What a decoder reads follows from integers alone: every table, context and symbol is
//! computed without floating point, so that codes decode alike everywhere.
//!
//! [`rans`] turns binary decisions with probabilities into bytes, and [`adaptive`] estimates the probabilities. [`tile`] and
//! [`indices`] describe a tile's scalar codes or codebook indices as decisions, and choose the contexts of each. [`lz4`] is the
//! fast mode.

pub(crate) mod adaptive;
#[cfg(feature = "fit")]
pub(crate) mod dry_run;
pub(crate) mod indices;
pub(crate) mod lz4;
pub(crate) mod predict;
pub(crate) mod rans;
pub(crate) mod tile;
