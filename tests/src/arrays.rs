//! Arrays with the codec: their metadata, their samples, and what must hold after a round trip.

use crate::Random;
use crate::corrections::FLOOR;
use crate::models::{Field, PEAK, corrected, model_of};
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::axes::{Axes, Role};
use vqz_codec::config::{Configuration, EntropyCoder, NoData, Promise};
use vqz_codec::model::{Model, Quantiser};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArraySubset};
use zarrs::storage::ReadableWritableListableStorageTraits;
use zarrs::storage::store::MemoryStore;

/// An array to be made.
#[derive(Clone, Debug)]
pub struct Case {
    /// Roles of the dimensions.
    pub axes: &'static [&'static str],
    /// The array's shape.
    pub shape: &'static [u64],
    /// The shape of its chunks (of the inner ones, where there are shards).
    pub chunk: &'static [u64],
    /// The shape of its shards, where it has any.
    pub shard: Option<&'static [u64]>,
    /// The sample type.
    pub data_type: DataType,
    /// The fill value, in the notation of Zarr v3.
    pub fill: Value,
    /// Values that mean "no data".
    pub nodata: Vec<NoData>,
    /// The entropy coder.
    pub entropy: EntropyCoder,
    /// The nominal quality in dB against [`PEAK`].
    pub quality: f64,
    /// The model's quantiser.
    pub quantiser: Quantiser,
    /// Whether the model has a correction, and the data a floor.
    pub corrected: bool,
    /// What is promised.
    pub promise: Promise,
    /// Whether there is no model.
    pub predicted: bool,
    /// For each band of the model, the array's band; empty where both have the same order.
    pub band_order: &'static [usize],
}

impl Default for Case {
    fn default() -> Self {
        Self {
            axes: &["band", "y", "x"],
            shape: &[3, 90, 70],
            chunk: &[3, 64, 48],
            shard: None,
            data_type: DataType::UInt16,
            fill: json!(0),
            nodata: Vec::new(),
            entropy: EntropyCoder::Rans,
            quality: 45.0,
            quantiser: Quantiser::Fsq,
            corrected: false,
            promise: Promise::Quality,
            predicted: false,
            band_order: &[],
        }
    }
}

impl Case {
    /// Bands of the model that the array takes.
    #[must_use]
    pub fn bands(&self) -> usize {
        let band = self.axes.iter().position(|axis| *axis == "band");
        band.map_or(1, |dimension| self.shape[dimension] as usize)
    }

    /// The model.
    ///
    /// # Panics
    /// When no model can be fitted.
    #[must_use]
    pub fn model(&self) -> Arc<Model> {
        match self.corrected {
            true => corrected(self.bands()),
            false => model_of(self.quantiser, self.bands()),
        }
    }

    /// The model, if there is one.
    #[must_use]
    pub fn any_model(&self) -> Option<Arc<Model>> {
        (!self.predicted).then(|| self.model())
    }

