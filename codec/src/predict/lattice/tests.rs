use super::*;
use proptest::prelude::*;

fn round_trip<T: Float + std::fmt::Debug>(samples: &[T], lattice: Lattice, bound: f64) {
    let valid = vec![true; samples.len()];
    let numbers = lattice.numbers(samples, &valid, bound).unwrap();
    let mut bytes = vec![];
    lattice.write(&mut bytes);
    let mut reader = Reader::new(&bytes);
    let read = Lattice::read(&mut reader).unwrap();
    assert!(reader.remaining() == 0 && read == lattice);
    let mut back = vec![T::narrow(0.0); samples.len()];
    read.restore(&numbers, &valid, &mut back);
    for (a, b) in samples.iter().zip(&back) {
        assert!(
            if bound > 0.0 { (a.wide() - b.wide()).abs() <= bound } else { a.same(*b) },
            "{a:?} {b:?} {lattice:?}"
        );
    }
}

#[test]
fn what_was_packed_is_found() {
    let n: Vec<i32> = (0..2000).map(|i| (i * 7919) % 4001 - 2000).collect();
    let all = vec![true; n.len()];
    let of = |samples: &[f32]| Lattice::exact(samples, &all, &[(0.01, 273.15)]);
    let halves: Vec<f32> = n.iter().map(|n| *n as f32 * 0.5).collect();
    assert_eq!(of(&halves), Lattice::Dyadic { exponent: -1 });
    let cents: Vec<f32> = n.iter().map(|n| (f64::from(*n) / 100.0) as f32).collect();
    assert_eq!(of(&cents), Lattice::Decimal { places: 2 });
    let kelvin: Vec<f32> = n.iter().map(|n| *n as f32 * 0.01 + 273.15).collect();
    assert_eq!(of(&kelvin), Lattice::Packed { scale: 0.01, offset: 273.15, single: true });
    let odd: Vec<f32> = n.iter().map(|n| (f64::from(*n) * 0.001_234 + 5.1) as f32).collect();
    assert!(matches!(of(&odd), Lattice::Packed { .. }), "{:?}", of(&odd));
    let noise: Vec<f32> = n.iter().map(|n| (f64::from(*n) * 0.7).sin() as f32).collect();
    assert_eq!(of(&noise), Lattice::Ordered);
    for samples in [halves, cents, kelvin, odd, noise] {
        round_trip(&samples, of(&samples), 0.0);
    }
}

proptest! {
    #[test]
    fn any_floats_come_back(bits in prop::collection::vec(any::<u32>(), 1..50)) {
        let samples: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).collect();
        let lattice = Lattice::exact(&samples, &vec![true; samples.len()], &[]);
        round_trip(&samples, lattice, 0.0);
    }

    #[test]
    fn any_doubles_come_back(bits in prop::collection::vec(any::<u64>(), 1..50)) {
        let samples: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
        let lattice = Lattice::exact(&samples, &vec![true; samples.len()], &[]);
        round_trip(&samples, lattice, 0.0);
    }

    #[test]
    fn bounds_are_kept(values in prop::collection::vec(-1e6f32..1e6, 1..50), bound in 1e-3f64..1e5) {
        let all = vec![true; values.len()];
        if let Some((lattice, steps)) = Lattice::bounded(&values, &all, bound, &[]) {
            let numbers = lattice.numbers(&values, &all, bound).unwrap();
            for shift in [-(steps as i32), steps as i32] {
                let moved: Vec<i32> = numbers.iter().map(|n| n + shift).collect();
                let mut back = values.clone();
                lattice.restore(&moved, &all, &mut back);
                for (a, b) in values.iter().zip(&back) {
                    prop_assert!((f64::from(*a) - f64::from(*b)).abs() <= bound, "{} {} {}", a, b, bound);
                }
            }
        }
    }

    #[test]
    fn noise_is_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        if let Ok(lattice) = Lattice::read(&mut Reader::new(&bytes)) {
            let mut out = [0f32; 2];
            lattice.restore(&[i32::MIN, i32::MAX], &[true, true], &mut out);
        }
    }
}

#[test]
fn low_bits_are_cut_off_and_joined_again() {
    let singles: Vec<f32> = (0..500i32)
        .map(|i| (f64::from(i) * 0.37).sin() as f32 * 10f32.powi(i % 7 - 4))
        .chain([0.0, -0.0, 1e-30, -1e-30, f32::MIN_POSITIVE / 8.0, 1.0, -1.0])
        .collect();
    let doubles: Vec<f64> = singles.iter().map(|v| f64::from(*v) * std::f64::consts::PI).collect();
    fn check<T: Float + std::fmt::Debug>(samples: &[T]) {
        let valid: Vec<bool> = (0..samples.len()).map(|i| i % 11 != 3).collect();
        let lattice = Lattice::cutting(samples, &valid).unwrap();
        let mut bits = Bits::default();
        let numbers = lattice.cut(samples, &valid, &mut bits).unwrap();
        let bytes = bits.into_bytes();
        let mut back = vec![T::narrow(7.0); samples.len()];
        let mut reader = BitReader::new(&bytes);
        lattice.join(&numbers, &valid, &mut reader, &mut back).unwrap();
        reader.finish().unwrap();
        for ((a, b), valid) in samples.iter().zip(&back).zip(&valid) {
            assert!(if *valid { a.same(*b) } else { b.same(T::narrow(7.0)) }, "{a:?} {b:?}");
        }
        let mut short = BitReader::new(&bytes[..bytes.len() - 1]);
        assert!(lattice.join(&numbers, &valid, &mut short, &mut back).is_err());
        let longer = [&bytes[..], &[0]].concat();
        let mut longer = BitReader::new(&longer);
        lattice.join(&numbers, &valid, &mut longer, &mut back).unwrap();
        assert!(longer.finish().is_err());
    }
    check(&singles);
    check(&doubles);
    assert_eq!(Lattice::cutting(&[0.0f32], &[true]), None);
    assert_eq!(Lattice::cutting(&[f32::NAN, 1.0], &[true; 2]), None);
}

#[test]
fn packed_values_with_gaps_are_found() {
    // Steps of 16 and 17, as a coarser encoding leaves them.
    let values: Vec<f32> =
        (0..1000i32).map(|i| ((i * 16 + i / 9) as f64 * 0.000_477_8 - 14.06) as f32).collect();
    let lattice = Lattice::exact(&values, &vec![true; values.len()], &[]);
    assert!(matches!(lattice, Lattice::Packed { .. }), "{lattice:?}");
    round_trip(&values, lattice, 0.0);
}
