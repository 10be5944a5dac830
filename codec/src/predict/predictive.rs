//! The predictive coder: each sample of a plane of integers is predicted from its neighbours and from planes coded before. Planes
//! come back exactly, or each within its own bound. The decoder computes with integers alone.

use crate::error::{Error, Result};
use crate::predict::fit;
use crate::predict::numbers::{Kind, Numbers};
use crate::predict::padded::Shape;
use crate::predict::plan::Plan;
use crate::predict::symbol::{Symbols, ZeroContexts};
use crate::predict::vectorised::walk;
use crate::predict::walk::{Residuals, Restored};
use crate::predict::wide::{Wide, WideDecoder, WideEncoder};

/// The largest bound.
pub(crate) const MAX_BOUND: u32 = 1 << 30;

/// A tile's entropy coder, with everything it has learnt.
struct Coding<W> {
    coder: W,
    symbols: Symbols,
    numbers: Numbers,
}

impl<W: Wide> Coding<W> {
    fn new(coder: W) -> Self {
        Self { coder, symbols: Symbols::new(), numbers: Numbers::new() }
    }

    /// Codes which plane comes next. `remaining` holds the planes that are not yet coded, in order.
    fn next(&mut self, remaining: &mut Vec<usize>, plane: usize) -> Result<usize> {
        let at = remaining.iter().position(|p| *p == plane).unwrap_or(0);
        let at = self.numbers.unsigned(&mut self.coder, at as u32, Kind::Plain) as usize;
        if at >= remaining.len() {
            return Err(Error::Corrupt(format!(
                "the next plane is number {at} of the {} that remain; write the chunk again",
                remaining.len()
            )));
        }
        Ok(remaining.remove(at))
    }
}

/// The parts of a [`Coding`] that a walk uses, by value, so that the coder's state stays in registers.
struct Stream<'a, W> {
    coder: W,
    symbols: &'a mut Symbols,
}

impl<W: Wide> Residuals for Stream<'_, W> {
    const GIVEN: bool = !W::READS;

    #[inline(always)]
    fn code(
        &mut self,
        residual: i32,
        expected: u32,
        side: usize,
        zero_contexts: Option<impl FnOnce() -> ZeroContexts>,
    ) -> i32 {
        self.symbols.code(&mut self.coder, residual, expected, side, zero_contexts)
    }
}

/// Refuses slices that do not fit the shape.
fn check(
    shape: &Shape,
    samples: usize,
    valid: usize,
    bounds: &[u32],
    earlier: Option<&Restored>,
) -> Result<()> {
    let side = shape.height.max(shape.width);
    if shape.samples() == 0 || side > 1 << 12 || shape.planes > 1 << 12 {
        return Err(Error::InvalidArgument(format!(
            "a tile of {} planes of {} × {} samples; between 1 and 4096 of each can be coded",
            shape.planes, shape.height, shape.width
        )));
    }
    let found = [samples, valid];
    if found.iter().any(|n| *n != shape.samples()) || bounds.len() != shape.planes {
        return Err(Error::InvalidArgument(format!(
            "{samples} samples, {valid} flags and {} bounds for {} samples in {} planes",
            bounds.len(),
            shape.samples(),
            shape.planes
        )));
    }
    if earlier.is_some_and(|e| [e.shape.height, e.shape.width] != [shape.height, shape.width]) {
        return Err(Error::InvalidArgument("an earlier date has another extent".to_owned()));
    }
    match bounds.iter().max() {
        Some(bound) if *bound > MAX_BOUND => {
            Err(Error::InvalidArgument(format!("a bound of {bound}; at most {MAX_BOUND} can be kept")))
        }
        _ => Ok(()),
    }
}

/// Encodes `samples`, `(plane, y, x)`, so that each that is `valid` comes back within its plane's bound. `earlier` are the
/// restored samples of an earlier date, from which this one may be predicted too.
///
/// # Errors
/// [`Error::InvalidArgument`] where lengths do not fit the shape, or a bound is above [`MAX_BOUND`].
pub(crate) fn encode(
    samples: &[i32],
    valid: &[bool],
    shape: &Shape,
    bounds: &[u32],
    earlier: Option<&Restored>,
) -> Result<Vec<u8>> {
    check(shape, samples.len(), valid.len(), bounds, earlier)?;
    let mut coding = Coding::new(WideEncoder::default());
    let mut restored = Restored::new(shape, earlier);
    let order = fit::order(shape);
    let mut remaining: Vec<usize> = (0..shape.planes).collect();
    for (number, plane) in (restored.earlier..).zip(order) {
        let plane = coding.next(&mut remaining, plane)?;
        let range = plane * shape.area()..(plane + 1) * shape.area();
        let (given, valid) = (&samples[range.clone()], &valid[range]);
        let plan = fit::plan(given, valid, number, bounds[plane], &mut restored);
        let plan = plan.code(&mut coding.coder, &mut coding.numbers, number)?;
        if !plan.is_constant() {
            coding.symbols.next_plane();
            let stream = Stream { coder: coding.coder, symbols: &mut coding.symbols };
            coding.coder = walk(stream, &plan, number, bounds[plane], valid, given, &mut restored).coder;
        }
    }
    Ok(coding.coder.finish())
}

