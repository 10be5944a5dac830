//! Promises hold: thousands of small arrays of all kinds come back within their bounds or bit for bit, even with decoders that
//! differ from the writer's by the whole tolerance, and writing a stable array again changes nothing.

use std::ops::Range;
use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, NoData, Promise};
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_tests::Random;
#[cfg(feature = "faults")]
use vqz_tests::models::tolerant;
use vqz_tests::models::{Field, model};
use vqz_zarr::engines::chunk_codec;

/// Round trips without a model, and with one.
const ROUND_TRIPS: u64 = 9_500;
const WITH_A_MODEL: u64 = 500;

const BANDS: usize = 3;

/// An array of one chunk.
#[derive(Debug)]
struct Trial {
    axes: Vec<&'static str>,
    shape: Vec<usize>,
    data_type: DataType,
    promise: Promise,
    nodata: Vec<NoData>,
    modelled: bool,
}

impl Trial {
    fn codec(&self) -> ChunkCodec {
        self.codec_of(self.modelled.then(|| model(BANDS)))
    }

    fn codec_of(&self, model: Option<Arc<Model>>) -> ChunkCodec {
        let configuration = Configuration::new(Axes::from_names(&self.axes).expect("the axes are sound"))
            .with_model(model.as_ref().map(|model| model.reference().expect("a small model can be embedded")))
            .with_quality(if model.is_some() { 40.0 } else { 0.0 })
            .with_entropy(EntropyCoder::Rans)
            .with_nodata(self.nodata.clone())
            .with_promise(self.promise.clone());
        let fill = vec![0; self.data_type.size()];
        chunk_codec(&configuration, model, self.data_type, &fill, Options::default())
            .unwrap_or_else(|e| panic!("{self:?}: {e}"))
    }

    fn samples(&self) -> usize {
        self.shape.iter().product()
    }

    fn is_float(&self) -> bool {
        matches!(self.data_type, DataType::Float32 | DataType::Float64)
    }

    /// The band of a sample.
    fn band(&self, at: usize) -> usize {
        let Some(d) = self.axes.iter().position(|axis| *axis == "band") else { return 0 };
        at / self.shape[d + 1..].iter().product::<usize>() % self.shape[d]
    }

    /// Checks that what was read is what is promised.
    fn check(&self, seed: u64, stored: &[u8], read: &[u8]) {
        assert_eq!(stored.len(), read.len());
        if self.promise == Promise::Lossless {
            assert!(stored == read, "seed {seed}: {self:?} is not lossless");
            return;
        }
        let bands = self.axes.iter().position(|axis| *axis == "band").map_or(1, |d| self.shape[d]);
        let bounds =
            self.promise.bounds(bands).expect("the bounds are sound").expect("something is promised");
        let size = self.data_type.size();
        let nodata: Vec<f64> = (self.nodata.iter())
            .filter_map(|value| value.to_f64(self.data_type).expect("the nodata are sound"))
            .collect();
        let pairs = stored.chunks_exact(size).zip(read.chunks_exact(size)).enumerate();
        for (at, (wanted_bits, found_bits)) in pairs {
            let (wanted, found) = (value(self.data_type, wanted_bits), value(self.data_type, found_bits));
            let masked = |v: f64| !v.is_finite() || nodata.contains(&v);
            if masked(wanted) {
                assert_eq!(wanted_bits, found_bits, "seed {seed}: {self:?}: masked sample {at}");
                continue;
            }
            assert!(!masked(found), "seed {seed}: {self:?}: sample {at}, {wanted}, became no data, {found}");
            let bound = bounds[self.band(at)];
            assert!(
                (wanted - found).abs() <= bound,
                "seed {seed}: {self:?}: sample {at}, {wanted}, became {found}, beyond {bound}"
            );
        }
    }
}

fn value(data_type: DataType, bytes: &[u8]) -> f64 {
    macro_rules! read {
        ($type:ty) => {
            f64::from(<$type>::from_ne_bytes(bytes.try_into().expect("a whole sample")))
        };
    }
    match data_type {
        DataType::UInt8 => read!(u8),
        DataType::Int16 => read!(i16),
        DataType::UInt16 => read!(u16),
        DataType::Int32 => read!(i32),
        DataType::Float32 => read!(f32),
        DataType::Float64 => read!(f64),
    }
}

fn bytes(data_type: DataType, value: f64) -> Vec<u8> {
    match data_type {
        DataType::UInt8 => (value as u8).to_ne_bytes().to_vec(),
        DataType::Int16 => (value as i16).to_ne_bytes().to_vec(),
        DataType::UInt16 => (value as u16).to_ne_bytes().to_vec(),
        DataType::Int32 => (value as i32).to_ne_bytes().to_vec(),
        DataType::Float32 => (value as f32).to_ne_bytes().to_vec(),
        DataType::Float64 => value.to_ne_bytes().to_vec(),
    }
}

