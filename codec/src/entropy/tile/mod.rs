//! The coder of a tile's scalar codes.
//!
//! **The model.** A tile is a grid of patches, and each patch has one code, an integer, for each plane of the model. Most codes
//! are 0. A code other than 0 is likely where the same plane has others in the patches around, where planes of similar frequency
//! have others in the same patch, and where the plane is strong, that is, where its standard deviation is large compared with
//! the quantiser's step.
//!
//! **The symbols.** All symbols are binary decisions. A *group* of 16 planes, and a *span* of 8 groups, take one decision each: whether any
//! code in it is not 0. Within a group where one is, each code takes up to six decisions on its magnitude (is it more than 0, more
//! than 1, …), an exponential-Golomb code for a larger remainder, and a sign.
//!
//! **The probabilities.** Each decision mixes three or four adaptive probabilities in the logistic domain (see
//! [`adaptive`](crate::entropy::adaptive)). They are selected by
//! 1. the magnitude that a fitted linear rule expects, from the patches around, the planes just coded and the plane's strength;
//! 2. the plane itself, whose counters learn within the tile;
//! 3. the neighbouring frequencies and the earlier components of the same frequency;
//! 4. where the tile refers to that of an earlier date, the code of the same plane and patch in it ([`history`]).
//!
//! A few strong planes are predicted outright from their neighbours ([`predict`](crate::entropy::predict)), and then the differences are coded.
//!
//! **The order.** Patches row by row; within a patch planes in the model's scan order, strongest first.
//!
//! **The code.** [`coder`] walks over the decisions, the same for both directions. [`choose`] is the encoder's choice of codes by
//! rate and distortion, with the bits that the coder would take. [`planes`] holds a model's planes and first statistics at a
//! step, [`contexts`] the classes of contexts. [`learn`](self) and [`observer`] serve the fit.

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