/// Decodes what [`encode`] gave, for the same `valid`, shape, bounds and earlier date, into `samples`. Those that are not valid
/// are left alone. Returns the restored samples, to which later dates may refer.
///
/// # Errors
/// [`Error::Corrupt`] or [`Error::Truncated`] where the bytes are not what an encoder writes; [`Error::InvalidArgument`] as [`encode`].
pub(crate) fn decode(
    bytes: &[u8],
    valid: &[bool],
    shape: &Shape,
    bounds: &[u32],
    earlier: Option<&Restored>,
    samples: &mut [i32],
) -> Result<Restored> {
    check(shape, samples.len(), valid.len(), bounds, earlier)?;
    let mut coding = Coding::new(WideDecoder::new(bytes)?);
    let mut restored = Restored::new(shape, earlier);
    let mut remaining: Vec<usize> = (0..shape.planes).collect();
    for number in restored.earlier..restored.values.len() {
        let plane = coding.next(&mut remaining, 0)?;
        let range = plane * shape.area()..(plane + 1) * shape.area();
        let valid = &valid[range.clone()];
        let plan = Plan::default().code(&mut coding.coder, &mut coding.numbers, number)?;
        if !plan.is_constant() {
            coding.symbols.next_plane();
            let stream = Stream { coder: coding.coder, symbols: &mut coding.symbols };
            coding.coder = walk(stream, &plan, number, bounds[plane], valid, &[], &mut restored).coder;
        }
        if coding.coder.exhausted() {
            return Err(Error::Truncated("a sample stream runs out; write the chunk again".into()));
        }
        let samples = &mut samples[range];
        for (y, (row, valid)) in samples.chunks_mut(shape.width).zip(valid.chunks(shape.width)).enumerate() {
            for ((sample, value), valid) in
                row.iter_mut().zip(restored.values[number].row(y, 0, 0)).zip(valid)
            {
                if *valid {
                    *sample = value.wrapping_add(plan.base);
                }
            }
        }
    }
    coding.coder.finish()?;
    Ok(restored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Samples of many kinds: smooth, noisy, interpolated, of the whole range.
    fn samples(shape: &Shape, kind: u32, seed: u32) -> Vec<i32> {
        let noise = |i: usize| {
            (i as u32 ^ seed).wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(2_246_822_519)
        };
        (0..shape.samples())
            .map(|i| {
                let (p, y, x) = (i / shape.area(), i % shape.area() / shape.width, i % shape.width);
                match kind % 6 {
                    0 => (x * 3 + y * 5 + p) as i32,
                    1 => (noise(i) >> 28) as i32,
                    2 => noise(i) as i32,
                    3 => [i32::MIN, i32::MAX, 0, -1][noise(i) as usize % 4],
                    4 => {
                        ((noise(y * 1000 + x / 2) % 900 + noise(y * 1000 + x.div_ceil(2)) % 900) / 2) as i32
                            + p as i32
                    }
                    _ => 7,
                }
            })
            .collect()
    }

    fn mask(samples: usize, kind: u32, seed: u32) -> Vec<bool> {
        (0..samples).map(|i| kind == 0 || (i as u32 / 3).wrapping_mul(seed | 1) >> 28 > kind).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn samples_come_back_within_their_bounds(
            planes in 1usize..5, height in 1usize..40, width in 1usize..40,
            kind in any::<u32>(), seed in any::<u32>(), masked in 0u32..8, bound in prop::collection::vec(0u32..30, 5),
        ) {
            let shape = Shape { planes, height, width };
            let given = samples(&shape, kind, seed);
            let valid = mask(given.len(), masked, seed);
            let bounds = bound[..planes].iter().map(|b| if *b < 10 { 0 } else { (1 << b) - 9 }).collect::<Vec<u32>>();
            let bytes = encode(&given, &valid, &shape, &bounds, None).unwrap();
            let mut back = vec![123; given.len()];
            decode(&bytes, &valid, &shape, &bounds, None, &mut back).unwrap();
            for (i, (a, b)) in given.iter().zip(&back).enumerate() {
                let bound = if valid[i] { bounds[i / shape.area()] } else { continue };
                prop_assert!((i64::from(*a) - i64::from(*b)).unsigned_abs() <= u64::from(bound), "{} {} {}", a, b, bound);
            }
            prop_assert!(back.iter().zip(&valid).all(|(b, v)| *v || *b == 123));
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..400, planes in 1usize..6) {
            let shape = Shape { planes, height: 9, width: 21 };
            let given = samples(&shape, 4, planes as u32);
            let valid = vec![true; given.len()];
            let bounds = vec![cut as u32 % 3; planes];
            let mut back = vec![0; given.len()];
            // Noise, a real stream that is cut, and one with a flipped byte.
            let _ = decode(&bytes, &valid, &shape, &bounds, None, &mut back);
            let mut real = encode(&given, &valid, &shape, &bounds, None).unwrap();
            let cut = cut % real.len();
            prop_assert!(decode(&real[..cut], &valid, &shape, &bounds, None, &mut back).is_err());
            real[cut] ^= bytes.first().map_or(1, |b| b | 1);
            let _ = decode(&real, &valid, &shape, &bounds, None, &mut back);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let shape = Shape { planes: 1, height: 2, width: 2 };
        let error = encode(&[1, 2, 3], &[true; 4], &shape, &[0], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid argument: 3 samples, 4 flags and 1 bounds for 4 samples in 1 planes"
        );
        assert!(encode(&[1, 2, 3, 4], &[true; 4], &shape, &[MAX_BOUND + 1], None).is_err());
        let empty = Shape { planes: 1, height: 0, width: 2 };
        assert!(encode(&[], &[], &empty, &[0], None).is_err());
        let bytes = encode(&[1, 2, 3, 4], &[true; 4], &shape, &[0], None).unwrap();
        let longer = [&bytes[..], &[0; 4]].concat();
        assert!(decode(&longer, &[true; 4], &shape, &[0], None, &mut [0; 4]).is_err());
    }
}