fn pick<T: Clone>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize].clone()
}

/// Any trial.
fn trial(random: &mut Random, modelled: bool) -> Trial {
    let axes = pick(
        random,
        &[
            vec!["y", "x"],
            vec!["band", "y", "x"],
            vec!["y", "x", "band"],
            vec!["time", "band", "y", "x"],
            vec!["x", "month", "y"],
        ],
    );
    let axes = if modelled { vec!["band", "y", "x"] } else { axes };
    let largest = if modelled { 40 } else { pick(random, &[1, 3, 9, 20, 40]) };
    let shape = axes
        .iter()
        .map(|axis| match *axis {
            "band" if modelled => BANDS,
            "band" => 1 + random.below(4) as usize,
            "y" | "x" => 1 + random.below(largest) as usize,
            _ => 1 + random.below(3) as usize,
        })
        .collect();
    let data_type = pick(random, &DataType::ALL);
    let bound = |random: &mut Random| match random.below(4) {
        0 => random.below(3) as f64,
        1 => random.below(60) as f64 + random.fraction(),
        2 => 10f64.powf(random.fraction() * 8.0 - 5.0),
        _ => 200.0,
    };
    let bands = |shape: &Vec<usize>| axes.iter().position(|axis| *axis == "band").map_or(1, |d| shape[d]);
    let shape: Vec<usize> = shape;
    let promise = match random.below(4) {
        0 => Promise::Lossless,
        1 => {
            let bound = (0..bands(&shape)).map(|_| bound(random)).collect();
            Promise::MaxError { bound, stable: random.below(4) == 0 }
        }
        _ => Promise::MaxError { bound: vec![bound(random)], stable: random.below(4) == 0 },
    };
    let nodata = match random.below(4) {
        0 => vec![NoData::Integer(random.below(50) as i64)],
        1 => vec![NoData::Integer(0), NoData::Integer(1), NoData::Integer(2), NoData::Name("NaN".to_owned())],
        _ => Vec::new(),
    };
    Trial { axes, shape, data_type, promise, nodata, modelled }
}

/// Samples of any kind.
fn samples(random: &mut Random, trial: &Trial) -> Vec<u8> {
    let (kind, field) = (random.below(9), Field::new(random.below(1 << 20)));
    let (scale, period) = (10f64.powf(random.fraction() * 9.0 - 4.0), 1 + random.below(30));
    let data_type = trial.data_type;
    let mut out = Vec::new();
    for at in 0..trial.samples() {
        let smooth = field.at(trial.band(at) as u64, at as u64 / 17, at as u64 % 17);
        let sample = match kind {
            // The same everywhere, and what is next to nodata.
            0 => bytes(data_type, 3.0),
            1 => bytes(data_type, random.below(12) as f64),
            // Bit patterns: of floats, also NaN with payloads, infinities and numbers below the normal ones.
            2 => random.bits().to_ne_bytes()[..data_type.size()].to_vec(),
            3 => bytes(data_type, pick(random, &[f64::MIN, f64::MAX, 0.0, 1e9, -1e9, 255.0])),
            4 => bytes(data_type, f64::from(u32::from((at as u64 / period).is_multiple_of(5))) * 7.0),
            5 if trial.is_float() => bytes(data_type, (smooth * scale).round() / scale),
            6 if trial.is_float() => {
                bytes(data_type, pick(random, &[-0.0, 0.0, f64::NAN, f64::INFINITY, 1e-310, smooth]))
            }
            7 => bytes(data_type, smooth + f64::from(u8::from(random.below(50) == 0)) * 30_000.0),
            _ => bytes(data_type, smooth * if trial.is_float() { scale } else { 1.0 }),
        };
        out.extend(sample);
    }
    out
}

