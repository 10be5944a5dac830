//! Tiles within a promised bound: by prediction or by a picture and its corrections, whichever is shorter, and only if
//! decoding shows that the promise holds.

use super::ChunkCodec;
use super::bounded;
use super::correct::WORTHWHILE;
use super::decode::Shared;
use super::encode::{EncodedTile, Prepared, Tile};
use super::exact::Form;
use super::payload::{BOUNDED, CLASSES, CORRECTED, EXACT};
use super::stack::{Left, Links};
use crate::container::bytes::put_varint;
use crate::error::{Error, Result};
use crate::sample::{DataType, Sample};

/// How a tile's valid samples may be coded: what is added to its mode, the bytes after its mask, and other dates.
type Content<'a> = (u8, Vec<u8>, Links<'a>);

/// A tile that keeps its promise.
pub(super) struct Promised {
    pub(super) tile: EncodedTile,
    /// Whether it refers to the earlier date.
    pub(super) refers: bool,
    pub(super) left: Option<Left>,
}

impl ChunkCodec {
    /// Encodes a tile within its chunk's bound. It may refer to the earlier date of `links`.
    pub(super) fn promised_tile<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        prepared: &Prepared<T>,
        links: Links<'_>,
    ) -> Result<Promised> {
        let tile = &prepared.tile;
        let size = [tile.height, tile.width];
        if !tile.classes.is_empty() && !tile.classes.contains(&0) {
            let mut out = EncodedTile::default();
            out.seal(prepared.mask.clone());
            return Ok(Promised { tile: out, refers: false, left: None });
        }
        let samples = shared.samples(size, &tile.classes)?;
        let alone = Links { earlier: None, ..links };
        let mut contents = vec![(EXACT, samples.encode(&tile.samples, Form::Promised, None)?, alone)];
        if links.earlier.is_some() {
            let bytes = samples.encode(&tile.samples, Form::Promised, links.samples()?)?;
            contents.push((EXACT, bytes, links));
        }
        contents.extend(samples.encode_classes(&tile.samples).map(|bytes| (CLASSES, bytes, alone)));
        let shortest = contents.iter().map(|content| content.1.len()).min().unwrap_or_default();
        let picture = self.corrected_picture(shared, prepared, shortest)?;
        contents.extend(picture.map(|(mode, bytes)| (mode, bytes, Links::default())));
        contents.sort_by_key(|content| content.1.len());
        for content in contents {
            if let Some(promised) = self.holds(shared, prepared, content)? {
                return Ok(promised);
            }
        }
        // A valid sample that would become nodata gives way, and then is off by more than the bound.
        let float = matches!(T::TYPE, DataType::Float32 | DataType::Float64);
        let forms: &[Form] = match samples.bounds.stable || float {
            true => &[Form::Lossless],
            false => &[Form::Tighter, Form::Lossless],
        };
        for form in forms {
            let content = (EXACT, samples.encode(&tile.samples, *form, None)?, alone);
            if let Some(promised) = self.holds(shared, prepared, content)? {
                return Ok(promised);
            }
        }
        Err(Error::InvalidArgument(
            "a tile does not come back within its bound even when it is coded without loss; please report this".to_owned(),
        ))
    }

    /// A picture and what brings it within the bound, where there is a model, that is possible, and the codes alone do not take
    /// as many bytes as `most` already.
    fn corrected_picture<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        prepared: &Prepared<T>,
        most: usize,
    ) -> Result<Option<(u8, Vec<u8>)>> {
        let tile = &prepared.tile;
        let size = [tile.height, tile.width];
        if prepared.latents.is_empty() {
            return Ok(None);
        }
        let coded = self.code_tile(shared, prepared, Links::default())?;
        if coded.stream.len() >= most {
            return Ok(None);
        }
        let codes = self.coded(shared, size, &prepared.empty, &coded.stream, Links::default())?;
        let (plain, _) = codes.picture()?;
        let (mut mode, mut picture) = (BOUNDED, codes.values(plain.clone(), None)?);
        if let Some(correction) = &codes.picture.correction {
            let better = codes.values(plain, Some(correction))?;
            if tile.squares(&better) < tile.squares(&picture) * WORTHWHILE {
                (mode, picture) = (BOUNDED | CORRECTED, better);
            }
        }
        let samples = shared.samples(size, &tile.classes)?;
        let tolerance = codes.picture.tolerance();
        let Some(corrections) =
            bounded::encode(&samples, tolerance, Form::Promised, &picture, &tile.samples, shared.classifier)?
        else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        put_varint(&mut bytes, coded.stream.len() as u64);
        bytes.extend_from_slice(&coded.stream);
        bytes.extend(corrections);
        Ok(Some((mode, bytes)))
    }

    /// The tile with this content, if what a reader will see is within the bound.
    fn holds<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        prepared: &Prepared<T>,
        (mode, content, links): Content<'_>,
    ) -> Result<Option<Promised>> {
        let tile = &prepared.tile;
        let mut bytes = prepared.mask.clone();
        bytes[0] |= mode;
        bytes.extend(content);
        let size = [tile.height, tile.width];
        let (decoded, left) = self.decode_payload(shared, size, &bytes, links)?;
        let Some(bounds) = shared.bounds else { return Ok(None) };
        if !tile.is_within(&decoded, &bounds.each) {
            return Ok(None);
        }
        let mut out = tile.measure(&decoded);
        out.peak = prepared.peak;
        out.seal(bytes);
        Ok(Some(Promised { tile: out, refers: links.earlier.is_some(), left }))
    }
}

impl<T: Sample> Tile<T> {
    /// Whether each valid sample is within its band's bound; where that is 0, whether it is the same bit for bit.
    fn is_within(&self, decoded: &[T], bounds: &[f64]) -> bool {
        let area = self.height * self.width;
        decoded.iter().zip(&self.samples).enumerate().all(|(i, (found, wanted))| {
            if self.classes.get(i).is_some_and(|class| *class != 0) {
                return true;
            }
            let bound = bounds[i / area];
            found.to_bits() == wanted.to_bits()
                || bound > 0.0 && (found.to_f64() - wanted.to_f64()).abs() <= bound
        })
    }

    /// The squared error of a picture's values over valid samples.
    fn squares(&self, picture: &[f32]) -> f64 {
        let valid = |i: usize| self.classes.get(i).is_none_or(|class| *class == 0);
        let pairs = self.samples.iter().zip(picture).enumerate().filter(|(i, _)| valid(*i));
        pairs.map(|(_, (wanted, found))| (wanted.to_f64() - f64::from(*found)).powi(2)).sum()
    }
}
