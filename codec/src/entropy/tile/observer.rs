//! How a fit observes the decisions of training tiles.

use super::contexts::FEATURES;

/// Adds up what a fit learns from the decisions of training tiles.
pub(crate) trait Observer {
    /// A magnitude and the features from which the linear rule expects it, by class.
    fn magnitude(&mut self, class: usize, features: [u32; FEATURES], magnitude: u32);
}

impl Observer for () {
    #[inline(always)]
    fn magnitude(&mut self, _: usize, _: [u32; FEATURES], _: u32) {}
}
