//! The decisions that describe a tile's codes, and what each is predicted from.
//!
//! Patches go row by row, and within a patch the planes in the model's scan order, strongest first. Runs of 16
//! planes (and of 128) that are all zero take one decision. A code's magnitude is coded in unary, then in
//! exponential-Golomb; each decision mixes three adaptive probabilities, chosen by
//! 1. the magnitude that a fitted linear rule expects from neighbouring patches, neighbouring planes and the model,
//! 2. the plane itself, which learns within the tile,
//! 3. the neighbouring frequencies and the earlier components of the same frequency,
//! 4. where the tile refers to an earlier date, what that one holds there ([`history`]).

mod choose;
mod coder;
mod contexts;
mod history;
#[cfg(feature = "fit")]
mod learn;
mod observer;
mod planes;

pub(crate) use coder::TileCoder;
#[cfg(feature = "fit")]
pub(crate) use contexts::{CLASSES, FEATURES};
pub(crate) use history::{HistoryLinks, TileHistory};
#[cfg(feature = "fit")]
pub(crate) use observer::Observer;
pub(crate) use planes::{Planes, Relations, Statistics};
