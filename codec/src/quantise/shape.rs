//! The kinds of quantisers, and the shape of codebooks.

use serde::{Deserialize, Serialize};

/// How latents become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantiser {
    /// Scalar codes with one step.
    Fsq,
    /// One codebook index for each group of latents.
    Vq,
    /// Several indices for each group of latents, in stages: each stage codes the residual of the stages before. The number of stages
    /// varies from patch to patch.
    Rvq,
}

impl std::fmt::Display for Quantiser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fsq => "fsq",
            Self::Vq => "vq",
            Self::Rvq => "rvq",
        })
    }
}

/// The most groups.
pub(crate) const MAX_GROUPS: usize = 64;
/// The most stages.
pub(crate) const MAX_STAGES: usize = 64;
/// The most entries of one codebook.
pub(crate) const MAX_SIZE: usize = 1 << 16;
/// The most latents of one entry.
const MAX_WIDTH: usize = 4096;
/// The most entries of all codebooks together. Each tile starts from a copy of the statistics, a few bytes for each entry.
pub(crate) const MAX_ENTRIES: usize = 1 << 20;
/// The most numbers in all codebooks together.
const MAX_NUMBERS: usize = 1 << 26;

/// How many codebooks there are, and their shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodebookShape {
    /// Groups into which the latents of a position are split, 1 to 64; group `g` is latents `g × width` and following.
    pub groups: usize,
    /// Stages of each group, 1 to 64.
    pub stages: usize,
    /// Entries of each codebook, 2 to 65536.
    pub size: usize,
    /// Latents of an entry, 1 to 4096.
    pub width: usize,
}

impl CodebookShape {
    /// Index planes: one for each stage and group, `stage × groups + group`.
    #[must_use]
    pub fn planes(&self) -> usize {
        self.groups * self.stages
    }

    /// Latents at each position.
    #[must_use]
    pub fn latents(&self) -> usize {
        self.groups * self.width
    }

    /// # Errors
    /// A message (without a kind) that says what is out of its range.
    pub(crate) fn check(&self, quantiser: Quantiser) -> Result<(), String> {
        for (what, found, least, most) in [
            ("groups", self.groups, 1, MAX_GROUPS),
            ("stages", self.stages, 1, MAX_STAGES),
            ("entries a codebook", self.size, 2, MAX_SIZE),
            ("latents an entry", self.width, 1, MAX_WIDTH),
        ] {
            if !(least..=most).contains(&found) {
                return Err(format!("the codebooks have {found} {what}, allowed are {least} to {most}"));
            }
        }
        let entries = self.planes() * self.size;
        if entries > MAX_ENTRIES || entries * self.width > MAX_NUMBERS {
            return Err(format!(
                "the codebooks have {entries} entries of {} numbers, allowed are {MAX_ENTRIES} entries and {MAX_NUMBERS} \
                 numbers in all",
                self.width
            ));
        }
        match (quantiser, self.stages) {
            (Quantiser::Fsq, _) => Err("fsq takes no codebooks".to_owned()),
            (Quantiser::Vq, 2..) => Err(format!("vq has {} stages, allowed is 1", self.stages)),
            _ => Ok(()),
        }
    }
}
