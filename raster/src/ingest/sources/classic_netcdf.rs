//! The length that the header of a classic NetCDF file (versions 1, 2 and 5) asks for. The netCDF library reads zeros beyond the
//! end of a file that was cut off, so that a part of an image would be lost without a word.
//!
//! Format: NetCDF file format specifications, "The Classic Format".

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// What is read of a file at most to find its header.
const MOST: u64 = 16 << 20;

/// Tags of the lists of a header.
const DIMENSIONS: u64 = 10;
const VARIABLES: u64 = 11;
const ATTRIBUTES: u64 = 12;

/// Refuses a classic NetCDF file that is shorter than its header says. Files of other formats pass.
///
/// # Errors
/// [`Error::Unreadable`], with both lengths.
pub(crate) fn check_length(file: &Path) -> Result<()> {
    let io = |source| Error::Io { path: file.display().to_string(), source };
    let mut opened = match File::open(file) {
        Ok(opened) if file.is_file() => opened,
        // Not a file by itself, such as a name that only GDAL opens.
        _ => return Ok(()),
    };
    let length = opened.metadata().map_err(io)?.len();
    let mut start = [0; 4];
    if length < 4 || opened.read_exact(&mut start).is_err() || !matches!(start, [b'C', b'D', b'F', 1 | 2 | 5])
    {
        return Ok(());
    }
    let mut head = start.to_vec();
    opened.take(MOST).read_to_end(&mut head).map_err(io)?;
    match needed(&head) {
        Some(needed) if needed > length => Err(Error::Unreadable {
            path: file.display().to_string(),
            reason: format!(
                "its header asks for {needed} bytes, it has {length}; it is truncated: get it again"
            ),
        }),
        _ => Ok(()),
    }
}

/// The bytes that a file with this header has at least; `None` where the header is not whole or not understood, which is for the
/// netCDF library to tell.
fn needed(head: &[u8]) -> Option<u64> {
    let mut header =
        Header { bytes: head.get(4..)?, wide: head.get(3) == Some(&5), long: head.get(3) != Some(&1) };
    let records = header.count()?;
    // All bits set: the file is being written, and its length tells.
    let streaming = if header.wide { u64::MAX } else { u64::from(u32::MAX) };
    let extents = header.list(DIMENSIONS, |header| {
        header.name()?;
        header.count()
    })?;
    header.attributes()?;
    let variables = header.list(VARIABLES, |header| {
        header.name()?;
        let rank = header.count()?;
        let mut over = Vec::new();
        for _ in 0..rank {
            over.push(*extents.get(usize::try_from(header.count()?).ok()?)?);
        }
        header.attributes()?;
        let size = type_size(header.number(4)?)?;
        // The size that is stated is of no use for large variables.
        header.count()?;
        let begin = header.number(if header.long { 8 } else { 4 })?;
        // A dimension of extent 0 is that of records.
        let is_record = over.first() == Some(&0);
        let bytes =
            over.iter().skip(usize::from(is_record)).try_fold(size, |n, extent| n.checked_mul(*extent))?;
        Some((is_record, bytes, begin))
    })?;
    let padded = |bytes: u64| bytes.checked_next_multiple_of(4);
    let of_record: Vec<u64> = variables.iter().filter(|v| v.0).map(|v| v.1).collect();
    let record = match of_record[..] {
        [only] => only,
        _ => of_record.iter().try_fold(0u64, |sum, bytes| sum.checked_add(padded(*bytes)?))?,
    };
    let mut needed = 0;
    for (is_record, bytes, begin) in variables {
        let before = match (is_record, records) {
            (false, _) => 0,
            (true, 0) => continue,
            (true, records) if records == streaming => continue,
            (true, records) => record.checked_mul(records - 1)?,
        };
        needed = needed.max(begin.checked_add(before)?.checked_add(bytes)?);
    }
    Some(needed)
}

