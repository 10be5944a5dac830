//! Hostile chunks: cut off, damaged, damaged with sound checksums, made up. Every one is a named error or decodes to
//! some samples; none is a panic, a hang or a large allocation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vqz_codec::config::{EntropyCoder, NoData, Promise};
use vqz_codec::model::Quantiser;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::{DataType, Error};
use vqz_tests::Random;
use vqz_tests::arrays::{Case, read, store};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::WritableStorageTraits;

/// Remembers the largest single allocation.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// No test here decodes more than a few hundred thousand samples; fitting the models stays below this as well.
const ALLOCATION_CEILING: usize = 64 << 20;
const TIME_CEILING: Duration = Duration::from_secs(5);

fn largest_allocation_is_small() {
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest <= ALLOCATION_CEILING, "{largest} bytes were allocated at once");
}

/// A sound chunk, and all that is needed to decode it.
struct Victim {
    name: &'static str,
    codec: ChunkCodec,
    shape: Vec<usize>,
    /// Bytes of all samples.
    bytes: usize,
    chunk: Vec<u8>,
}

impl Victim {
    fn new(name: &'static str, case: &Case, samples: &[u8]) -> Self {
        let shape: Vec<usize> = case.chunk.iter().map(|extent| *extent as usize).collect();
        let fill = case.bytes(&[0.0]);
        let codec = ChunkCodec::new(
            &case.configuration(),
            case.any_model(),
            case.data_type,
            &fill,
            Options::default(),
        )
        .expect("the case is sound");
        let chunk = codec.encode(&shape, samples).expect("the samples can be encoded");
        let victim = Self { name, codec, bytes: samples.len(), shape, chunk };
        assert_eq!(victim.decode(&victim.chunk).expect("a sound chunk decodes").len(), samples.len());
        victim
    }

    fn region(&self) -> Vec<Range<usize>> {
        self.shape.iter().map(|extent| extent / 3..extent - extent / 4).collect()
    }

    /// Decodes the whole, and a part by its byte ranges; both must agree on whether the part is sound.
    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let part = self.decode_part(bytes);
        let whole = self.codec.decode(&self.shape, bytes);
        match (&whole, &part) {
            (Ok(whole), Ok(_)) => assert_eq!(whole.len(), self.bytes, "{}", self.name),
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

    /// Makes all checksums right again that can still be found: the header's, and those of the tiles that it lists.
    fn with_checksums(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let Ok(header) = self.codec.header_len(&bytes[..bytes.len().min(ChunkCodec::PREFIX)]) else {
            return bytes;
        };
        seal(&mut bytes, 0..header);
        let all: Vec<Range<usize>> = self.shape.iter().map(|extent| 0..*extent).collect();
        if let Ok(plan) = self.codec.plan(&self.shape, &bytes[..bytes.len().min(header)], &all) {
            for range in plan.ranges {
                seal(&mut bytes, range.start as usize..range.end as usize);
            }
        }
        bytes
    }

    /// One hostile input: decoded as it is, and with its checksums made right. Returns how the first went.
    fn attack(&self, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let start = Instant::now();
        let plain = self.decode(&bytes);
        if let Err(error) = self.decode(&self.with_checksums(bytes)) {
            named(&error, self.name, what);
        }
        assert!(start.elapsed() < TIME_CEILING, "{}: {what} took {:?}", self.name, start.elapsed());
        plain
    }
}

/// Writes the CRC-32C of a range, which ends with it.
fn seal(bytes: &mut [u8], range: Range<usize>) {
    let Some(end) = range.end.checked_sub(4).filter(|end| *end >= range.start && range.end <= bytes.len())
    else {
        return;
    };
    let checksum = crc32c::crc32c(&bytes[range.start..end]).to_le_bytes();
    bytes[end..end + 4].copy_from_slice(&checksum);
}

/// The kinds of error that hostile bytes may lead to.
fn named(error: &Error, victim: &str, what: &str) {
    let allowed = matches!(
        error,
        Error::Corrupt(_)
            | Error::Truncated(_)
            | Error::Unsupported(_)
            | Error::InvalidModel(_)
            | Error::Limit(_)
    );
    assert!(allowed, "{victim}: {what} is a \"{error}\"");
}

fn victims() -> Vec<Victim> {
    let mut victims = Vec::new();
    for (name, entropy) in [("rans", EntropyCoder::Rans), ("lz4", EntropyCoder::Lz4)] {
        let case = Case { entropy, shape: &[2, 24, 21], chunk: &[2, 24, 21], ..Case::default() };
        victims.push(Victim::new(name, &case, &case.bytes(&case.samples(1))));
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
        victims.push(Victim::new(name, &case, &case.bytes(&samples)));
    }

    // A mask that the bands share, by a nodata value.
    let shape = &[2, 20, 22];
    let case = Case { shape, chunk: shape, nodata: vec![NoData::Integer(7)], ..Case::default() };
    let mut samples = case.samples(2);
    samples.iter_mut().enumerate().filter(|(i, _)| i % 22 < i / 22 % 20 / 2).for_each(|(_, v)| *v = 7.0);
    victims.push(Victim::new("shared mask", &case, &case.bytes(&samples)));

    // Masks of their own, with more bit patterns than a table holds.
    let case = Case { shape, chunk: shape, data_type: DataType::Float32, ..Case::default() };
    let mut samples = case.bytes(&case.samples(3));
    for at in (0..440).step_by(1) {
        samples[at * 4..at * 4 + 4].copy_from_slice(&(0x7fc0_0000u32 + at as u32 % 300).to_ne_bytes());
    }
    victims.push(Victim::new("many patterns", &case, &samples));

    let case = Case { shape: &[1, 264, 12], chunk: &[1, 264, 12], quality: 30.0, ..Case::default() };
    victims.push(Victim::new("two tiles", &case, &case.bytes(&case.samples(4))));

    // Dates that refer to each other: the same image again and again, but for a little.
    let dates = &[4, 1, 20, 20];
    let axes = &["time", "band", "y", "x"];
    let case = Case { axes, shape: dates, chunk: dates, quality: 36.0, ..Case::default() };
    let image = case.samples(5)[..400].to_vec();
    let samples: Vec<f64> =
        (0..1600).map(|i| image[i % 400] + f64::from(u8::from(i % 37 == 0)) * 9.0).collect();
    victims.push(Victim::new("dates", &case, &case.bytes(&samples)));

    let case = Case { shape, chunk: shape, data_type: DataType::Float64, ..Case::default() };
    victims.push(Victim::new("no data", &case, &f64::NAN.to_ne_bytes().repeat(880)));

    victims.extend(promised());

    // Everything but a corner is fill value.
    let case = Case { shape, chunk: shape, data_type: DataType::Int16, ..Case::default() };
    let mut samples = vec![0.0; 880];
    samples[..3].fill(100.0);
    victims.push(Victim::new("mostly fill", &case, &case.bytes(&samples)));
    victims
}

/// Chunks with a promise: integers and floats by prediction, and pictures brought within a bound.
fn promised() -> Vec<Victim> {
    let mut victims = Vec::new();
    // Dates of samples without a picture.
    let dates = &[3, 1, 12, 11];
    let axes = &["time", "band", "y", "x"];
    let promise = Promise::Lossless;
    let case = Case { axes, shape: dates, chunk: dates, promise, predicted: true, ..Case::default() };
    let image = case.samples(5)[..132].to_vec();
    let samples: Vec<f64> = (0..396).map(|i| image[i % 132] + (i / 132) as f64).collect();
    victims.push(Victim::new("lossless dates", &case, &case.bytes(&samples)));
    let shape = &[2, 18, 17];
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
            // Bit patterns that are no numbers of few digits.
            bytes.chunks_exact_mut(8).enumerate().for_each(|(i, b)| b[0] ^= (i * 37) as u8);
        }
        victims.push(Victim::new(name, &case, &bytes));
    }
    victims
}