    /// The codec's configuration.
    ///
    /// # Panics
    /// When the axes are wrong, or no model can be fitted.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        let names: Vec<String> = self.axes.iter().map(|axis| (*axis).to_owned()).collect();
        Configuration::new(Axes::try_from(names).expect("the case's axes are sound"))
            .with_model(
                self.any_model().map(|model| model.reference().expect("a small model can be embedded")),
            )
            .with_band_order(self.band_order.to_vec())
            .with_quality(if self.predicted { 0.0 } else { self.quality })
            .with_entropy(self.entropy)
            .with_nodata(self.nodata.clone())
            .with_promise(self.promise.clone())
    }

    /// The content of `zarr.json`.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let codec = json!({"name": "vqz", "configuration": self.configuration()});
        let codec = match self.shard {
            None => codec,
            Some(_) => json!({"name": "sharding_indexed", "configuration": {
                "chunk_shape": self.chunk,
                "codecs": [codec],
                "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                "index_location": "end",
            }}),
        };
        json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.shape,
            "data_type": self.data_type.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.shard.unwrap_or(self.chunk)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": self.fill,
            "codecs": [codec],
            "attributes": {},
            "dimension_names": self.axes,
        })
    }

    /// Makes the array, without any chunk.
    ///
    /// # Panics
    /// When zarrs refuses it.
    pub fn create<S: ReadableWritableListableStorageTraits + 'static>(
        &self,
        store: &Arc<S>,
        path: &str,
    ) -> Array<S> {
        let metadata: ArrayMetadata = serde_json::from_value(self.metadata()).expect("the metadata is sound");
        let array =
            Array::new_with_metadata(Arc::clone(store), path, metadata).expect("zarrs takes the metadata");
        array.store_metadata().expect("the metadata can be stored");
        array
    }

    /// Samples to store, in the order of the array: a different field for each image. They are shifted by 32 below zero where the
    /// type is `int16`, and have fractions where it is a float.
    #[must_use]
    pub fn samples(&self, seed: u64) -> Vec<f64> {
        let configuration = self.configuration();
        let roles = configuration.axes.roles();
        let images: u64 = roles
            .iter()
            .zip(self.shape)
            .filter(|(role, _)| matches!(role, Role::Time | Role::Other(_)))
            .map(|(_, extent)| extent)
            .product();
        let fields: Vec<Field> = (0..images).map(|image| Field::new(seed * 1000 + image)).collect();
        let offset = if self.data_type == DataType::Int16 { -32.0 } else { 0.0 };
        places(self.shape)
            .map(|place| {
                let (mut image, mut band, mut y, mut x) = (0, 0, 0, 0);
                for ((role, at), extent) in roles.iter().zip(&place).zip(self.shape) {
                    match role {
                        Role::Band => band = *at,
                        Role::Y => y = *at,
                        Role::X => x = *at,
                        Role::Time | Role::Other(_) => image = image * extent + at,
                    }
                }
                let value = fields[image as usize].at(band, y, x) + offset;
                if self.corrected { value.max(f64::from(FLOOR)) } else { value }
            })
            .collect()
    }

    /// Bytes of samples, in native order; integers are rounded and clipped.
    #[must_use]
    pub fn bytes(&self, samples: &[f64]) -> Vec<u8> {
        let bytes = |v: &f64| match self.data_type {
            DataType::UInt8 => (v.round() as u8).to_ne_bytes().to_vec(),
            DataType::Int16 => (v.round() as i16).to_ne_bytes().to_vec(),
            DataType::UInt16 => (v.round() as u16).to_ne_bytes().to_vec(),
            DataType::Int32 => (v.round() as i32).to_ne_bytes().to_vec(),
            DataType::Float32 => (*v as f32).to_ne_bytes().to_vec(),
            DataType::Float64 => v.to_ne_bytes().to_vec(),
        };
        samples.iter().flat_map(bytes).collect()
    }

    /// Samples of bytes.
    ///
    /// # Panics
    /// When the bytes do not make whole samples.
    #[must_use]
    pub fn values(&self, bytes: &[u8]) -> Vec<f64> {
        macro_rules! read {
            ($type:ty) => {
                bytes
                    .chunks(size_of::<$type>())
                    .map(|b| f64::from(<$type>::from_ne_bytes(b.try_into().expect("whole samples"))))
                    .collect()
            };
        }
        match self.data_type {
            DataType::UInt8 => read!(u8),
            DataType::Int16 => read!(i16),
            DataType::UInt16 => read!(u16),
            DataType::Int32 => read!(i32),
            DataType::Float32 => read!(f32),
            DataType::Float64 => read!(f64),
        }
    }

    /// Which samples are masked: those that are not finite or equal a declared nodata value.
    ///
    /// # Panics
    /// When a nodata value is unsound.
    #[must_use]
    pub fn masked(&self, values: &[f64]) -> Vec<bool> {
        let nodata: Vec<f64> = (self.nodata.iter())
            .filter_map(|value| value.to_f64(self.data_type).expect("the case's nodata values are sound"))
            .collect();
        values.iter().map(|v| !v.is_finite() || nodata.contains(v)).collect()
    }

    /// Checks a round trip: masked samples must be the same bit for bit, valid samples must stay valid, and the quality must be met.
    ///
    /// # Panics
    /// When it does not hold.
    pub fn check(&self, stored: &[u8], read: &[u8]) {
        assert_eq!(stored.len(), read.len());
        let size = self.data_type.size();
        let (wanted, found) = (self.values(stored), self.values(read));
        let (masked, masked_after) = (self.masked(&wanted), self.masked(&found));
        let (mut squares, mut count) = (0.0, 0u64);
        for i in 0..wanted.len() {
            let bits = i * size..(i + 1) * size;
            if masked[i] {
                assert_eq!(
                    stored[bits.clone()],
                    read[bits],
                    "sample {i} is masked and must come back bit for bit"
                );
            } else {
                assert!(!masked_after[i], "sample {i} was {} and became no data, {}", wanted[i], found[i]);
                squares += (wanted[i] - found[i]).powi(2);
                count += 1;
            }
        }
        if count > 0 {
            let psnr = 10.0 * (PEAK * PEAK * count as f64 / squares).log10();
            let nominal = self.quality;
            assert!(
                psnr > nominal - 2.0,
                "PSNR is {psnr:.2} dB over {count} valid samples, nominally {nominal} dB"
            );
        }
    }
}

