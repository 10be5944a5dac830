//! The integers of the format: how they are written to bytes and read from them.

use crate::error::{Error, Result};

/// Appends `value` as an unsigned LEB128 of at most ten bytes.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads fields from bytes, never beyond their end.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Bytes left.
    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8]> {
        if count > self.remaining() {
            return Err(Error::Truncated(format!(
                "{what} needs {count} bytes and {} are left; the chunk was cut off or damaged, write it again",
                self.remaining()
            )));
        }
        let part = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(part)
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(self.take(1, what)?[0])
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32> {
        let part = self.take(4, what)?;
        Ok(u32::from_le_bytes([part[0], part[1], part[2], part[3]]))
    }

    pub(crate) fn f32(&mut self, what: &str) -> Result<f32> {
        Ok(f32::from_bits(self.u32(what)?))
    }

    pub(crate) fn f64(&mut self, what: &str) -> Result<f64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8, what)?);
        Ok(f64::from_le_bytes(bytes))
    }

    pub(crate) fn i16(&mut self, what: &str) -> Result<i16> {
        let part = self.take(2, what)?;
        Ok(i16::from_le_bytes([part[0], part[1]]))
    }

    /// An unsigned LEB128 that is at most `max`; longer forms than needed are refused.
    pub(crate) fn varint(&mut self, max: u64, what: &str) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(what)?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                if shift > 0 && byte == 0 {
                    return Err(Error::Corrupt(format!("{what} is written in more bytes than it needs")));
                }
                if value > max {
                    return Err(Error::Corrupt(format!("{what} is {value}, at most {max} is allowed")));
                }
                return Ok(value);
            }
        }
        Err(Error::Corrupt(format!("{what} does not fit 64 bits")))
    }

    /// Refuses trailing bytes.
    pub(crate) fn finish(&self, what: &str) -> Result<()> {
        if self.remaining() == 0 {
            return Ok(());
        }
        Err(Error::Corrupt(format!("{what} has {} bytes too many", self.remaining())))
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip_and_refuse_what_is_not_canonical() {
        for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.varint(u64::MAX, "n").unwrap(), value);
            reader.finish("n").unwrap();
        }
        let message = |bytes: &[u8], max| Reader::new(bytes).varint(max, "n").unwrap_err().to_string();
        assert!(message(&[0x80, 0], 9).contains("more bytes than it needs"));
        assert!(message(&[10], 9).contains("n is 10, at most 9 is allowed"));
        assert!(message(&[0x80], 9).contains("n needs 1 bytes and 0 are left"));
        assert!(message(&[0xff; 11], u64::MAX).contains("does not fit 64 bits"));
    }
}