#[test]
fn every_prefix_is_an_error() {
    for victim in victims() {
        for end in 0..victim.chunk.len() {
            let what = format!("the first {end} of {} bytes", victim.chunk.len());
            let error = victim.attack(&what, victim.chunk[..end].to_vec()).expect_err(&what);
            assert!(
                matches!(error, Error::Truncated(_) | Error::Corrupt(_)),
                "{}: {what}: {error}",
                victim.name
            );
        }
    }
    largest_allocation_is_small();
}

#[test]
fn trailing_bytes_are_refused() {
    for victim in victims() {
        for extra in [&[0][..], &[1, 2, 3], &victim.chunk] {
            let error =
                victim.codec.decode(&victim.shape, &[&victim.chunk, extra].concat()).expect_err(victim.name);
            assert!(matches!(error, Error::Corrupt(_)), "{}: {error}", victim.name);
            let all = victim.chunk.len() + extra.len();
            assert!(
                error.to_string().contains(&format!("the chunk has {all} bytes")),
                "{}: {error}",
                victim.name
            );
        }
    }
}

#[test]
fn every_flipped_bit_is_found_by_a_checksum() {
    for victim in victims() {
        let mut survived = 0;
        for bit in 0..victim.chunk.len() * 8 {
            let mut bytes = victim.chunk.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let what = format!("bit {bit} of {}", victim.chunk.len() * 8);
            match victim.attack(&what, bytes) {
                Err(error) => named(&error, victim.name, &what),
                Ok(_) => survived += 1,
            }
        }
        assert_eq!(survived, 0, "{}: flipped bits that were not found", victim.name);
    }
    largest_allocation_is_small();
}

#[test]
fn random_damage_is_never_a_panic() {
    let mut random = Random::new(1);
    for victim in victims() {
        for round in 0..2000 {
            let mut bytes = victim.chunk.clone();
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len() as u64) as usize;
                match random.below(4) {
                    0 => bytes[at] = random.bits() as u8,
                    1 => bytes[at] = 0xff,
                    2 => drop(bytes.splice(at..at, [random.bits() as u8])),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let what = format!("damage {round}");
            if let Err(error) = victim.attack(&what, bytes) {
                named(&error, victim.name, &what);
            }
        }
        for round in 0..2000 {
            // The beginning of a chunk, then anything.
            let kept = random.below(victim.chunk.len().min(64) as u64) as usize;
            let mut bytes = victim.chunk[..kept].to_vec();
            bytes.extend((0..random.below(200)).map(|_| random.bits() as u8));
            let what = format!("noise {round}");
            if let Err(error) = victim.attack(&what, bytes) {
                named(&error, victim.name, &what);
            }
        }
    }
    largest_allocation_is_small();
}

