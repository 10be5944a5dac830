//! Intact chunks of every kind, which the tests of hostile input and the fuzz targets damage.

use crate::arrays::{Case, extract};
use std::ops::Range;
use vqz_codec::config::{EntropyCoder, NoData, Promise};
use vqz_codec::model::Quantiser;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::{DataType, Error};
use vqz_zarr::engines::chunk_codec;

/// An intact chunk, with everything needed to decode it and damaged copies of it.
#[derive(Debug)]
pub struct IntactChunk {
    /// A name for messages.
    pub name: &'static str,
    /// The codec that wrote it.
    pub codec: ChunkCodec,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Bytes of all samples.
    pub bytes: usize,
    /// Its bytes as stored.
    pub chunk: Vec<u8>,
}

impl IntactChunk {
    /// Encodes the case's only chunk.
    ///
    /// # Panics
    /// When the case is unsound.
    #[must_use]
    pub fn new(name: &'static str, case: &Case, samples: &[u8]) -> Self {
        let shape: Vec<usize> = case.chunk.iter().map(|extent| *extent as usize).collect();
        let fill = case.bytes(&[0.0]);
        let codec =
            chunk_codec(&case.configuration(), case.any_model(), case.data_type, &fill, Options::default())
                .expect("the case is sound");
        let chunk = codec.encode(&shape, samples).expect("the samples can be encoded");
        let intact = Self { name, codec, bytes: samples.len(), shape, chunk };
        assert_eq!(intact.decode(&intact.chunk).expect("a sound chunk decodes").len(), samples.len());
        intact
    }

    /// A part of the chunk.
    #[must_use]
    pub fn region(&self) -> Vec<Range<usize>> {
        self.shape.iter().map(|extent| extent / 3..extent - extent / 4).collect()
    }

    /// Decodes bytes in place of the chunk's: as a whole, and a part of it by its byte ranges. Where the whole decodes, the part
    /// must decode to the same samples.
    ///
    /// # Errors
    /// The codec's error for the whole.
    ///
    /// # Panics
    /// When the two disagree, an error has no useful message, or the number of samples is wrong.
    pub fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let part = self.decode_part(bytes);
        let whole = self.codec.decode(&self.shape, bytes);
        match (&whole, &part) {
            (Ok(whole), Ok(part)) => {
                assert_eq!(whole.len(), self.bytes, "{}", self.name);
                let shape: Vec<u64> = self.shape.iter().map(|extent| *extent as u64).collect();
                let region: Vec<Range<u64>> =
                    self.region().iter().map(|r| r.start as u64..r.end as u64).collect();
                let size = self.bytes / self.shape.iter().product::<usize>();
                assert!(
                    *part == extract(whole, &shape, size, &region),
                    "{}: a part differs from the same part of the whole",
                    self.name
                );
            }
            (Ok(_), Err(error)) => panic!("{}: the whole decodes, a part is an error: {error}", self.name),
            (Err(error), _) => {
                assert!(error.to_string().len() > 20, "{}: \"{error}\" says too little", self.name)
            }
        }
        whole
    }

    fn decode_part(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let header = self.codec.header_len(&bytes[..bytes.len().min(ChunkCodec::PREFIX)])?;
        let plan = self.codec.plan(&self.shape, &bytes[..bytes.len().min(header)], &self.region())?;
        let end = |at: u64| (at as usize).min(bytes.len());
        let parts: Vec<&[u8]> = plan.ranges.iter().map(|r| &bytes[end(r.start)..end(r.end)]).collect();
        let samples = self.codec.decode_planned(&plan, &parts)?;
        let size = self.bytes / self.shape.iter().product::<usize>();
        assert_eq!(samples.len(), self.region().iter().map(Range::len).product::<usize>() * size);
        Ok(samples)
    }

    /// Recomputes all checksums that can be located: the header's, and those of the tiles that it lists. Damage then reaches
    /// the code behind the checksums.
    #[must_use]
    pub fn with_checksums(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let Ok(header) = self.codec.header_len(&bytes[..bytes.len().min(ChunkCodec::PREFIX)]) else {
            return bytes;
        };
        write_checksum(&mut bytes, 0..header);
        let all: Vec<Range<usize>> = self.shape.iter().map(|extent| 0..*extent).collect();
        if let Ok(plan) = self.codec.plan(&self.shape, &bytes[..bytes.len().min(header)], &all) {
            for range in plan.ranges {
                write_checksum(&mut bytes, range.start as usize..range.end as usize);
            }
        }
        bytes
    }
}

