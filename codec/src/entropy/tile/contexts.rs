//! Sizes of groups and spans, and the classes into which contexts fall.

/// The number of planes in a group, which share a flag.
pub(crate) const GROUP: usize = 16;
/// The number of groups in a span, which share an upper flag.
pub(super) const SPAN: usize = 8;
/// Magnitudes up to here are coded in unary.
pub(crate) const UNARY: usize = 6;
/// Exponents of the exponential-Golomb part: residuals reach twice [`MAX_CODE`] and the prediction's range.
pub(super) const EXPONENTS: usize = 26;
/// Classes of the magnitude that the linear rule expects, four to the octave.
pub(crate) const EXPECTED: usize = 48;
/// Features of the linear rule.
pub(crate) const FEATURES: usize = 5;

/// Classes of expected strength, in half octaves of a plane's standard deviation over the step.
pub(crate) const CLASSES: usize = 32;
/// The number of counters that each plane has of its own.
pub(super) const PLANE_COUNTERS: usize = 5;

/// Four classes to the octave from 4 to 2^14, in 256ths.
#[inline(always)]
pub(super) fn expected_class(value: u32) -> usize {
    let value = value.clamp(4, (1 << 14) - 1);
    let exponent = 31 - value.leading_zeros();
    ((exponent - 2) * 4 + (value >> (exponent - 2) & 3)) as usize
}

/// 0 to 7 for a sum of magnitudes.
#[inline(always)]
pub(super) fn local_class(sum: u32) -> usize {
    const CLASS: [u8; 16] = [0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7];
    usize::from(CLASS[sum.min(15) as usize])
}

/// 0 to 15: the bit length.
#[inline(always)]
pub(super) fn length_class(value: u32) -> usize {
    (32 - value.leading_zeros()).min(15) as usize
}