fn type_size(tag: u64) -> Option<u64> {
    Some(match tag {
        1 | 2 | 7 => 1,
        3 | 8 => 2,
        4 | 5 | 9 => 4,
        6 | 10 | 11 => 8,
        _ => return None,
    })
}

/// What is left of a header.
struct Header<'a> {
    bytes: &'a [u8],
    /// Whether counts have 64 bits.
    wide: bool,
    /// Whether places have 64 bits.
    long: bool,
}

impl Header<'_> {
    fn take(&mut self, count: u64) -> Option<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(count).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: u64) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn count(&mut self) -> Option<u64> {
        self.number(if self.wide { 8 } else { 4 })
    }

    fn padded(&mut self, bytes: u64) -> Option<()> {
        self.take(bytes.checked_next_multiple_of(4)?).map(drop)
    }

    fn name(&mut self) -> Option<()> {
        let length = self.count()?;
        self.padded(length)
    }

    /// A list with this tag, or an empty one.
    fn list<T>(&mut self, tag: u64, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let (found, count) = (self.number(4)?, self.count()?);
        if found == 0 && count == 0 {
            return Some(Vec::new());
        }
        // Each entry has some bytes, so that a count beyond what is left ends early.
        (found == tag).then_some(())?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(each(self)?);
        }
        Some(all)
    }

    fn attributes(&mut self) -> Option<()> {
        self.list(ATTRIBUTES, |header| {
            header.name()?;
            let size = type_size(header.number(4)?)?;
            let count = header.count()?;
            header.padded(size.checked_mul(count)?)
        })
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1: dimensions `r` (records), `y` of 3 and `x` of 2; a variable over (y, x) of int16 and one or two over
    /// (r, x) of float32.
    fn file(records: u32, of_records: u32) -> Vec<u8> {
        let word = |value: u32| value.to_be_bytes();
        let name = |name: &[u8; 1]| [word(1).to_vec(), vec![name[0], 0, 0, 0]].concat();
        let mut bytes =
            [b"CDF\x01".to_vec(), word(records).to_vec(), word(10).to_vec(), word(3).to_vec()].concat();
        for (letter, extent) in [(b"r", 0), (b"y", 3), (b"x", 2)] {
            bytes.extend([name(letter), word(extent).to_vec()].concat());
        }
        bytes.extend([word(0), word(0), word(11), word(1 + of_records)].concat());
        let start = bytes.len() as u32 + (1 + of_records) * 40;
        let mut variable = |letter: &[u8; 1], over: [u32; 2], kind: u32, size: u32, begin: u32| {
            let words = [2, over[0], over[1], 0, 0, kind, size, begin].map(word).concat();
            bytes.extend([name(letter), words].concat());
        };
        variable(b"v", [1, 2], 3, 12, start);
        for number in 0..of_records {
            variable(b"w", [0, 2], 5, 8, start + 12 + 8 * number);
        }
        assert_eq!(bytes.len() as u32, start);
        bytes
    }

    #[test]
    fn the_length_is_that_of_all_variables_and_records() {
        let start = |of_records: u32| file(0, of_records).len() as u64;
        assert_eq!(needed(&file(0, 1)), Some(start(1) + 12));
        assert_eq!(needed(&file(5, 1)), Some(start(1) + 12 + 5 * 8));
        assert_eq!(needed(&file(5, 2)), Some(start(2) + 12 + 5 * 16));
        assert_eq!(needed(&file(u32::MAX, 2)), Some(start(2) + 12), "being written");
        assert_eq!(needed(&file(u32::MAX - 1, 1)), Some(start(1) + 12 + 8 * u64::from(u32::MAX - 1)));
    }

    #[test]
    fn a_header_that_is_not_whole_says_nothing() {
        let whole = file(3, 2);
        for length in 0..whole.len() {
            assert_eq!(needed(&whole[..length]), None, "{length} bytes");
        }
        for at in 4..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            // No panic, and no long loop, whatever it says.
            let _ = needed(&damaged);
        }
    }
}
