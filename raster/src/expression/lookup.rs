//! Planes by the names of their bands, in whatever collection the caller keeps them.

use crate::plane::Plane;
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};

/// Where an expression or a mask finds the planes of a window.
pub trait Lookup {
    /// The plane of a band, where there is one.
    fn plane(&self, name: &str) -> Option<&Plane>;
    /// The names of all bands, for messages.
    fn names(&self) -> Vec<String>;
}

impl<N: AsRef<str>, P: Borrow<Plane>> Lookup for [(N, P)] {
    fn plane(&self, name: &str) -> Option<&Plane> {
        self.iter().find(|(known, _)| known.as_ref() == name).map(|(_, plane)| plane.borrow())
    }

    fn names(&self) -> Vec<String> {
        self.iter().map(|(name, _)| name.as_ref().to_owned()).collect()
    }
}

impl<P: Borrow<Plane>> Lookup for BTreeMap<String, P> {
    fn plane(&self, name: &str) -> Option<&Plane> {
        self.get(name).map(Borrow::borrow)
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl<P: Borrow<Plane>> Lookup for HashMap<String, P> {
    fn plane(&self, name: &str) -> Option<&Plane> {
        self.get(name).map(Borrow::borrow)
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}
