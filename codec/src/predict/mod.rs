//! Samples that come back exactly, or within a bound: integers by prediction from their neighbours, from the bands before and
//! from nothing that a float computed; floats as integers ([`lattice`]).
//!
//! The same coder takes what a decoded picture leaves to be corrected.

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
