//! Unusual configurations that are accepted: chunks that are written with them can be read with them. All were found by fuzzing.

use vqz_codec::DataType;
use vqz_codec::config::Promise;
use vqz_tests::arrays::Case;
use vqz_tests::intact::IntactChunk;

/// A bound of -0 was written as it is, and then refused by readers, who know 0 only.
#[test]
fn bounds_of_minus_zero_are_bounds_of_zero() {
    for (bound, stable) in [(vec![0.5, -0.0], true), (vec![-0.0, 0.5], false), (vec![-0.0], true)] {
        let case = Case {
            shape: &[2, 9, 10],
            chunk: &[2, 9, 10],
            data_type: DataType::Float32,
            promise: Promise::MaxError { bound, stable },
            predicted: true,
            ..Case::default()
        };
        let samples = case.bytes(&case.samples(1));
        // It is decoded there.
        let _ = IntactChunk::new("minus zero", &case, &samples);
    }
}
