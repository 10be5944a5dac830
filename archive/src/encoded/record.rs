//! The record that an encode puts into an archive's attributes once the archive is complete. It makes later losses
//! noticeable.
//!
//! A chunk that is not stored reads as fill value, by the rules of Zarr: only a count of the chunks that were written
//! shows that one was lost.

use crate::error::Result;
use crate::metadata::document::Metadata;
use serde::{Deserialize, Serialize};
use vqz_codec::config::NoData;
use vqz_codec::name::{NAME, NAMES};
use vqz_codec::sample::DataType;

/// The record of a complete archive: what it holds. Records of earlier releases have the two counts alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Chunks that are stored; the inner ones of a sharded array.
    pub chunks: u64,
    /// Valid samples in all of them, as their headers count them: those that are coded.
    pub valid_samples: u64,
    /// Which chunk lies where, as a sum over all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The extents of the array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<u64>>,
    /// The type of its samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
    /// The bytes of the fill value in little-endian order, as hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_value: Option<String>,
    /// What means "no data" to the codec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata: Option<Vec<NoData>>,
}

impl Record {
    /// The record of an archive; none where another program wrote it, or an earlier release.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let attributes = metadata.attributes();
        let record = NAMES.iter().find_map(|name| attributes.get(*name))?;
        serde_json::from_value(record.clone()).ok()
    }

    /// Puts the record into an archive's metadata, in place of one under the former name.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub(crate) fn put(&self, metadata: &mut Metadata) -> Result<()> {
        metadata.remove_record();
        metadata.set_attribute(NAME, serde_json::to_value(self)?);
        Ok(())
    }

    /// How an array differs from its record, in words; none if it does not. `found` is what would be recorded of it now; what one of
    /// the two does not state is not compared.
    pub(crate) fn differs(&self, found: &Self, data_type: DataType) -> Option<String> {
        let described = self.described_otherwise(found, data_type);
        if described.is_some() {
            return described;
        }
        if found.chunks < self.chunks {
            return Some(format!("{} of {} chunks are lost", self.chunks - found.chunks, self.chunks));
        }
        let changed = "it was changed by a program that keeps no record";
        if found.chunks > self.chunks {
            return Some(format!(
                "{} chunks are there, {} were written; {changed}",
                found.chunks, self.chunks
            ));
        }
        if found.valid_samples != self.valid_samples {
            return Some(format!(
                "its chunks hold {} valid samples, {} were written; {changed}",
                found.valid_samples, self.valid_samples
            ));
        }
        both(&self.digest, &found.digest).filter(|(written, now)| written != now).map(|_| {
            format!("its chunks are not those that were written there, or changed places; {changed}")
        })
    }

    /// How the metadata that give chunks their meaning differ from those that were recorded.
    fn described_otherwise(&self, found: &Self, data_type: DataType) -> Option<String> {
        let restore = "restore zarr.json, or seal the array if that is meant";
        if let Some((written, now)) = both(&self.shape, &found.shape).filter(|(a, b)| a != b) {
            return Some(format!("its shape is {now:?}, {written:?} was written; {restore}"));
        }
        if let Some((written, now)) = both(&self.data_type, &found.data_type).filter(|(a, b)| a != b) {
            return Some(format!("its data_type is {now}, {written} was written; {restore}"));
        }
        if both(&self.fill_value, &found.fill_value).is_some_and(|(a, b)| a != b) {
            return Some(format!("its fill_value is not the one that was written; {restore}"));
        }
        let bits = |values: &[NoData]| -> Vec<Option<u64>> {
            let value = |value: &NoData| value.to_f64(data_type).ok().flatten().map(f64::to_bits);
            values.iter().map(value).collect()
        };
        both(&self.nodata, &found.nodata).filter(|(a, b)| bits(a) != bits(b)).map(|(written, now)| {
            let text = |values: &[NoData]| serde_json::to_string(values).unwrap_or_default();
            format!("nodata of its codec is {}, {} was written; {restore}", text(now), text(written))
        })
    }
}

/// Two things where both are stated.
fn both<'a, T>(a: &'a Option<T>, b: &'a Option<T>) -> Option<(&'a T, &'a T)> {
    a.as_ref().zip(b.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told() {
        let record = Record { chunks: 4, valid_samples: 100, ..Record::default() };
        let differs = |record: &Record, found: Record| record.differs(&found, DataType::Int16);
        let found = |chunks, valid_samples| differs(&record, Record { chunks, valid_samples, ..full() });
        assert_eq!(found(4, 100), None);
        assert_eq!(found(3, 90).as_deref(), Some("1 of 4 chunks are lost"));
        assert!(found(5, 100).unwrap().starts_with("5 chunks are there, 4 were written; "));
        assert!(found(4, 99).unwrap().starts_with("its chunks hold 99 valid samples, 100 were written; "));
        assert_eq!(differs(&full(), full()), None);
        for (found, words) in [
            (Record { digest: Some("0b".to_owned()), ..full() }, "changed places"),
            (Record { shape: Some(vec![3, 2]), ..full() }, "its shape is [3, 2], [2, 3] was written"),
            (
                Record { data_type: Some("uint16".to_owned()), ..full() },
                "its data_type is uint16, int16 was written",
            ),
            (Record { fill_value: Some("0100".to_owned()), ..full() }, "its fill_value is not the one"),
            (
                Record { nodata: Some(vec![NoData::Integer(7), NoData::Integer(0)]), ..full() },
                "nodata of its codec is [7,0], [7] was written",
            ),
        ] {
            let told = differs(&full(), found).unwrap();
            assert!(told.contains(words), "{told}");
        }
        // The same value, written otherwise.
        assert_eq!(differs(&full(), Record { nodata: Some(vec![NoData::Float(7.0)]), ..full() }), None);
    }

    fn full() -> Record {
        Record {
            chunks: 4,
            valid_samples: 100,
            digest: Some("0a".to_owned()),
            shape: Some(vec![2, 3]),
            data_type: Some("int16".to_owned()),
            fill_value: Some("0000".to_owned()),
            nodata: Some(vec![NoData::Integer(7)]),
        }
    }
}
