//! Coding without a stream, for a fit that needs the statistics that a coder learns and not its bytes.

use crate::entropy::rans::Coder;

/// A coder without output: it returns every decision as given, so that callers update their statistics and nothing else
/// happens.
#[derive(Debug)]
pub(crate) struct DryRun;

impl Coder for DryRun {
    #[inline(always)]
    fn bit(&mut self, bit: bool, _: u32) -> bool {
        bit
    }
}
