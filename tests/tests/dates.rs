//! Dates of one place in one chunk. Later tiles refer to earlier ones only where that is cheaper; parts decode to the same samples
//! as the whole; chunks with references that are not valid are refused.

use std::ops::Range;
use vqz_codec::DataType;
use vqz_codec::config::{EntropyCoder, NoData, Promise};
use vqz_codec::model::Quantiser;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_tests::arrays::{Case, extract};
use vqz_tests::models::Field;
use vqz_zarr::engines::chunk_codec;

const DATES: u64 = 5;
const SIDE: u64 = 64;

fn case() -> Case {
    let shape = &[DATES, 3, SIDE, SIDE];
    Case { axes: &["time", "band", "y", "x"], shape, chunk: shape, quality: 42.0, ..Case::default() }
}

/// Dates whose images have this part in common.
fn samples(case: &Case, shared: f64) -> Vec<f64> {
    let place = Field::new(1);
    let dates: Vec<Field> = (0..DATES).map(|date| Field::new(100 + date)).collect();
    let [_, bands, height, width] = case.shape else { panic!("the case has four dimensions") };
    let mut samples = Vec::new();
    for date in &dates {
        for band in 0..*bands {
            for at in 0..height * width {
                let (y, x) = (at / width, at % width);
                samples.push(shared * place.at(band, y, x) + (1.0 - shared) * date.at(band, y, x));
            }
        }
    }
    samples
}

fn codec(case: &Case, parallel: bool) -> ChunkCodec {
    let options = Options::default().with_parallel(parallel);
    let fill = case.bytes(&[0.0]);
    chunk_codec(&case.configuration(), case.any_model(), case.data_type, &fill, options)
        .expect("the case is sound")
}

fn shape(case: &Case) -> Vec<usize> {
    case.shape.iter().map(|n| *n as usize).collect()
}

/// Bytes of all dates, each in a chunk of its own.
fn one_by_one(case: &Case, stored: &[u8]) -> usize {
    let codec = codec(case, false);
    let mut shape = shape(case);
    shape[0] = 1;
    let dates = stored.chunks(stored.len() / DATES as usize);
    dates.map(|date| codec.encode(&shape, date).expect("a date can be encoded").len()).sum()
}

/// Reads a region of a chunk by its plan. Returns the samples and the number of tiles that were read.
fn part(codec: &ChunkCodec, shape: &[usize], chunk: &[u8], region: &[Range<usize>]) -> (Vec<u8>, usize) {
    let plan = codec.plan(shape, chunk, region).expect("the region can be planned");
    let parts: Vec<&[u8]> = plan.ranges.iter().map(|r| &chunk[r.start as usize..r.end as usize]).collect();
    (codec.decode_planned(&plan, &parts).expect("the region can be read"), parts.len())
}

#[test]
fn dates_that_are_alike_take_fewer_bytes_together() {
    let case = case();
    for (shared, most) in [(0.95, 0.8), (0.7, 0.99)] {
        let stored = case.bytes(&samples(&case, shared));
        let together = codec(&case, false).encode(&shape(&case), &stored).expect("it can be encoded").len();
        let alone = one_by_one(&case, &stored);
        println!("{shared} shared: {together} bytes together, {alone} one by one");
        assert!((together as f64) < alone as f64 * most, "{together} bytes together, {alone} one by one");
    }
}

#[test]
fn dates_that_differ_never_take_more() {
    for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
        let case = Case { entropy, ..case() };
        let stored = case.bytes(&samples(&case, 0.0));
        let together = codec(&case, false).encode(&shape(&case), &stored).expect("it can be encoded").len();
        let alone = one_by_one(&case, &stored);
        assert!(together <= alone, "{together} bytes together, {alone} one by one");
    }
}

