use super::{decode, encode};
use crate::error::Error;
use crate::predict::padded::Shape;
use proptest::prelude::*;

fn shape(planes: usize, height: usize, width: usize) -> Shape {
    Shape { planes, height, width }
}

fn noise(seed: &mut u64) -> u32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 40) as u32
}

/// Round bodies of a few classes with ragged borders.
fn bodies(shape: Shape, classes: &[i32], seed: u64) -> Vec<i32> {
    let mut seed = seed;
    let mut samples = vec![classes[0]; shape.samples()];
    for (i, sample) in samples.iter_mut().enumerate() {
        let (y, x) = ((i / shape.width % shape.height) as i32, (i % shape.width) as i32);
        let body = ((y - 20).pow(2) + (x - 30).pow(2)) / 150 + (noise(&mut seed) % 8 / 7) as i32;
        *sample = classes[body as usize % classes.len()];
    }
    samples
}

/// Samples as they come back: 0 where they are not valid.
fn masked(samples: &[i32], valid: &[bool]) -> Vec<i32> {
    samples.iter().zip(valid).map(|(s, v)| if *v { *s } else { 0 }).collect()
}

proptest! {
    /// Any values of any shape with any mask: streaks of random length, as rows of real maps have them.
    #[test]
    fn any_tile_comes_back(
        size in (1usize..4, 1usize..30, 1usize..30),
        values in prop::collection::vec(any::<i32>(), 1..20),
        streaks in prop::collection::vec((any::<prop::sample::Index>(), 1usize..60, 0u8..4), 1..80),
        all_valid: bool,
    ) {
        let shape = shape(size.0, size.1, size.2);
        let streaks = streaks.iter().flat_map(|(value, length, valid)| {
            std::iter::repeat_n((*value.get(&values), *valid > 0), *length)
        });
        let (mut samples, mut valid): (Vec<i32>, Vec<bool>) = streaks.take(shape.samples()).unzip();
        samples.resize(shape.samples(), values[0]);
        valid.resize(shape.samples(), true);
        if all_valid {
            let stream = encode(&samples, None, shape).unwrap();
            prop_assert_eq!(decode(&stream, None, shape).unwrap(), samples);
        } else {
            let stream = encode(&samples, Some(&valid), shape).unwrap();
            prop_assert_eq!(decode(&stream, Some(&valid), shape).unwrap(), masked(&samples, &valid));
            // What is under the mask does not change the stream.
            prop_assert_eq!(encode(&masked(&samples, &valid), Some(&valid), shape).unwrap(), stream);
        }
    }

    /// Any bytes give an error or a tile of its shape.
    #[test]
    fn any_bytes_have_an_answer(
        size in (1usize..3, 1usize..20, 1usize..20),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        valid in prop::collection::vec(any::<bool>(), 800),
    ) {
        let shape = shape(size.0, size.1, size.2);
        for valid in [None, Some(&valid[..shape.samples()])] {
            if let Ok(samples) = decode(&bytes, valid, shape) {
                prop_assert_eq!(samples.len(), shape.samples());
            }
        }
    }
}

#[test]
fn tiles_at_the_ends_of_their_range_come_back() {
    for (shape, samples) in [
        (shape(1, 1, 1), vec![i32::MIN]),
        (shape(1, 1, 2), vec![i32::MIN, i32::MAX]),
        (shape(2, 1, 1), vec![0, -1]),
        (shape(1, 16, 16), (0..256).map(|i| i * 8_388_608 + i32::MIN / 2 * (i & 1)).collect()),
        (shape(1, 300, 1), (0..300).map(|i| i % 7).collect()),
        (shape(0, 8, 8), vec![]),
        (shape(1, 0, 3), vec![]),
    ] {
        let stream = encode(&samples, None, shape).unwrap();
        assert_eq!(decode(&stream, None, shape).unwrap(), samples, "{shape:?}");
    }
}

#[test]
fn what_is_uniform_or_absent_takes_no_coder() {
    let shape = shape(1, 4, 4);
    assert_eq!(encode(&[9; 16], None, shape).unwrap(), [0, 18]);
    assert_eq!(encode(&[-1; 16], None, shape).unwrap(), [0, 1]);
    let nothing = encode(&[9; 16], Some(&[false; 16]), shape).unwrap();
    assert!(nothing.is_empty());
    assert_eq!(decode(&nothing, Some(&[false; 16]), shape).unwrap(), [0; 16]);
    let mut valid = [false; 16];
    valid[5] = true;
    let mut samples = [7; 16];
    samples[5] = 3;
    let one = encode(&samples, Some(&valid), shape).unwrap();
    assert_eq!(one, [0, 6]);
    assert_eq!(decode(&one, Some(&valid), shape).unwrap(), masked(&samples, &valid));
}