/// Writes the CRC-32C of a range into the last four bytes of the range. A range outside of the bytes is left alone.
pub fn write_checksum(bytes: &mut [u8], range: Range<usize>) {
    let Some(end) = range.end.checked_sub(4).filter(|end| *end >= range.start && range.end <= bytes.len())
    else {
        return;
    };
    let checksum = crc32c::crc32c(&bytes[range.start..end]).to_le_bytes();
    bytes[end..end + 4].copy_from_slice(&checksum);
}

/// Asserts that an error is of a kind that hostile bytes may lead to.
///
/// # Panics
/// For any other.
pub fn assert_allowed(error: &Error, intact: &str, what: &str) {
    let allowed = matches!(
        error,
        Error::Corrupt(_)
            | Error::Truncated(_)
            | Error::Unsupported(_)
            | Error::InvalidModel(_)
            | Error::Limit(_)
    );
    assert!(allowed, "{intact}: {what} is a \"{error}\"");
}

/// An intact chunk for each way to code one. They are small, because tests damage each of them thousands of times.
///
/// # Panics
/// When no model can be fitted.
#[must_use]
pub fn intact_chunks() -> Vec<IntactChunk> {
    let mut chunks = Vec::new();
    for (name, entropy) in [("rans", EntropyCoder::Rans), ("lz4", EntropyCoder::Lz4)] {
        let case = Case { entropy, shape: &[2, 24, 21], chunk: &[2, 24, 21], ..Case::default() };
        chunks.push(IntactChunk::new(name, &case, &case.bytes(&case.samples(1))));
    }

    for (name, quantiser, entropy) in [
        ("vq", Quantiser::Vq, EntropyCoder::Rans),
        ("rvq", Quantiser::Rvq, EntropyCoder::Rans),
        ("rvq lz4", Quantiser::Rvq, EntropyCoder::Lz4),
    ] {
        let shape = &[2, 24, 21];
        let case = Case { quantiser, entropy, quality: 36.0, shape, chunk: shape, ..Case::default() };
        let mut samples = case.samples(6);
        // A patch without any sample.
        samples
            .iter_mut()
            .enumerate()
            .filter(|(i, _)| i % 21 < 9 && i / 21 % 24 < 9)
            .for_each(|(_, v)| *v = 7.0);
        let case = Case { nodata: vec![NoData::Integer(7)], ..case };
        chunks.push(IntactChunk::new(name, &case, &case.bytes(&samples)));
    }

    // A mask that the bands share, by a nodata value.
    let shape = &[2, 20, 22];
    let case = Case { shape, chunk: shape, nodata: vec![NoData::Integer(7)], ..Case::default() };
    let mut samples = case.samples(2);
    samples.iter_mut().enumerate().filter(|(i, _)| i % 22 < i / 22 % 20 / 2).for_each(|(_, v)| *v = 7.0);
    chunks.push(IntactChunk::new("shared mask", &case, &case.bytes(&samples)));

    // Each band has its own mask, with more bit patterns than a table holds.
    let case = Case { shape, chunk: shape, data_type: DataType::Float32, ..Case::default() };
    let mut samples = case.bytes(&case.samples(3));
    for at in (0..440).step_by(1) {
        samples[at * 4..at * 4 + 4].copy_from_slice(&(0x7fc0_0000u32 + at as u32 % 300).to_ne_bytes());
    }
    chunks.push(IntactChunk::new("many patterns", &case, &samples));

    let case = Case { shape: &[1, 264, 12], chunk: &[1, 264, 12], quality: 30.0, ..Case::default() };
    chunks.push(IntactChunk::new("two tiles", &case, &case.bytes(&case.samples(4))));

    // Tiles of a picture that the model corrects.
    let shape = &[1, 64, 40];
    let case = Case { corrected: true, quality: 34.0, shape, chunk: shape, ..Case::default() };
    chunks.push(IntactChunk::new("corrected", &case, &case.bytes(&case.samples(4))));

    // Dates that refer to each other: they repeat the same image with small differences.
    let dates = &[4, 1, 20, 20];
    let axes = &["time", "band", "y", "x"];
    let case = Case { axes, shape: dates, chunk: dates, quality: 36.0, ..Case::default() };
    let image = case.samples(5)[..400].to_vec();
    let samples: Vec<f64> =
        (0..1600).map(|i| image[i % 400] + f64::from(u8::from(i % 37 == 0)) * 9.0).collect();
    chunks.push(IntactChunk::new("dates", &case, &case.bytes(&samples)));

    // The last dates hold nothing but the fill value, as where chunks stick out of their array.
    let samples: Vec<f64> = samples.iter().enumerate().map(|(i, v)| if i < 800 { *v } else { 0.0 }).collect();
    chunks.push(IntactChunk::new("dates left out", &case, &case.bytes(&samples)));

    let shape = &[2, 20, 22];
    let case = Case { shape, chunk: shape, data_type: DataType::Float64, ..Case::default() };
    chunks.push(IntactChunk::new("no data", &case, &f64::NAN.to_ne_bytes().repeat(880)));

    chunks.extend(promised());

    // Everything but a corner is fill value.
    let case = Case { shape, chunk: shape, data_type: DataType::Int16, ..Case::default() };
    let mut samples = vec![0.0; 880];
    samples[..3].fill(100.0);
    chunks.push(IntactChunk::new("mostly fill", &case, &case.bytes(&samples)));
    chunks
}

