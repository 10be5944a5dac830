//! Headers as NumPy writes them, hostile ones, windows against indices, and real arrays of eo-learn.

// Windows of arrays of one axis are just that.
#![allow(clippy::single_range_in_vec_init)]

use super::test_files::{Temporary, dictionary, file};
use super::{NpyArray, NpyType};
use crate::sample::DataType;
use crate::test_data;
use std::ops::Range;

#[test]
fn every_type_and_byte_order_is_read() {
    let cases: [(&str, Vec<u8>, DataType, [f64; 2]); 13] = [
        ("|b1", vec![1, 0], DataType::UInt8, [1.0, 0.0]),
        ("|i1", vec![255, 3], DataType::Int16, [-1.0, 3.0]),
        ("|u1", vec![255, 3], DataType::UInt8, [255.0, 3.0]),
        ("<i2", [(-2i16).to_le_bytes(), 3i16.to_le_bytes()].concat(), DataType::Int16, [-2.0, 3.0]),
        (">i2", [(-2i16).to_be_bytes(), 3i16.to_be_bytes()].concat(), DataType::Int16, [-2.0, 3.0]),
        (">u2", [65_535u16.to_be_bytes(), 3u16.to_be_bytes()].concat(), DataType::UInt16, [65_535.0, 3.0]),
        (
            "<i4",
            [(-2i32).to_le_bytes(), i32::MAX.to_le_bytes()].concat(),
            DataType::Int32,
            [-2.0, 2_147_483_647.0],
        ),
        (
            "<u4",
            [u32::MAX.to_le_bytes(), 3u32.to_le_bytes()].concat(),
            DataType::Int32,
            [4_294_967_295.0, 3.0],
        ),
        (
            ">i8",
            [(-5i64).to_be_bytes(), (1i64 << 53).to_be_bytes()].concat(),
            DataType::Int32,
            [-5.0, 9_007_199_254_740_992.0],
        ),
        ("<f4", [0.5f32.to_le_bytes(), 3f32.to_le_bytes()].concat(), DataType::Float32, [0.5, 3.0]),
        (">f4", [0.5f32.to_be_bytes(), 3f32.to_be_bytes()].concat(), DataType::Float32, [0.5, 3.0]),
        ("<f8", [0.1f64.to_le_bytes(), 3f64.to_le_bytes()].concat(), DataType::Float64, [0.1, 3.0]),
        (">f8", [0.1f64.to_be_bytes(), 3f64.to_be_bytes()].concat(), DataType::Float64, [0.1, 3.0]),
    ];
    for (number, (descr, samples, sample_type, values)) in cases.into_iter().enumerate() {
        let version = 1 + number as u8 % 2;
        let path = Temporary::new(
            &format!("type-{number}"),
            &file(version, &dictionary(descr, "False", "(2,)"), &samples),
        );
        let array = NpyArray::open(&path.0).unwrap();
        assert_eq!((array.shape(), array.sample_type()), (&[2][..], sample_type), "{descr}");
        assert_eq!(array.read_f64(&[0..2]).unwrap(), values, "{descr}");
        assert_eq!(array.read_f64(&[1..2]).unwrap(), values[1..], "{descr}");
    }
}

#[test]
fn windows_equal_a_walk_over_indices() {
    let mut state = 11u64;
    let mut roll = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    };
    for round in 0..120 {
        // Every tenth is long enough for gaps to be jumped and for runs to outgrow the buffer.
        let long = round % 10 == 9;
        let shape: Vec<usize> = match (long, round % 20) {
            (true, 9) => vec![3, 40_000],
            (true, _) => vec![2, 3, 300_000],
            _ => (0..roll(5)).map(|_| 1 + roll(6)).collect(),
        };
        let samples: usize = shape.iter().product();
        let fortran = round % 3 == 0;
        let bytes: Vec<u8> =
            (0..samples as u32).flat_map(|i| (i as u16 ^ (i >> 16) as u16).to_le_bytes()).collect();
        let extents = shape.iter().map(|n| format!("{n},")).collect::<String>();
        let order = if fortran { "True" } else { "False" };
        let content = file(1, &dictionary("<u2", order, &format!("({extents})")), &bytes);
        let path = Temporary::new(&format!("window-{round}"), &content);
        let array = NpyArray::open(&path.0).unwrap();
        assert_eq!((array.shape(), array.npy_type()), (&shape[..], NpyType::UInt16));
        let window: Vec<Range<usize>> = shape
            .iter()
            .map(|n| {
                let start = roll(*n);
                start..if long { *n } else { start + roll(n - start + 1) }
            })
            .collect();
        let found: Vec<u16> =
            array.read(&window).unwrap().as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).collect();
        let extents: Vec<usize> = window.iter().map(|range| range.len()).collect();
        let count: usize = extents.iter().product();
        assert_eq!(found.len(), count);
        for (number, sample) in found.into_iter().enumerate() {
            let (mut rest, mut at, mut step) = (number, vec![0; shape.len()], 1);
            for axis in (0..shape.len()).rev() {
                at[axis] = window[axis].start + rest % extents[axis];
                rest /= extents[axis];
            }
            let mut offset = 0;
            let axes: Vec<usize> =
                if fortran { (0..shape.len()).collect() } else { (0..shape.len()).rev().collect() };
            for axis in axes {
                offset += at[axis] * step;
                step *= shape[axis];
            }
            assert_eq!(
                sample,
                offset as u16 ^ (offset >> 16) as u16,
                "{window:?} of {shape:?}, Fortran: {order}"
            );
        }
    }
}

