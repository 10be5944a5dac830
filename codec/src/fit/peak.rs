//! The value against which PSNR is stated where nobody states one.

use crate::sample::DataType;

/// The peak of reflectances times 10000.
const REFLECTANCE: f64 = 10_000.0;

/// The properties of the data on which the choice rests.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The types of all rasters in question.
    pub types: Vec<DataType>,
    /// How many bands they have.
    pub bands: u64,
    /// The names of the bands.
    pub names: Option<Vec<String>>,
    /// The least and the largest valid sample.
    pub range: (f64, f64),
}

impl Evidence {
    /// The peak, and the evidence that it rests on. None where all samples are equal, for then there is no evidence.
    ///
    /// For 8 bits, the peak is their full range. Integers of 16 bits are taken for reflectances times 10000 only where the names of
    /// their bands say so, or where there are several bands whose values reach into the thousands. For all other data, such as
    /// elevations, counts and temperatures, it is the range of the samples.
    #[must_use]
    pub fn peak(&self) -> Option<(f64, &'static str)> {
        if self.types.iter().all(|t| *t == DataType::UInt8) {
            return Some((255.0, "8 bits"));
        }
        let (low, high) = self.range;
        let bits16 = |t: &DataType| matches!(t, DataType::UInt8 | DataType::Int16 | DataType::UInt16);
        let within = low > -REFLECTANCE && high <= 2.0 * REFLECTANCE;
        if self.types.iter().all(bits16) && within && high >= 1000.0 {
            if self.names.as_deref().is_some_and(|names| names.iter().all(|name| names_reflectance(name))) {
                return Some((REFLECTANCE, "reflectances, by the names of the bands"));
            }
            if self.bands >= 3 {
                return Some((REFLECTANCE, "reflectances, by several bands of 16 bits"));
            }
        }
        let span = high - low;
        (span.is_finite() && span > 0.0).then_some((span, "range of the samples"))
    }
}

/// Whether a band's name is usual for reflectance: `B04`, `B8A`, `SR_B5`, or a colour's.
fn names_reflectance(name: &str) -> bool {
    const WORDS: [&str; 15] = [
        "coastal", "blue", "green", "yellow", "orange", "red", "rededge", "nir", "nir08", "nir09", "swir",
        "swir1", "swir2", "swir16", "swir22",
    ];
    let name = name.to_ascii_lowercase().replace([' ', '-'], "_");
    let number = name.strip_prefix("sr_").unwrap_or(&name).strip_prefix('b').is_some_and(|rest| {
        let digits = rest.trim_start_matches('0');
        let (digits, letter) = digits.split_at(digits.trim_end_matches('a').len());
        digits.parse::<u8>().is_ok_and(|n| n <= 12) && letter.len() <= 1
    });
    number
        || WORDS.contains(&name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit()))
        || WORDS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(types: &[DataType], names: &[&str], bands: u64, range: (f64, f64)) -> (f64, &'static str) {
        let names = (!names.is_empty()).then(|| names.iter().map(|n| (*n).to_owned()).collect());
        Evidence { types: types.to_vec(), bands, names, range }.peak().unwrap()
    }

    #[test]
    fn reflectances_need_evidence() {
        let i16 = &[DataType::Int16][..];
        assert_eq!(peak(&[DataType::UInt8], &[], 1, (3.0, 80.0)), (255.0, "8 bits"));
        // One band of hills.
        assert_eq!(peak(i16, &[], 1, (120.0, 610.0)), (490.0, "range of the samples"));
        assert_eq!(peak(i16, &[], 1, (-20.0, 4800.0)).0, 4820.0);
        assert_eq!(peak(i16, &["elevation", "slope"], 2, (0.0, 4800.0)).0, 4800.0);
        // One band that says what it is, and several that look so.
        assert_eq!(peak(i16, &["B08"], 1, (1.0, 4800.0)).0, 10_000.0);
        assert_eq!(peak(i16, &["SR_B5", "nir08", "B8A", "rededge1"], 4, (1.0, 4800.0)).0, 10_000.0);
        assert_eq!(peak(&[DataType::UInt16], &[], 4, (1.0, 6000.0)).0, 10_000.0);
        // Several bands of small counts, or of too large ones.
        assert_eq!(peak(&[DataType::UInt16], &[], 4, (0.0, 600.0)).0, 600.0);
        assert_eq!(peak(&[DataType::UInt16], &[], 4, (0.0, 60_000.0)).0, 60_000.0);
        assert_eq!(peak(&[DataType::Float32], &["B04"], 1, (0.0, 0.8)).0, 0.8);
        let flat = Evidence { types: i16.to_vec(), bands: 1, names: None, range: (7.0, 7.0) };
        assert_eq!(flat.peak(), None);
        assert!(!names_reflectance("band3") && !names_reflectance("b99") && !names_reflectance("dem"));
    }
}
