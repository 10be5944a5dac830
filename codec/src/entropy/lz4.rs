//! The fast mode: planes packed to whole bytes and compressed with LZ4.
//!
//! Layout: a varint with the number of planes up to the last that holds a code other than 0; for each of these planes one byte
//! with its width (0, 1, 2 or 4 bytes per code); a varint with the packed size; then an LZ4 block of the planes one after the
//! other, each in order of patches, in little-endian two's complement.

use crate::container::bytes::{Reader, put_varint};
use crate::error::{Error, Result};
use crate::quantise::MAX_CODE;

/// Packs codes `(patch, plane)`.
pub(crate) fn encode(codes: &[i32], planes: usize) -> Vec<u8> {
    let used = codes
        .chunks_exact(planes)
        .filter_map(|patch| patch.iter().rposition(|c| *c != 0))
        .max()
        .map_or(0, |last| last + 1);
    let mut out = Vec::new();
    put_varint(&mut out, used as u64);
    let mut packed = Vec::new();
    for plane in 0..used {
        let codes = codes.iter().skip(plane).step_by(planes);
        let reach = codes.clone().map(|c| c.unsigned_abs()).max().unwrap_or(0);
        match reach {
            0 => out.push(0),
            1..=127 => {
                out.push(1);
                packed.extend(codes.map(|c| *c as i8 as u8));
            }
            128..=32_767 => {
                out.push(2);
                codes.for_each(|c| packed.extend((*c as i16).to_le_bytes()));
            }
            _ => {
                out.push(4);
                codes.for_each(|c| packed.extend(c.to_le_bytes()));
            }
        }
    }
    put_varint(&mut out, packed.len() as u64);
    out.extend(lz4_flex::block::compress(&packed));
    out
}

/// Unpacks codes `(patch, plane)`.
pub(crate) fn decode(stream: &[u8], planes: usize, patches: usize) -> Result<Vec<i32>> {
    let mut reader = Reader::new(stream);
    let used = reader.varint(planes as u64, "the number of packed planes")? as usize;
    let widths = reader.take(used, "the planes' widths")?;
    if let Some(width) = widths.iter().find(|w| !matches!(w, 0 | 1 | 2 | 4)) {
        return Err(Error::Corrupt(format!("a plane is {width} bytes wide, allowed are 0, 1, 2 and 4")));
    }
    let expected: usize = widths.iter().map(|w| usize::from(*w)).sum::<usize>() * patches;
    let declared = reader.varint(u64::MAX, "the packed size")?;
    if declared != expected as u64 {
        return Err(Error::Corrupt(format!(
            "the planes' packed size is {declared}, their widths give {expected}"
        )));
    }
    let block = reader.take(reader.remaining(), "the packed planes")?;
    let mut packed = vec![0; expected];
    let written = lz4_flex::block::decompress_into(block, &mut packed).map_err(|e| {
        Error::Corrupt(format!("the packed planes are no valid LZ4 block ({e}); write the chunk again"))
    })?;
    if written != expected {
        return Err(Error::Truncated(format!("the LZ4 block holds {written} bytes, {expected} are needed")));
    }
    let mut codes = vec![0i32; planes * patches];
    let mut rest = packed.as_slice();
    for (plane, width) in widths.iter().enumerate() {
        let width = usize::from(*width);
        let (part, tail) = rest.split_at(width * patches);
        rest = tail;
        for patch in 0..patches {
            let code = match part.get(patch * width..(patch + 1) * width) {
                Some([a]) => i32::from(*a as i8),
                Some([a, b]) => i32::from(i16::from_le_bytes([*a, *b])),
                Some([a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]),
                _ => 0,
            };
            if !(-MAX_CODE..=MAX_CODE).contains(&code) {
                return Err(Error::Corrupt(format!(
                    "a code of {code} is outside ±{MAX_CODE}; write the chunk again"
                )));
            }
            codes[patch * planes + plane] = code;
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_of_all_widths_come_back() {
        let (planes, patches) = (40, 9);
        let codes: Vec<i32> = (0..planes * patches)
            .map(|i| match i % planes {
                0 => i as i32 * 1000 - 50_000,
                1 => -300 + i as i32,
                p if p < 20 => (i % 5) as i32 - 2,
                _ => 0,
            })
            .collect();
        let stream = super::encode(&codes, planes);
        assert_eq!(super::decode(&stream, planes, patches).unwrap(), codes);
        for length in 0..stream.len() {
            assert!(super::decode(&stream[..length], planes, patches).is_err());
        }
    }
}