#[test]
fn other_files_are_refused() {
    let message = |bytes: &[u8]| {
        let path = Temporary::new(&format!("refused-{:?}", std::thread::current().id()), bytes);
        let error = NpyArray::open(&path.0).map(|array| array.shape().to_vec()).unwrap_err().to_string();
        error.strip_prefix(&format!("{}: ", path.0.display())).unwrap().to_owned()
    };
    let plain = dictionary("|u1", "False", "(2, 3)");
    assert_eq!(
        message(&file(1, &plain, &[0; 5])),
        "this .npy file has 133 bytes, its header asks for 134; it is truncated"
    );
    assert_eq!(
        message(&file(1, &plain, &[0; 7])),
        "this .npy file has 135 bytes, its header asks for 134; one array to a file is allowed"
    );
    assert_eq!(
        message(b"\x1f\x8b\x08"),
        "this is no .npy file: its magic word is missing; unpack compressed ones first"
    );
    assert!(
        message(&file(3, &plain, &[0; 6]))
            .starts_with("this .npy file has version 3.0; 1.0 and 2.0 are known")
    );
    assert_eq!(
        message(&file(1, &dictionary("|O", "False", "(2,)"), &[])),
        "samples of this .npy file are \"|O\"; known are b1, i1, u1, i2, u2, i4, u4, i8, f4 and f8 in either byte \
         order: convert the array with astype first"
    );
    for descr in ["<f2", "<c8", "|i2", "", "é", "<M8[ns]"] {
        assert!(
            message(&file(1, &dictionary(descr, "False", "(2,)"), &[])).contains("convert the array"),
            "{descr}"
        );
    }
    assert!(
        message(&file(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", &[]))
            .contains("its samples are records")
    );
    let keys = "its keys must be descr, fortran_order and shape, each once";
    assert!(message(&file(1, "{'descr': '<f4', 'shape': (2,)}", &[])).ends_with(keys));
    assert!(message(&file(1, &plain.replace("descr", "dtype"), &[])).ends_with(keys));
    assert!(message(&file(1, &plain.replace(", }", ", 'shape': (1,)}"), &[])).ends_with(keys));
    for shape in ["(-1,)", "(2, ,3)", "(1e3,)", "2", "(99999999999999999999,)", "(2,"] {
        let error = message(&file(1, &dictionary("<f4", "False", shape), &[]));
        assert!(error.ends_with("its shape is no tuple of extents"), "{error}");
    }
    let huge = format!("({},{})", u64::MAX, u64::MAX);
    assert!(message(&file(1, &dictionary("<f4", "False", &huge), &[])).contains("more than any file holds"));
    assert!(message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("far more than that of an array"));

    // Cut anywhere, a file is refused; with any byte changed, it is refused or read, and never panics.
    let whole = file(2, &plain, &[7; 6]);
    for length in 0..whole.len() {
        message(&whole[..length]);
    }
    for at in 0..whole.len() {
        for flip in [1, 2, 16, 128, 255] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let path = Temporary::new("flipped", &changed);
            let Ok(array) = NpyArray::open(&path.0) else {
                continue;
            };
            let window: Vec<Range<usize>> = array.shape().iter().map(|n| 0..*n).collect();
            match array.read_f64(&window) {
                Ok(samples) => assert_eq!(samples.len(), array.shape().iter().product::<usize>()),
                Err(error) => assert!(error.to_string().contains("a bool is 7"), "{error}"),
            }
        }
    }
}

#[test]
fn samples_and_windows_are_checked() {
    let open = |name: &str, descr: &str, samples: &[u8]| {
        let path = Temporary::new(name, &file(1, &dictionary(descr, "False", "(2,)"), samples));
        (NpyArray::open(&path.0).unwrap(), path)
    };
    let (array, path) = open("bool", "|b1", &[1, 7]);
    let file = path.0.display();
    assert_eq!(
        array.read(&[0..2]).unwrap_err().to_string(),
        format!("{file}: a bool is 7, where 0 and 1 are allowed; the file is damaged")
    );
    let (array, path) =
        open("int64", "<i8", &[(1i64 << 53).to_le_bytes(), ((1i64 << 53) + 1).to_le_bytes()].concat());
    assert_eq!(
        array.read_f64(&[0..2]).unwrap_err().to_string(),
        format!(
            "{}: a sample is 9007199254740993; whole numbers beyond 2^53 are not held exactly, store them otherwise",
            path.0.display()
        )
    );
    let (array, path) = open("float", "<f4", &[f32::NAN.to_le_bytes(), 2f32.to_le_bytes()].concat());
    let plane = array.read_plane(&[0..2], 1, 2).unwrap();
    assert_eq!((plane.values, plane.valid), (vec![0.0, 2.0], vec![false, true]));
    let file = path.0.display();
    assert_eq!(
        array.read(&[0..3]).unwrap_err().to_string(),
        format!("{file}: a window of [0..3] is not within an array of shape [2]")
    );
    assert_eq!(
        array.read_plane(&[0..2], 2, 2).unwrap_err().to_string(),
        format!("{file}: a window of [0..2] has 2 samples, a plane of 2 × 2 was asked for")
    );
    drop(path);
    assert!(array.read(&[0..1]).unwrap_err().to_string().contains("No such file"));
}

/// Arrays of one patch must agree with each other: derived ones with what they were derived from.
#[test]
fn a_real_patch_of_eo_learn_is_read() {
    let Some(folder) = test_data::folder("a_real_patch_of_eo_learn_is_read") else {
        return;
    };
    let patch = folder.join("test/eo-learn/TestEOPatch");
    let open = |name: &str| NpyArray::open(patch.join(name)).unwrap();
    let all = |array: &NpyArray| array.shape().iter().map(|n| 0..*n).collect::<Vec<_>>();
    let ndvi = open("data/NDVI.npy");
    assert_eq!((ndvi.shape(), ndvi.sample_type()), (&[68, 101, 100, 1][..], DataType::Float32));
    let highest = open("data_timeless/MAX_NDVI.npy");
    let highest = highest.read_f64(&all(&highest)).unwrap();
    let mut found = vec![f64::NAN; 101 * 100];
    for date in 0..68 {
        let plane = ndvi.read_plane(&[date..date + 1, 0..101, 0..100, 0..1], 101, 100).unwrap();
        for ((found, value), valid) in found.iter_mut().zip(&plane.values).zip(&plane.valid) {
            *found = if *valid { found.max(*value) } else { *found };
        }
    }
    // eo-learn computed these from NDVI.npy.
    for (pixel, (found, stored)) in found.iter().zip(&highest).enumerate() {
        assert!((found - stored).abs() < 1e-6, "pixel {pixel}: highest NDVI {found}, stored {stored}");
    }

    let scenes = NpyArray::open(folder.join("test/eo-learn/REFERENCE_SCENES.npy")).unwrap();
    assert_eq!(scenes.shape(), [5, 101, 100, 13]);
    let whole = scenes.read_f64(&all(&scenes)).unwrap();
    let band = scenes.read_f64(&[3..4, 10..60, 7..99, 11..12]).unwrap();
    for (i, value) in band.iter().enumerate() {
        let (y, x) = (10 + i / 92, 7 + i % 92);
        assert_eq!(*value, whole[((3 * 101 + y) * 100 + x) * 13 + 11]);
    }

    let classes = open("mask_timeless/LULC.npy").read_plane(&[0..101, 0..100, 0..1], 101, 100).unwrap();
    let mut counts = crate::classes::Counts::default();
    counts.add(&classes).unwrap();
    let stored = open("label_timeless/LULC_COUNTS.npy").read_f64(&[0..6]).unwrap();
    let counted: Vec<f64> = counts.classes.values().map(|samples| *samples as f64).collect();
    assert_eq!(counted, stored);
    let parts = open("scalar_timeless/LULC_PERCENTAGE.npy").read_f64(&[0..6]).unwrap();
    for (row, part) in counts.table(&[]).iter().zip(parts) {
        assert!((row.fraction - part).abs() < 1e-12, "{row:?}, {part}");
    }
}