fn round_trip(seed: u64, modelled: bool) {
    let mut random = Random::new(seed);
    let trial = trial(&mut random, modelled);
    let stored = samples(&mut random, &trial);
    let codec = trial.codec();
    let chunk = codec.encode(&trial.shape, &stored).unwrap_or_else(|e| panic!("seed {seed}: {trial:?}: {e}"));
    let read = codec.decode(&trial.shape, &chunk).unwrap_or_else(|e| panic!("seed {seed}: {trial:?}: {e}"));
    trial.check(seed, &stored, &read);
    if matches!(trial.promise, Promise::MaxError { stable: true, .. }) {
        let again =
            codec.encode(&trial.shape, &read).unwrap_or_else(|e| panic!("seed {seed}: {trial:?}: {e}"));
        let again =
            codec.decode(&trial.shape, &again).unwrap_or_else(|e| panic!("seed {seed}: {trial:?}: {e}"));
        assert!(again == read, "seed {seed}: {trial:?} is not stable");
    }
    // A part is the same as in the whole.
    let region: Vec<Range<usize>> = (trial.shape.iter())
        .map(|extent| {
            let start = random.below(*extent as u64) as usize;
            start..start + 1 + random.below((extent - start) as u64) as usize
        })
        .collect();
    let plan = codec.plan(&trial.shape, &chunk, &region).expect("a region can be planned");
    let parts: Vec<&[u8]> = plan.ranges.iter().map(|r| &chunk[r.start as usize..r.end as usize]).collect();
    let part = codec.decode_planned(&plan, &parts).expect("a region can be read");
    let extents: Vec<u64> = trial.shape.iter().map(|n| *n as u64).collect();
    let region: Vec<Range<u64>> = region.iter().map(|r| r.start as u64..r.end as u64).collect();
    let wanted = vqz_tests::arrays::extract(&read, &extents, trial.data_type.size(), &region);
    assert!(part == wanted, "seed {seed}: {trial:?}: {region:?} differs");
}

#[test]
fn thousands_of_arrays_keep_their_promise() {
    for seed in 0..ROUND_TRIPS {
        round_trip(seed, false);
    }
}

#[test]
fn arrays_with_a_model_keep_their_promise() {
    for seed in 0..WITH_A_MODEL {
        round_trip(1_000_000 + seed, true);
    }
}

/// Decoders that are off by the whole tolerance, this way and that, and towards the next rounding.
#[cfg(feature = "faults")]
const SHIFTS: [fn() -> vqz_codec::pipeline::faults::Shift; 5] = [
    || Box::new(|_, _| 1.0),
    || Box::new(|_, _| -1.0),
    || Box::new(|place, _| if place % 2 == 0 { 1.0 } else { -1.0 }),
    || Box::new(|place, _| ((place as u64 * 2_654_435_761) % 2001) as f64 / 1000.0 - 1.0),
    // Across the nearest half, where rounding turns.
    || Box::new(|_, v| if v.rem_euclid(1.0) < 0.5 { 1.0 } else { -1.0 }),
];

/// Counts of the cases that occurred, to show that the test covers them.
#[cfg(feature = "faults")]
#[derive(Debug, Default)]
struct Seen {
    /// Arrays that hold a picture.
    pictures: usize,
    /// Decodings that differ from the writer's.
    differ: usize,
}

/// Encodes an array, and decodes it with all shifts: each keeps the bound, and no code differs.
#[cfg(feature = "faults")]
fn decode_elsewhere(seed: u64, trial: &Trial, codec: &ChunkCodec, stored: &[u8], seen: &mut Seen) {
    use vqz_codec::pipeline::faults::shift_pictures;
    let chunk = codec.encode(&trial.shape, stored).expect("it can be encoded");
    let plain = codec.decode(&trial.shape, &chunk).expect("it decodes");
    let codes = codec.codes(&trial.shape, &chunk).expect("its codes can be read");
    seen.pictures += usize::from(codes.iter().any(|tile| tile.codes.iter().any(|code| *code != 0)));
    for shift in SHIFTS {
        shift_pictures(Some(shift()));
        let other = codec.decode(&trial.shape, &chunk).expect("it decodes elsewhere");
        assert_eq!(codec.codes(&trial.shape, &chunk).expect("its codes can be read"), codes);
        shift_pictures(None);
        trial.check(seed, stored, &other);
        seen.differ += usize::from(other != plain);
    }
}

#[cfg(feature = "faults")]
#[test]
fn bounds_hold_on_any_conforming_decoder() {
    let mut seen = Seen::default();
    for seed in 0..40 {
        let mut random = Random::new(seed);
        // Where a picture pays: smooth, with a wide bound.
        let bound = [1.0, 2.5, 6.0, 12.0][random.below(4) as usize];
        let trial = Trial {
            axes: vec!["band", "y", "x"],
            shape: vec![BANDS, 48, 56],
            data_type: pick(
                &mut random,
                &[DataType::UInt8, DataType::UInt16, DataType::Int16, DataType::Float32],
            ),
            promise: Promise::MaxError { bound: vec![bound], stable: false },
            nodata: vec![NoData::Integer(100)],
            modelled: true,
        };
        let field = Field::new(seed);
        let at = |i: usize| field.at((i / (48 * 56)) as u64, (i / 56 % 48) as u64, (i % 56) as u64);
        let stored: Vec<u8> = (0..trial.samples()).flat_map(|i| bytes(trial.data_type, at(i))).collect();
        decode_elsewhere(seed, &trial, &trial.codec(), &stored, &mut seen);
    }
    println!("of 40 arrays and 200 decodings: {seen:?}");
    assert!(seen.pictures > 5 && seen.differ > 20, "{seen:?}");
}