/// Chunks with a promise: integers and floats by prediction, and pictures brought within a bound.
fn promised() -> Vec<IntactChunk> {
    let mut chunks = Vec::new();
    // Dates of samples without a picture.
    let dates = &[3, 1, 12, 11];
    let axes = &["time", "band", "y", "x"];
    let promise = Promise::Lossless;
    let case = Case { axes, shape: dates, chunk: dates, promise, predicted: true, ..Case::default() };
    let image = case.samples(5)[..132].to_vec();
    let samples: Vec<f64> = (0..396).map(|i| image[i % 132] + (i / 132) as f64).collect();
    chunks.push(IntactChunk::new("lossless dates", &case, &case.bytes(&samples)));
    let shape = &[2, 18, 17];
    // Errors that need the wide header.
    let promise = Promise::MaxError { bound: vec![1e-202], stable: false };
    let data_type = DataType::Float64;
    let case = Case { shape, chunk: shape, promise, data_type, predicted: true, ..Case::default() };
    let samples: Vec<f64> = case.samples(9).iter().map(|v| v * 1e-200).collect();
    chunks.push(IntactChunk::new("small errors", &case, &case.bytes(&samples)));
    let bound = |bound: f64| Promise::MaxError { bound: vec![bound], stable: false };
    for (name, data_type, promise, predicted) in [
        ("lossless int16", DataType::Int16, Promise::Lossless, true),
        ("lossless float64", DataType::Float64, Promise::Lossless, true),
        ("classes", DataType::UInt8, Promise::Lossless, true),
        ("bounded float32", DataType::Float32, bound(0.5), true),
        ("bounded picture", DataType::UInt16, bound(14.0), false),
        ("bounded float picture", DataType::Float32, bound(14.0), false),
    ] {
        let nodata = vec![NoData::Integer(7)];
        let case = Case {
            shape,
            chunk: shape,
            data_type,
            promise,
            predicted,
            quality: 30.0,
            nodata,
            ..Case::default()
        };
        let mut samples = case.samples(8);
        samples.iter_mut().enumerate().filter(|(i, _)| i % 17 < 3).for_each(|(_, v)| *v = 7.0);
        if name == "classes" {
            samples.iter_mut().for_each(|v| *v = (*v / 40.0).floor());
        }
        let mut bytes = case.bytes(&samples);
        if data_type == DataType::Float64 {
            // Arbitrary bit patterns, which lie on no lattice.
            bytes.chunks_exact_mut(8).enumerate().for_each(|(i, b)| b[0] ^= (i * 37) as u8);
        }
        chunks.push(IntactChunk::new(name, &case, &bytes));
    }
    chunks
}