#[test]
fn too_many_values_are_left_to_others() {
    let samples: Vec<i32> = (0..257).collect();
    assert!(encode(&samples, None, shape(1, 1, 257)).is_none());
    let valid: Vec<bool> = (0..257).map(|i| i > 0).collect();
    assert!(encode(&samples, Some(&valid), shape(1, 1, 257)).is_some());
}

#[test]
fn every_cut_and_every_longer_stream_is_refused() {
    let shape = shape(2, 50, 60);
    for classes in [&[64, 66, 128, 192][..], &[-5, 1 << 30], &[3], &[-1_000_000]] {
        let samples = bodies(shape, classes, 1);
        let mut stream = encode(&samples, None, shape).unwrap();
        for length in 0..stream.len() {
            assert!(decode(&stream[..length], None, shape).is_err(), "{length} of {}", stream.len());
        }
        assert!(matches!(decode(&[], None, shape), Err(Error::Truncated(_))));
        stream.push(0);
        assert!(matches!(decode(&stream, None, shape), Err(Error::Corrupt(_))));
    }
}

#[test]
fn every_flipped_bit_has_an_answer() {
    let shape = shape(1, 20, 20);
    let mut stream = encode(&bodies(shape, &[1, 2, 4, 8, 200], 3), None, shape).unwrap();
    for bit in 0..stream.len() * 8 {
        stream[bit / 8] ^= 1 << (bit % 8);
        if let Ok(samples) = decode(&stream, None, shape) {
            assert_eq!(samples.len(), 400);
        }
        stream[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn messages_say_what_was_found() {
    let shape = shape(1, 2, 2);
    let message = |bytes: &[u8]| decode(bytes, None, shape).unwrap_err().to_string();
    assert_eq!(
        message(&[4, 0, 0, 0, 0]),
        "corrupt data: a tile of 4 valid samples has 5 classes; write the chunk again"
    );
    assert_eq!(message(&[0, 2, 0]), "corrupt data: a tile of one class has 1 bytes too many");
    assert!(
        message(&[0, 0x80]).starts_with("truncated data: the value of a tile's only class needs 1 bytes")
    );
    assert!(message(&[0, 0x80, 0]).contains("is written in more bytes than it needs"));
    assert!(
        message(&[0, 0xff, 0xff, 0xff, 0xff, 0x7f])
            .contains("the value of a tile's only class is 34359738367")
    );
    assert_eq!(
        decode(&[0, 0], Some(&[true]), shape).unwrap_err().to_string(),
        "invalid argument: a mask has 1 samples, its tile 4; give one of its shape"
    );
}

#[test]
fn maps_are_cheap_and_coarse_ones_cheaper() {
    let samples = bodies(shape(1, 64, 64), &[11, 21, 41, 42], 5);
    let fine = encode(&samples, None, shape(1, 64, 64)).unwrap().len();
    assert!(fine < 700, "{fine}");
    // Each sample three times in each direction, cut anywhere.
    let coarse: Vec<i32> =
        (0..188 * 189usize).map(|i| samples[(i / 189).div_ceil(3) * 64 + (i % 189).div_ceil(3)]).collect();
    let coarse = encode(&coarse, None, shape(1, 188, 189)).unwrap().len();
    assert!(coarse < fine * 6 / 5, "{coarse} {fine}");
    // A plane that follows from the one before.
    let mut two = samples.clone();
    two.extend(samples.iter().map(|v| v / 10));
    let both = encode(&two, None, shape(2, 64, 64)).unwrap().len();
    assert!(both < fine * 6 / 5, "{both} {fine}");
    let uniform = [&[1; 65_535][..], &[2]].concat();
    assert!(encode(&uniform, None, shape(1, 256, 256)).unwrap().len() < 30);
}

/// A stream of this version, which later ones must read and write.
#[test]
fn the_format_stands_still() {
    let shape = shape(2, 12, 13);
    let samples = bodies(shape, &[64, 66, 128, 192, -3], 11);
    let valid: Vec<bool> = (0..shape.samples()).map(|i| i % 17 != 3 && i % 13 < 12).collect();
    let stream = encode(&samples, Some(&valid), shape).unwrap();
    let text: String = stream.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        text,
        "043c2b1a408a7aeb676c0db1548ee1003a9aad8ab3d2d50737a53c35b66dc6f86b9b2d8bfc95d5f4b0c0a74ee0f951bb83ae8af4055bb0c9"
    );
}
