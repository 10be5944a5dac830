//! One tile: samples to bytes.

use super::code_latents::CodedLatents;
use super::codec::ChunkCodec;
use super::correction::WORTHWHILE;
use super::dates::{DateLinks, ReferenceTile};
use super::position::TilePosition;
use super::source::{EncodedTile, Source, SourceTile};
use super::tile::ChunkContext;
use crate::container::tile::{CORRECTED, write_mask};
use crate::entropy::tile::TileHistory;
use crate::error::Result;
use crate::sample::Sample;

/// A tile that is ready to be coded: everything that does not depend on other dates.
pub(super) struct PreparedTile<T> {
    pub(super) tile: SourceTile<T>,
    /// The mode and the mask.
    pub(super) mask: Vec<u8>,
    /// Which patches hold no valid sample; empty when there is no mask.
    pub(super) empty: Vec<bool>,
    /// `(patch, scan position)`; empty where no sample is valid, there is no model, or its picture can't keep the promise.
    pub(super) latents: Vec<f32>,
    patches: usize,
    /// The largest magnitude of a latent.
    pub(super) peak: f32,
}

impl<T> PreparedTile<T> {
    /// The earlier dates that resemble this tile most: no more than `most` of them.
    pub(super) fn most_similar(
        &self,
        earlier: &[Option<ReferenceTile>],
        step: f32,
        most: usize,
    ) -> Vec<usize> {
        // A tile without a valid sample resembles no date.
        let planes = self.latents.len() / self.patches;
        let similarity = |history: &TileHistory| history.similarity(&self.latents, planes.max(1), 1.0 / step);
        let references = earlier.iter().enumerate().filter(|_| planes > 0);
        let mut found: Vec<(usize, f32)> = references
            .filter_map(|(at, reference)| match reference {
                Some(ReferenceTile::Codes(history)) => Some((at, similarity(history))),
                _ => None,
            })
            .collect();
        // The later date, where two resemble it equally.
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        found.truncate(most);
        found.into_iter().map(|(at, _)| at).collect()
    }
}

impl ChunkCodec {
    /// Makes latents of a tile's samples; `None` for a tile all of whose samples are masked with the first pattern.
    pub(super) fn prepare<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        source: &Source<'_, T>,
        position: &TilePosition,
    ) -> Result<Option<PreparedTile<T>>> {
        let tile = SourceTile::gather(source, position, chunk.classifier, chunk.patterns);
        let count = tile.samples.len();
        if tile.classes.len() == count && tile.classes.iter().all(|c| *c == 1) {
            return Ok(None);
        }
        let mask = write_mask(&tile.samples, &tile.classes, [tile.bands, tile.height, tile.width]);
        let valid = tile.classes.is_empty() || tile.classes.contains(&0);
        let latents = match &self.runner {
            Some(runner) if valid && chunk.takes_pictures() => runner.latents(&tile, chunk.step)?,
            _ => Vec::new(),
        };
        let peak = match self.has_scalar_codes() {
            true => latents.iter().fold(0.0, |peak, v| v.abs().max(peak)),
            false => 0.0,
        };
        let empty = tile.empty_patches(self.patch());
        let patches = tile.height.div_ceil(self.patch()) * tile.columns(self.patch());
        Ok(Some(PreparedTile { tile, mask, empty, latents, patches, peak }))
    }

    /// Codes a tile's latents. `links` holds the reference tile, if any, and whether later tiles will refer to this one.
    pub(super) fn code_tile<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        prepared: &PreparedTile<T>,
        links: DateLinks<'_>,
    ) -> Result<CodedLatents> {
        match &self.runner {
            Some(runner) if !prepared.latents.is_empty() => {
                let columns = prepared.tile.columns(self.patch());
                let ChunkContext { step, entropy, .. } = *chunk;
                runner.code(prepared.latents.clone(), step, entropy, columns, &prepared.empty, links.codes()?)
            }
            _ => Ok(CodedLatents { stream: Vec::new(), history: None, cost: 0.0 }),
        }
    }

    /// Puts a tile together, decodes it as a reader will, and measures the errors.
    pub(super) fn finish_tile<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        prepared: PreparedTile<T>,
        coded: &CodedLatents,
        links: DateLinks<'_>,
    ) -> Result<EncodedTile> {
        let PreparedTile { tile, mask: mut bytes, latents, empty, peak, .. } = prepared;
        bytes.extend_from_slice(&coded.stream);
        let size = [tile.height, tile.width];
        let correction = self.runner.as_ref().and_then(|runner| runner.correction.as_ref());
        let mut out = match correction.filter(|_| !latents.is_empty()) {
            None => tile.measure(&self.decode_payload(chunk, size, &bytes, links)?.0),
            Some(correction) => {
                let coded = self.coded(chunk, size, &empty, &coded.stream, links)?;
                let mut decoded = vec![T::zeroed(); tile.samples.len()];
                let (picture, _) = coded.picture()?;
                coded.finish(picture.clone(), None, &mut decoded)?;
                let plain = tile.measure(&decoded);
                coded.finish(picture, Some(correction), &mut decoded)?;
                let better = tile.measure(&decoded);
                if better.squares.value() < plain.squares.value() * WORTHWHILE {
                    bytes[0] |= CORRECTED;
                    better
                } else {
                    plain
                }
            }
        };
        out.peak = peak;
        out.seal(bytes);
        Ok(out)
    }
}