/// All places of a shape, in C order.
pub fn places(shape: &[u64]) -> impl Iterator<Item = Vec<u64>> + use<> {
    let shape = shape.to_vec();
    (0..shape.iter().product::<u64>()).map(move |mut at| {
        let mut place = vec![0; shape.len()];
        for (place, extent) in place.iter_mut().zip(&shape).rev() {
            *place = at % extent;
            at /= extent;
        }
        place
    })
}

/// The bytes of a region, cut out of the bytes of the whole array.
///
/// # Panics
/// When the region lies outside.
#[must_use]
pub fn extract(bytes: &[u8], shape: &[u64], size: usize, region: &[Range<u64>]) -> Vec<u8> {
    let extents: Vec<u64> = region.iter().map(|range| range.end - range.start).collect();
    places(&extents)
        .flat_map(|place| {
            let at =
                place.iter().zip(region).zip(shape).fold(0, |at, ((p, r), n)| at * n + p + r.start) as usize;
            bytes[at * size..(at + 1) * size].iter().copied()
        })
        .collect()
}

/// Stores a whole array.
///
/// # Panics
/// When it can't be stored.
pub fn store<S: ReadableWritableListableStorageTraits + 'static>(array: &Array<S>, bytes: &[u8]) {
    array
        .store_array_subset(&array.subset_all(), ArrayBytes::new_flen(bytes.to_vec()))
        .expect("the array can be stored");
}

/// Reads a region of an array.
///
/// # Panics
/// When it can't be read.
#[must_use]
pub fn read<S: ReadableWritableListableStorageTraits + 'static>(
    array: &Array<S>,
    region: &[Range<u64>],
) -> Vec<u8> {
    let bytes: ArrayBytes<'static> = array
        .retrieve_array_subset(&ArraySubset::new_with_ranges(region))
        .unwrap_or_else(|e| panic!("region {region:?} can't be read: {e}"));
    bytes.into_fixed().expect("samples have a fixed length").into_owned()
}

/// The region that is the whole of a shape.
#[must_use]
pub fn all(shape: &[u64]) -> Vec<Range<u64>> {
    shape.iter().map(|extent| 0..*extent).collect()
}

/// Stores samples through zarrs, reads all of them and many parts, and returns what was read.
///
/// # Panics
/// When anything differs from what must hold, or zarrs refuses something.
#[must_use]
pub fn round_trip(case: &Case, stored: &[u8]) -> Vec<u8> {
    let memory = Arc::new(MemoryStore::new());
    store(&case.create(&memory, "/a"), stored);
    let array = Array::open(Arc::clone(&memory), "/a").expect("what was stored opens");
    let whole = read(&array, &all(case.shape));
    case.check(stored, &whole);
    let mut random = Random::new(7);
    for _ in 0..25 {
        let region: Vec<_> = case.shape.iter().map(|extent| random.part(*extent)).collect();
        let part = read(&array, &region);
        let wanted = extract(&whole, case.shape, case.data_type.size(), &region);
        assert!(part == wanted, "{region:?} differs from the same part of the whole: {case:?}");
    }
    whole
}
