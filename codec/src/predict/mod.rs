//! Samples as integers, predicted from their neighbours: they come back exactly, or within a bound.
//!
//! [`predictive`] codes planes of integers by linear prediction ([`walk`] explains the model), [`classes`] codes maps of few classes,
//! and [`lattice`] turns floats into integers, so that one coder serves both. A decoder's control flow depends on integers
//! alone, never on a floating-point result, so all decoders agree. Tiles that a model decodes within a bound use the same
//! coder for their corrections.
//!
//! | file | what it holds |
//! |---|---|
//! | `plan`, `fit`, `rule`, `gram` | what the encoder decides for a plane, and how |
//! | `walk`, `vectorised`, `padded` | prediction and restoration |
//! | `symbol`, `nibble`, `numbers`, `wide` | residuals and parameters to bytes |

pub(crate) mod classes;
mod fit;
mod gram;
pub(crate) mod lattice;
mod nibble;
mod numbers;
mod padded;
mod plan;
pub(crate) mod predictive;
mod rule;
mod symbol;
mod vectorised;
mod walk;
mod wide;

pub(crate) use padded::Shape;
pub(crate) use walk::Restored;
