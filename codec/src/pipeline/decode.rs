//! One tile: bytes to samples.

use super::bounded;
use super::coded::CodedTile;
use super::exact::Samples;
use super::payload::{Content, Payload};
use super::place::Job;
use super::stack::{Left, Links};
use super::{ChunkCodec, TileCodes};
use crate::config::EntropyCoder;
use crate::container::header::Bounds;
use crate::error::{Error, Result};
use crate::mask::{Classifier, ESCAPE, Patterns};
use crate::sample::Sample;

/// What the tiles of a chunk share.
pub(super) struct Shared<'a, T> {
    pub(super) classifier: &'a Classifier<T>,
    pub(super) patterns: &'a Patterns,
    pub(super) entropy: EntropyCoder,
    pub(super) step: i16,
    pub(super) bands: usize,
    /// What is promised of valid samples, if anything is.
    pub(super) bounds: Option<&'a Bounds>,
}

impl<T> Shared<'_, T> {
    /// Whether pictures can be had within what is promised.
    pub(super) fn takes_pictures(&self) -> bool {
        self.bounds.is_none_or(|bounds| !bounds.stable && bounds.each.iter().all(|bound| *bound > 0.0))
    }

    /// A tile's samples as coders of integers see them. `classes` are those of its mask.
    pub(super) fn samples<'b>(
        &'b self,
        [height, width]: [usize; 2],
        classes: &'b [u8],
    ) -> Result<Samples<'b>> {
        let Some(bounds) = self.bounds else {
            return Err(Error::Corrupt(
                "a tile is bounded, its chunk is not; write the chunk again".to_owned(),
            ));
        };
        Ok(Samples { bands: self.bands, height, width, classes, bounds })
    }
}

impl ChunkCodec {
    /// The samples `(band, y, x)` of a tile from its bytes, checksum included, and what it leaves to later dates.
    pub(super) fn decode_tile<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        job: &Job,
        part: &[u8],
        links: Links<'_>,
    ) -> Result<(Vec<T>, Option<Left>)> {
        let size = [job.rows.len(), job.columns.len()];
        if part.is_empty() {
            let samples = shared.bands * size[0] * size[1];
            return Ok((vec![T::from_bits(shared.patterns.pattern(1)?); samples], None));
        }
        self.decode_payload(shared, size, super::checked(part)?, links)
    }

    /// The codes of a tile from its bytes, checksum included, and what it leaves to later dates.
    pub(super) fn tile_codes<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        job: &Job,
        part: &[u8],
        links: Links<'_>,
    ) -> Result<(TileCodes, Option<Left>)> {
        let size = [job.rows.len(), job.columns.len()];
        let grid = size.map(|side| side.div_ceil(self.patch()));
        let (mut codes, mut left) = (Vec::new(), None);
        if !part.is_empty() {
            let payload = Payload::read(self, shared, super::checked(part)?, size)?;
            if let Content::Codes { stream, .. } = payload.content {
                let (found, memory) = self.coded(shared, size, &payload.empty, stream, links)?.codes()?;
                (codes, left) = (found, memory.map(Left::from));
            }
        }
        let planes = self.picture.as_ref().map_or(0, |picture| picture.model.manifest().planes);
        codes.resize(grid[0] * grid[1] * planes, 0);
        let (rows, columns) = (job.rows.clone(), job.columns.clone());
        Ok((TileCodes { image: job.image, rows, columns, grid, codes }, left))
    }

    /// As [`ChunkCodec::decode_tile`], from the bytes without their checksum.
    pub(super) fn decode_payload<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        size: [usize; 2],
        payload: &[u8],
        links: Links<'_>,
    ) -> Result<(Vec<T>, Option<Left>)> {
        let payload = Payload::read(self, shared, payload, size)?;
        let mut out = vec![T::zeroed(); shared.bands * size[0] * size[1]];
        let left = self.decode_content(shared, size, &payload, links, &mut out)?;
        let mut escaped = payload.mask.escaped.iter();
        for (sample, class) in out.iter_mut().zip(&payload.mask.classes) {
            match *class {
                0 => {}
                // As many as there are escapes were read.
                ESCAPE => *sample = escaped.next().map_or(*sample, |bits| T::from_bits(*bits)),
                class => *sample = T::from_bits(shared.patterns.pattern(class)?),
            }
        }
        Ok((out, left))
    }

    /// Valid samples; masked ones are whatever comes out.
    fn decode_content<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        size: [usize; 2],
        payload: &Payload<'_>,
        links: Links<'_>,
        out: &mut [T],
    ) -> Result<Option<Left>> {
        let classes = &payload.mask.classes;
        match payload.content {
            Content::Codes { bounded: Some(_), .. } | Content::Nothing if links.earlier.is_some() => {
                Err(Error::Corrupt(
                    "a tile that stands alone refers to another date; write the chunk again".to_owned(),
                ))
            }
            Content::Nothing => Ok(None),
            Content::Exact(bytes) => {
                let samples = shared.samples(size, classes)?;
                let left = samples.decode(bytes, shared.classifier, links.samples()?, out)?;
                Ok(links.remembered.then_some(Left::Samples(left)))
            }
            Content::Classes(bytes) => {
                if links.earlier.is_some() {
                    return Err(Error::Corrupt(
                        "a tile of classes refers to another date; write the chunk again".to_owned(),
                    ));
                }
                shared.samples(size, classes)?.decode_classes(bytes, out)?;
                Ok(None)
            }
            Content::Codes { stream, corrected, bounded } => {
                let tile = self.coded(shared, size, &payload.empty, stream, links)?;
                let correction = tile.picture.correction.as_ref().filter(|_| corrected);
                let Some(corrections) = bounded else {
                    return Ok(tile.decode(correction, out)?.map(Left::from));
                };
                let (picture, _) = tile.picture()?;
                let tolerance = tile.picture.tolerance();
                #[cfg_attr(not(feature = "faults"), expect(unused_mut, reason = "a fault may be injected"))]
                let mut picture = tile.values(picture, correction)?;
                #[cfg(feature = "faults")]
                super::faults::apply(&mut picture, |value| tolerance.at(value));
                let samples = shared.samples(size, classes)?;
                bounded::decode(&samples, tolerance, corrections, &picture, shared.classifier, out)?;
                Ok(None)
            }
        }
    }

    /// The tile whose codes these are.
    pub(super) fn coded<'b, T>(
        &'b self,
        shared: &'b Shared<'b, T>,
        [height, width]: [usize; 2],
        empty: &'b [bool],
        stream: &'b [u8],
        links: Links<'b>,
    ) -> Result<CodedTile<'b, T>> {
        let Some(picture) = &self.picture else {
            return Err(Error::Corrupt("a tile holds codes, the array names no model".to_owned()));
        };
        let Shared { classifier, entropy, step, .. } = *shared;
        let links = links.codes()?;
        Ok(CodedTile { picture, height, width, step, entropy, stream, empty, classifier, links })
    }
}
