//! One tile: bytes to samples.

use super::bounded;
use super::codec::ChunkCodec;
use super::dates::{DateLinks, ReferenceTile};
use super::picture::CodedTile;
use super::position::TilePosition;
use super::tile::{ChunkContext, checked, empty_patches};
use crate::container::tile::{Content, ExpectedTile, Payload};
use crate::error::{Error, Result};
use crate::mask::ESCAPE;
use crate::sample::Sample;
use std::ops::Range;

/// The codes of one tile, as they stand in a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileCodes {
    /// The image in the chunk, in C order of the dimensions that are looped over.
    pub image: usize,
    /// The chunk's rows that the tile covers.
    pub rows: Range<usize>,
    /// The chunk's columns that the tile covers.
    pub columns: Range<usize>,
    /// Rows and columns of patches.
    pub grid: [usize; 2],
    /// `(patch, plane)`, 0 where nothing is coded. Planes of scalar codes come in the order of
    /// [`Model::scan_order`](crate::model::Model::scan_order), strongest first; those of indices in their own.
    pub codes: Vec<i32>,
}

impl ChunkCodec {
    /// The samples `(band, y, x)` of a tile from its bytes, checksum included, and what later dates may refer to.
    pub(super) fn decode_tile<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        position: &TilePosition,
        part: &[u8],
        links: DateLinks<'_>,
    ) -> Result<(Vec<T>, Option<ReferenceTile>)> {
        let size = [position.rows.len(), position.columns.len()];
        if part.is_empty() {
            let samples = chunk.bands * size[0] * size[1];
            return Ok((vec![T::from_bits(chunk.patterns.pattern(1)?); samples], None));
        }
        self.decode_payload(chunk, size, checked(part)?, links)
    }

    /// The codes of a tile from its bytes, checksum included, and what later dates may refer to.
    pub(super) fn tile_codes<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        position: &TilePosition,
        part: &[u8],
        links: DateLinks<'_>,
    ) -> Result<(TileCodes, Option<ReferenceTile>)> {
        let size = [position.rows.len(), position.columns.len()];
        let grid = size.map(|side| side.div_ceil(self.patch()));
        let (mut codes, mut reference) = (Vec::new(), None);
        if !part.is_empty() {
            let payload = Payload::read::<T>(checked(part)?, &self.expected_tile(chunk, size))?;
            if let Content::Codes { stream, .. } = payload.content {
                let (found, history) =
                    self.coded(chunk, size, &self.empty(chunk, &payload, size), stream, links)?.codes()?;
                (codes, reference) = (found, history.map(ReferenceTile::from));
            }
        }
        let planes = self.runner.as_ref().map_or(0, |runner| runner.model.manifest().planes);
        codes.resize(grid[0] * grid[1] * planes, 0);
        let (rows, columns) = (position.rows.clone(), position.columns.clone());
        Ok((TileCodes { image: position.image, rows, columns, grid, codes }, reference))
    }

    /// As [`ChunkCodec::decode_tile`], from the bytes without their checksum.
    pub(super) fn decode_payload<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        size: [usize; 2],
        payload: &[u8],
        links: DateLinks<'_>,
    ) -> Result<(Vec<T>, Option<ReferenceTile>)> {
        let payload = Payload::read::<T>(payload, &self.expected_tile(chunk, size))?;
        let mut out = vec![T::zeroed(); chunk.bands * size[0] * size[1]];
        let reference = self.decode_content(chunk, size, &payload, links, &mut out)?;
        let mut escaped = payload.mask.escaped.iter();
        for (sample, class) in out.iter_mut().zip(&payload.mask.classes) {
            match *class {
                0 => {}
                // One bit pattern was read for each escape.
                ESCAPE => *sample = escaped.next().map_or(*sample, |bits| T::from_bits(*bits)),
                class => *sample = T::from_bits(chunk.patterns.pattern(class)?),
            }
        }
        Ok((out, reference))
    }

    /// Decodes the valid samples. Masked samples get arbitrary values.
    fn decode_content<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        size: [usize; 2],
        payload: &Payload<'_>,
        links: DateLinks<'_>,
        out: &mut [T],
    ) -> Result<Option<ReferenceTile>> {
        let classes = &payload.mask.classes;
        match payload.content {
            Content::Codes { bounded: Some(_), .. } | Content::Nothing if links.earlier.is_some() => {
                Err(Error::Corrupt(
                    "a tile that stands alone refers to another date; write the chunk again".to_owned(),
                ))
            }
            Content::Nothing => Ok(None),
            Content::Predicted(bytes) => {
                let samples = chunk.samples(size, classes)?;
                let reference = samples.decode(bytes, chunk.classifier, links.samples()?, out)?;
                Ok(links.referenced.then_some(ReferenceTile::Samples(reference)))
            }
            Content::Classes(bytes) => {
                if links.earlier.is_some() {
                    return Err(Error::Corrupt(
                        "a tile of classes refers to another date; write the chunk again".to_owned(),
                    ));
                }
                chunk.samples(size, classes)?.decode_classes(bytes, out)?;
                Ok(None)
            }
            Content::Codes { stream, corrected, bounded } => {
                let empty = self.empty(chunk, payload, size);
                let tile = self.coded(chunk, size, &empty, stream, links)?;
                let correction = tile.runner.correction.as_ref().filter(|_| corrected);
                let Some(corrections) = bounded else {
                    return Ok(tile.decode(correction, out)?.map(ReferenceTile::from));
                };
                let (picture, _) = tile.picture()?;
                let tolerance = tile.runner.tolerance();
                #[cfg_attr(not(feature = "faults"), expect(unused_mut, reason = "a fault may be injected"))]
                let mut picture = tile.values(picture, correction)?;
                #[cfg(feature = "faults")]
                super::faults::apply(&mut picture, |value| tolerance.at(value));
                let samples = chunk.samples(size, classes)?;
                bounded::decode(&samples, tolerance, corrections, &picture, chunk.classifier, out)?;
                Ok(None)
            }
        }
    }

    /// The properties of a tile of this size that are known before its bytes are read.
    fn expected_tile<T>(&self, chunk: &ChunkContext<'_, T>, [height, width]: [usize; 2]) -> ExpectedTile {
        ExpectedTile {
            bands: chunk.bands,
            height,
            width,
            promised: chunk.bounds.is_some(),
            model: self.runner.is_some(),
            correction: self.runner.as_ref().is_some_and(|runner| runner.correction.is_some()),
        }
    }

    /// Which patches hold no valid sample, so that the entropy coder skips them; empty when all hold one.
    fn empty<T>(&self, chunk: &ChunkContext<'_, T>, payload: &Payload<'_>, size: [usize; 2]) -> Vec<bool> {
        empty_patches(&payload.mask.classes, chunk.bands, size[0], size[1], self.patch())
    }

    /// The tile that a stream of codes describes.
    pub(super) fn coded<'b, T>(
        &'b self,
        chunk: &'b ChunkContext<'b, T>,
        [height, width]: [usize; 2],
        empty: &'b [bool],
        stream: &'b [u8],
        links: DateLinks<'b>,
    ) -> Result<CodedTile<'b, T>> {
        let Some(runner) = &self.runner else {
            return Err(Error::Corrupt("a tile holds codes, the array names no model".to_owned()));
        };
        let ChunkContext { classifier, entropy, step, .. } = *chunk;
        let links = links.codes()?;
        Ok(CodedTile { runner, height, width, step, entropy, stream, empty, classifier, links })
    }
}
