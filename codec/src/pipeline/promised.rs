//! Tiles within a promised bound: by prediction or by a picture and its corrections, whichever is shorter, and only if
//! decoding shows that the promise holds.

use super::bounded;
use super::codec::ChunkCodec;
use super::correction::WORTHWHILE;
use super::dates::{DateLinks, ReferenceTile};
use super::encode_tile::PreparedTile;
use super::predicted::Form;
use super::source::EncodedTile;
use super::tile::ChunkContext;
use crate::container::bytes::put_varint;
use crate::container::tile::{BOUNDED, CLASSES, CORRECTED, PREDICTED};
use crate::error::{Error, Result};
use crate::sample::{DataType, Sample};

/// A way to code a tile's valid samples: what is added to its mode, the bytes after its mask, and the links to other dates.
type Candidate<'a> = (u8, Vec<u8>, DateLinks<'a>);

/// A tile that keeps its promise.
pub(super) struct PromisedTile {
    pub(super) tile: EncodedTile,
    /// Whether it refers to the earlier date.
    pub(super) refers: bool,
    pub(super) reference: Option<ReferenceTile>,
}

impl ChunkCodec {
    /// Encodes a tile within its chunk's bound. It may refer to the earlier date of `links`.
    pub(super) fn promised_tile<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        prepared: &PreparedTile<T>,
        links: DateLinks<'_>,
    ) -> Result<PromisedTile> {
        let tile = &prepared.tile;
        let size = [tile.height, tile.width];
        if !tile.classes.is_empty() && !tile.classes.contains(&0) {
            let mut out = EncodedTile::default();
            out.seal(prepared.mask.clone());
            return Ok(PromisedTile { tile: out, refers: false, reference: None });
        }
        let samples = chunk.samples(size, &tile.classes)?;
        let alone = DateLinks { earlier: None, ..links };
        let mut contents = vec![(PREDICTED, samples.encode(&tile.samples, Form::Promised, None)?, alone)];
        if links.earlier.is_some() {
            let bytes = samples.encode(&tile.samples, Form::Promised, links.samples()?)?;
            contents.push((PREDICTED, bytes, links));
        }
        contents.extend(samples.encode_classes(&tile.samples).map(|bytes| (CLASSES, bytes, alone)));
        let shortest = contents.iter().map(|content| content.1.len()).min().unwrap_or_default();
        let picture = self.corrected_picture(chunk, prepared, shortest)?;
        contents.extend(picture.map(|(mode, bytes)| (mode, bytes, DateLinks::default())));
        contents.sort_by_key(|content| content.1.len());
        for content in contents {
            if let Some(promised) = self.verified(chunk, prepared, content)? {
                return Ok(promised);
            }
        }
        // A restored sample that would equal nodata is moved by one, which may take it beyond the bound.
        let float = matches!(T::TYPE, DataType::Float32 | DataType::Float64);
        let forms: &[Form] = match samples.bounds.stable || float {
            true => &[Form::Lossless],
            false => &[Form::Tighter, Form::Lossless],
        };
        for form in forms {
            let content = (PREDICTED, samples.encode(&tile.samples, *form, None)?, alone);
            if let Some(promised) = self.verified(chunk, prepared, content)? {
                return Ok(promised);
            }
        }
        Err(Error::InvalidArgument(
            "a tile does not come back within its bound even when it is coded without loss; please report this".to_owned(),
        ))
    }

    /// A picture and the corrections that bring it within the bound. `None` without a model, where the bound is too small, and where
    /// the codes alone take `most` bytes or more.
    fn corrected_picture<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        prepared: &PreparedTile<T>,
        most: usize,
    ) -> Result<Option<(u8, Vec<u8>)>> {
        let tile = &prepared.tile;
        let size = [tile.height, tile.width];
        if prepared.latents.is_empty() {
            return Ok(None);
        }
        let coded = self.code_tile(chunk, prepared, DateLinks::default())?;
        if coded.stream.len() >= most {
            return Ok(None);
        }
        let codes = self.coded(chunk, size, &prepared.empty, &coded.stream, DateLinks::default())?;
        let (plain, _) = codes.picture()?;
        let (mut mode, mut picture) = (BOUNDED, codes.values(plain.clone(), None)?);
        if let Some(correction) = &codes.runner.correction {
            let better = codes.values(plain, Some(correction))?;
            if tile.squares(&better) < tile.squares(&picture) * WORTHWHILE {
                (mode, picture) = (BOUNDED | CORRECTED, better);
            }
        }
        let samples = chunk.samples(size, &tile.classes)?;
        let tolerance = codes.runner.tolerance();
        let Some(corrections) =
            bounded::encode(&samples, tolerance, Form::Promised, &picture, &tile.samples, chunk.classifier)?
        else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        put_varint(&mut bytes, coded.stream.len() as u64);
        bytes.extend_from_slice(&coded.stream);
        bytes.extend(corrections);
        Ok(Some((mode, bytes)))
    }

    /// Verifies a candidate by decoding it: returns the tile if the samples that a reader will decode are within the bound.
    fn verified<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        prepared: &PreparedTile<T>,
        (mode, content, links): Candidate<'_>,
    ) -> Result<Option<PromisedTile>> {
        let tile = &prepared.tile;
        let mut bytes = prepared.mask.clone();
        bytes[0] |= mode;
        bytes.extend(content);
        let size = [tile.height, tile.width];
        let (decoded, reference) = self.decode_payload(chunk, size, &bytes, links)?;
        let Some(bounds) = chunk.bounds else { return Ok(None) };
        if !tile.is_within(&decoded, &bounds.each) {
            return Ok(None);
        }
        let mut out = tile.measure(&decoded);
        out.peak = prepared.peak;
        out.seal(bytes);
        Ok(Some(PromisedTile { tile: out, refers: links.earlier.is_some(), reference }))
    }
}
