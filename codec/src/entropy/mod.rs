//! Integer codes to bytes and back. Nothing here computes in floating point: every table, context and symbol follows
//! from integers alone, so that codes decode alike everywhere.
//!
//! [`rans`] turns binary decisions with probabilities into bytes; [`adaptive`] estimates probabilities; [`tile`]
//! and
//! [`indices`] say which decisions describe a tile's scalar codes or codebook indices, and what each is predicted from;
//! [`lz4`] is the fast mode.

pub(crate) mod adaptive;
#[cfg(feature = "fit")]
pub(crate) mod dry_run;
pub(crate) mod indices;
pub(crate) mod lz4;
pub(crate) mod predict;
pub(crate) mod rans;
pub(crate) mod tile;