#[test]
fn parts_read_as_the_whole_and_threads_change_nothing() {
    // Each date has two tiles. Much of the second date is masked, and one patch is masked at all dates.
    let case = Case {
        shape: &[DATES, 2, 40, 272],
        chunk: &[DATES, 2, 40, 272],
        data_type: DataType::Int16,
        nodata: vec![NoData::Integer(-9999)],
        ..case()
    };
    let mut samples = samples(&case, 0.95);
    for (i, sample) in samples.iter_mut().enumerate() {
        let (date, y, x) = (i / (2 * 40 * 272), i / 272 % 40, i % 272);
        if (date == 1 && x < 200) || (y < 9 && x < 9) || (date == 3 && x >= 136) {
            *sample = -9999.0;
        }
    }
    let stored = case.bytes(&samples);
    let shape = shape(&case);
    let plain = codec(&case, false);
    let chunk = plain.encode(&shape, &stored).expect("it can be encoded");
    assert_eq!(codec(&case, true).encode(&shape, &stored).expect("it can be encoded"), chunk);
    let whole = plain.decode(&shape, &chunk).expect("it decodes");
    case.check(&stored, &whole);
    assert_eq!(codec(&case, true).decode(&shape, &chunk).expect("it decodes"), whole);
    let mut read = Vec::new();
    for date in 0..shape[0] {
        for columns in [0..100, 137..272, 100..200] {
            let region = [date..date + 1, 0..2, 3..30, columns];
            let (found, tiles) = part(&plain, &shape, &chunk, &region);
            let region: Vec<Range<u64>> = region.iter().map(|r| r.start as u64..r.end as u64).collect();
            assert!(found == extract(&whole, case.shape, 2, &region), "date {date}, {region:?}");
            read.push(tiles);
        }
    }
    assert_eq!(read[0], 1, "the first date refers to nothing");
    assert!(read.iter().any(|tiles| *tiles > 2), "no date refers to another: {read:?}");
    // Codes are the same, whether others are read with them or not.
    let codes = plain.codes(&shape, &chunk).expect("its codes can be read");
    assert_eq!(codes.len(), 2 * shape[0]);
    assert!(
        codes
            .windows(2)
            .all(|pair| (pair[0].image, pair[0].columns.start) < (pair[1].image, pair[1].columns.start))
    );
}

#[test]
fn samples_without_a_picture_refer_to_earlier_dates_too() {
    let bound = Promise::MaxError { bound: vec![2.0], stable: false };
    for (data_type, promise) in [
        (DataType::UInt16, Promise::Lossless),
        (DataType::Int16, bound.clone()),
        (DataType::Float32, bound),
        (DataType::Float64, Promise::Lossless),
    ] {
        let case = Case { data_type, promise, predicted: true, ..case() };
        let stored = case.bytes(&samples(&case, 0.97).iter().map(|v| v.round()).collect::<Vec<f64>>());
        let codec = codec(&case, false);
        let chunk = codec.encode(&shape(&case), &stored).expect("it can be encoded");
        let alone = one_by_one(&case, &stored);
        println!("{}: {} bytes together, {alone} one by one", data_type.name(), chunk.len());
        assert!((chunk.len() as f64) < 0.9 * alone as f64, "{} and {alone} bytes", chunk.len());
        let whole = codec.decode(&shape(&case), &chunk).expect("it decodes");
        case.check(&stored, &whole);
        assert!(case.promise != Promise::Lossless || whole == stored);
        let last = DATES as usize - 1;
        let (found, tiles) = part(&codec, &shape(&case), &chunk, &[last..last + 1, 0..3, 5..40, 7..60]);
        assert!(
            found
                == extract(
                    &whole,
                    case.shape,
                    data_type.size(),
                    &[last as u64..last as u64 + 1, 0..3, 5..40, 7..60]
                )
        );
        assert!(tiles > 1, "the last date refers to none");
    }
}

#[test]
fn indices_refer_to_nothing() {
    let case = Case { quantiser: Quantiser::Rvq, quality: 34.0, ..case() };
    let stored = case.bytes(&samples(&case, 0.95));
    let codec = codec(&case, false);
    let chunk = codec.encode(&shape(&case), &stored).expect("it can be encoded");
    let last = [DATES as usize - 1..DATES as usize, 0..3, 0..9, 0..9];
    assert_eq!(part(&codec, &shape(&case), &chunk, &last).1, 1);
}