#[test]
fn errors_say_what_was_found() {
    let victims = victims();
    let victim = &victims[0];
    let message = |bytes: &[u8]| victim.codec.decode(&victim.shape, bytes).expect_err("damaged").to_string();
    let with = |at: usize, byte: u8| {
        let mut bytes = victim.chunk.clone();
        bytes[at] = byte;
        bytes
    };
    let magic = message(&with(0, b'X'));
    assert!(
        magic.starts_with("corrupt data: the chunk starts with [58, 51, 5a], not with \"VQZ\""),
        "{magic}"
    );
    let version = message(&with(3, 200));
    assert!(
        version.starts_with("unsupported: the chunk has container version 200, this release reads"),
        "{version}"
    );
    let header = message(&with(6, victim.chunk[6] ^ 1));
    assert!(header.starts_with("corrupt data: the checksum of the header is "), "{header}");
    let last = victim.chunk.len() - 6;
    let tile = message(&with(last, victim.chunk[last] ^ 1));
    assert!(tile.starts_with("corrupt data: the checksum of a tile is "), "{tile}");
    let cut = message(&victim.chunk[..last]);
    assert!(cut.starts_with(&format!("truncated data: the chunk has {last} bytes")), "{cut}");
    assert!(message(b"").starts_with("truncated data: "));

    // A chunk of another model, checksums and all.
    let other = Case { shape: &[2, 24, 21], chunk: &[2, 24, 21], ..Case::default() };
    let mut bytes = Victim::new("other", &other, &other.bytes(&other.samples(1))).chunk;
    let header = victim.codec.header_len(&bytes).expect("the header is sound");
    bytes[6] ^= 0xff;
    seal(&mut bytes, 0..header);
    let foreign = victim.codec.decode(&victim.shape, &bytes).expect_err("the model is another").to_string();
    assert!(
        foreign.starts_with("invalid model: the chunk was written with a model whose hash starts with"),
        "{foreign}"
    );

    // Arguments that do not fit.
    let bands = victim.codec.decode(&[3, 24, 21], &victim.chunk).expect_err("three bands").to_string();
    assert!(bands.starts_with("invalid argument: chunk has 3 bands, model test-2 takes 2"), "{bands}");
    let few = victim.codec.encode(&[2, 24, 21], &[0; 10]).expect_err("ten bytes").to_string();
    assert!(few.contains("the chunk has 10 bytes, shape [2, 24, 21] of uint16 takes 2016"), "{few}");
}

#[test]
fn damaged_files_are_named_errors_through_zarrs() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let files = Arc::new(FilesystemStore::new(folder.path()).expect("the folder is there"));
    let case = Case { shape: &[2, 300, 280], chunk: &[2, 300, 280], ..Case::default() };
    let array = case.create(&files, "/a");
    store(&array, &case.bytes(&case.samples(5)));
    let key = array.chunk_key(&[0, 0, 0]);
    let sound =
        array.retrieve_encoded_chunk(&[0, 0, 0]).expect("the store answers").expect("the chunk is there");
    let victim = Victim::new("file", &case, &read(&array, &[0..2, 0..300, 0..280]));
    let window = ArraySubset::new_with_ranges(&[0..1, 250..260, 250..260]);
    let parts = [array.subset_all(), window];

    let attempt = |bytes: Vec<u8>, what: &str, must_fail: bool| {
        files.set(&key, bytes.into()).expect("the file can be written");
        let array = Array::open(Arc::clone(&files), "/a").expect("the metadata is sound");
        for part in &parts {
            match array.retrieve_array_subset::<ArrayBytes<'static>>(part) {
                Ok(bytes) => {
                    assert!(!must_fail || part.num_elements() == 100, "{what} went unnoticed");
                    assert_eq!(bytes.size() as u64, part.num_elements() * 2);
                }
                Err(error) => {
                    let error = error.to_string();
                    let kinds = ["corrupt data: ", "truncated data: ", "unsupported: ", "invalid model: "];
                    assert!(kinds.iter().any(|kind| error.contains(kind)), "{what}: {error}");
                }
            }
        }
    };
    for end in [0, 1, 3, 5, 17, 60, sound.len() / 2, sound.len() - 1] {
        attempt(sound[..end].to_vec(), &format!("{end} of {} bytes", sound.len()), true);
    }
    let header = victim.codec.header_len(&sound).expect("the header is sound");
    let mut random = Random::new(2);
    for _ in 0..300 {
        let mut bytes = sound.to_vec();
        let at = random.below(header as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        attempt(bytes.clone(), &format!("byte {at}"), true);
        attempt(victim.with_checksums(bytes), &format!("byte {at}, with its checksum"), false);
    }
    largest_allocation_is_small();
}
