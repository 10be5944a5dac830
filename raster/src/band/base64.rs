//! Base64 of the eight bytes of a double, which is how xarray writes `_FillValue` of floats into Zarr v3.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Eight bytes as twelve characters.
pub(super) fn encode(bytes: [u8; 8]) -> String {
    // Nine bytes are three groups of four digits; the last digit is of the padding alone.
    let mut text = String::with_capacity(12);
    for group in 0..3 {
        let byte = |i: usize| u32::from(bytes.get(group * 3 + i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.extend([18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift & 63) as usize] as char));
    }
    text.pop();
    text.push('=');
    text
}

/// Twelve characters as eight bytes; `None` where they are none.
pub(super) fn decode(text: &str) -> Option<[u8; 8]> {
    let digits = text.strip_suffix('=').filter(|digits| digits.len() == 11)?;
    let mut bits: u128 = 0;
    for digit in digits.bytes() {
        let value = DIGITS.iter().position(|d| *d == digit)?;
        bits = bits << 6 | value as u128;
    }
    // 66 bits, of which the last two are padding.
    (bits & 3 == 0).then(|| ((bits >> 2) as u64).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_go_there_and_back() {
        for value in [0.0, -9999.0, f64::NAN, f64::MIN, 1e-300] {
            assert_eq!(decode(&encode(value.to_le_bytes())), Some(value.to_le_bytes()));
        }
        assert_eq!(encode(f64::NAN.to_le_bytes()), "AAAAAAAA+H8=");
        for text in ["", "AAAAAAAA+H8", "AAAAAAAA+H9=", "AAAAAAAA-H8=", "AAAAAAAA+H8AA="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