/// With a sound checksum, the last varint of the header says what the last tile refers to.
#[test]
fn a_date_beyond_the_first_is_refused() {
    let case = case();
    let stored = case.bytes(&samples(&case, 0.95));
    let codec = codec(&case, false);
    let mut chunk = codec.encode(&shape(&case), &stored).expect("it can be encoded");
    let header = codec.header_len(&chunk).expect("the header is sound");
    assert!((1..DATES as u8).contains(&chunk[header - 5]), "the last date refers to none");
    chunk[header - 5] = DATES as u8;
    let checksum = crc32c::crc32c(&chunk[..header - 4]).to_le_bytes();
    chunk[header - 4..header].copy_from_slice(&checksum);
    let error = codec.decode(&shape(&case), &chunk).expect_err("there is no such date").to_string();
    assert!(error.contains("the date that a tile refers to is 5, at most 4"), "{error}");
}

#[test]
fn an_archive_of_dates_goes_through_zarrs() {
    let case = Case { chunk: &[3, 3, 48, 48], ..case() };
    let stored = case.bytes(&samples(&case, 0.9));
    let _ = vqz_tests::arrays::round_trip(&case, &stored);
}

/// Trailing dates and steps that hold nothing but the fill value, as in a chunk that sticks out of its array, take no bytes, and
/// come back exactly; what is valid within the array is known from the header.
#[test]
fn trailing_images_of_fill_are_left_out() {
    let bounded =
        Case { promise: Promise::MaxError { bound: vec![3.0], stable: false }, predicted: true, ..case() };
    for case in [case(), Case { entropy: EntropyCoder::Lz4, ..case() }, bounded] {
        let (codec, shape) = (codec(&case, false), shape(&case));
        let date = shape[1..].iter().product::<usize>();
        let mut values = samples(&case, 0.9);
        // One date within, and the last two.
        values[date..2 * date].fill(0.0);
        values[3 * date..].fill(0.0);
        let stored = case.bytes(&values);
        let chunk = codec.encode(&shape, &stored).expect("it can be encoded");
        let whole: Vec<Range<usize>> = shape.iter().map(|n| 0..*n).collect();
        let plan = codec.plan(&shape, &chunk, &whole).expect("the chunk is sound");
        let bytes: Vec<bool> = plan.tiles().map(|tile| tile.bytes > 0).collect();
        assert_eq!(bytes, [true, true, true, false, false], "{case:?}");
        let read = codec.decode(&shape, &chunk).expect("it can be decoded");
        let size = case.data_type.size();
        assert!(read[3 * date * size..] == stored[3 * date * size..], "what is left out comes back");
        assert_eq!(codec.statistics(&shape, &chunk).expect("the header is sound").valid, 3 * date as u64);
        for dates in 1..=5 {
            let inside: Vec<usize> = [dates].into_iter().chain(shape[1..].iter().copied()).collect();
            let valid = codec.valid_within(&shape, &chunk, &inside).expect("the header is sound");
            assert_eq!(valid, (dates * date) as u64, "{dates} of 5 dates are in the array");
            assert_eq!(codec.valid_where_absent(&shape, &inside).expect("it fits"), valid);
        }
        let narrow = [5, shape[1], 10, 7];
        assert_eq!(codec.valid_within(&shape, &chunk, &narrow).expect("it fits"), 5 * 3 * 10 * 7);
        assert!(codec.valid_within(&shape, &chunk, &[5, 3]).is_err());
    }
}

/// Where the fill value means "no data", nothing changes: such dates are masked, and none of their samples counts.
#[test]
fn dates_without_data_stay_without() {
    let case = Case { nodata: vec![NoData::Integer(0)], ..case() };
    let (codec, shape) = (codec(&case, false), shape(&case));
    let date = shape[1..].iter().product::<usize>();
    let mut values = samples(&case, 0.9);
    values[3 * date..].fill(0.0);
    let chunk = codec.encode(&shape, &case.bytes(&values)).expect("it can be encoded");
    for dates in 3..=5 {
        let inside = [dates, shape[1], shape[2], shape[3]];
        assert_eq!(codec.valid_within(&shape, &chunk, &inside).expect("it fits"), 3 * date as u64);
        assert_eq!(codec.valid_where_absent(&shape, &inside).expect("it fits"), 0);
    }
}
