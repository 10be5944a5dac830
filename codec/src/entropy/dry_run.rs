//! Coding without a stream, for a fit that wants what a coder learns and not its bytes.

use crate::entropy::rans::Coder;

/// A coder without output: it takes every decision as it is given, so that nothing happens but what is learnt from it.
#[derive(Debug)]
pub(crate) struct DryRun;

impl Coder for DryRun {
    #[inline(always)]
    fn bit(&mut self, bit: bool, _: u32) -> bool {
        bit
    }
}