/// Nodata within the range of the data: a value that one decoder rounds to nodata, another does not. A sample that is moved off
/// nodata must keep the bound too.
#[cfg(feature = "faults")]
#[test]
fn decoders_move_samples_off_nodata_within_the_bound() {
    let mut seen = Seen::default();
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let bound = 4.0 + random.below(16) as f64;
        let nodata = 140 + random.below(40) as i64;
        let trial = Trial {
            axes: vec!["band", "y", "x"],
            shape: vec![BANDS, 16, 24],
            data_type: pick(&mut random, &[DataType::UInt8, DataType::UInt16, DataType::Int16]),
            promise: Promise::MaxError { bound: vec![bound], stable: false },
            nodata: vec![NoData::Integer(nodata)],
            modelled: true,
        };
        let field = Field::new(seed);
        let at = |i: usize| field.at((i / (16 * 24)) as u64, (i / 24 % 16) as u64, (i % 24) as u64);
        let stored: Vec<u8> = (0..trial.samples()).flat_map(|i| bytes(trial.data_type, at(i))).collect();
        let codec = trial.codec_of(Some(tolerant(BANDS)));
        decode_elsewhere(seed, &trial, &codec, &stored, &mut seen);
    }
    println!("of 120 arrays and 600 decodings: {seen:?}");
    assert!(seen.pictures > 20 && seen.differ > 100, "{seen:?}");
}

/// Nine tenths or more of the patches have no data. The rest takes little more than its share of the bytes, and a chunk without
/// any data takes hardly any.
#[test]
fn masks_cost_little() {
    let field = Field::new(5);
    let shape = vec![BANDS, 512, 512];
    let at = |i: usize| field.at((i / (512 * 512)) as u64, (i / 512 % 512) as u64, (i % 512) as u64);
    // Where little is coded a sample, what a tile must learn anew weighs more.
    for (promise, modelled, data_type, most) in [
        (Promise::Quality, true, DataType::UInt16, 0.12),
        (Promise::Lossless, false, DataType::UInt16, 0.12),
        (Promise::MaxError { bound: vec![2.0], stable: false }, false, DataType::Int16, 0.14),
    ] {
        let axes = vec!["band", "y", "x"];
        let nodata = vec![NoData::Integer(7)];
        let trial = Trial { axes, shape: shape.clone(), data_type, promise, nodata, modelled };
        let codec = trial.codec();
        let size = |masked: &dyn Fn(usize) -> bool| {
            let sample = |i: usize| if masked(i) { 7.0 } else { at(i) + 10.0 };
            let stored: Vec<u8> = (0..trial.samples()).flat_map(|i| bytes(data_type, sample(i))).collect();
            codec.encode(&trial.shape, &stored).expect("it can be encoded").len()
        };
        let (whole, part, none) = (size(&|_| false), size(&|i| i / 512 % 512 >= 48), size(&|_| true));
        println!("{:?}: {whole} bytes, {part} for a tenth, {none} for nothing", trial.promise);
        assert!(part as f64 <= most * whole as f64, "{part} of {whole} bytes for a tenth of the samples");
        assert!(none <= 32, "{none} bytes for nothing");
    }
}

#[test]
fn promises_that_can_not_be_are_refused() {
    let refused = |promise, modelled| {
        let trial = Trial {
            axes: vec!["band", "y", "x"],
            shape: vec![BANDS, 8, 8],
            data_type: DataType::Int16,
            promise,
            nodata: Vec::new(),
            modelled,
        };
        let model = trial.modelled.then(|| model(BANDS));
        let configuration = Configuration::new(Axes::from_names(&trial.axes).expect("the axes are sound"))
            .with_quality(40.0)
            .with_entropy(EntropyCoder::Rans)
            .with_promise(trial.promise.clone());
        let codec = chunk_codec(&configuration, model, DataType::Int16, &[0; 2], Options::default());
        let encoded = codec.and_then(|codec| codec.encode(&trial.shape, &vec![0; 2 * trial.samples()]));
        encoded.expect_err("it can't be").to_string()
    };
    let bound = |bound: &[f64]| Promise::MaxError { bound: bound.to_vec(), stable: false };
    assert!(refused(Promise::Quality, false).contains("names no model and promises nothing"));
    assert!(refused(bound(&[-1.0]), false).contains("finite numbers from 0 on are allowed"));
    assert!(refused(bound(&[f64::NAN]), true).contains("finite numbers from 0 on are allowed"));
    assert!(refused(bound(&[1.0, 2.0]), false).contains("given for 2 bands, the chunk has 3"));
}
