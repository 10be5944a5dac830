//! The operations on the bits of floats that lattices use.

/// `float32` or `float64`.
pub(crate) trait Float: Copy + PartialEq + Send + Sync + 'static {
    /// How many planes of 32 bits a bit pattern takes.
    const WORDS: usize;
    /// The same value as a float64.
    fn wide(self) -> f64;
    /// The value nearest to a float64.
    fn narrow(value: f64) -> Self;
    /// The bit pattern as an integer that rises with the value, also for negative values.
    fn ordered(self) -> i64;
    /// The value of such an integer; bits beyond the type's are ignored.
    fn from_ordered(ordered: i64) -> Self;
    /// Bits of a mantissa, without the leading one.
    const MANTISSA: u32;
    /// The bit pattern.
    fn pattern(self) -> u64;
    /// From a bit pattern; bits beyond the type's are ignored.
    fn from_pattern(bits: u64) -> Self;
    /// Whether all bits are the same.
    fn same(self, other: Self) -> bool {
        self.ordered() == other.ordered()
    }
}

impl Float for f32 {
    const WORDS: usize = 1;
    const MANTISSA: u32 = 23;

    fn pattern(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn from_pattern(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }

    fn narrow(value: f64) -> Self {
        value as f32
    }

    fn ordered(self) -> i64 {
        let bits = self.to_bits() as i32;
        i64::from(bits ^ ((bits >> 31) as u32 >> 1) as i32)
    }

    fn from_ordered(ordered: i64) -> Self {
        let bits = ordered as i32;
        Self::from_bits((bits ^ ((bits >> 31) as u32 >> 1) as i32) as u32)
    }
}

impl Float for f64 {
    const WORDS: usize = 2;
    const MANTISSA: u32 = 52;

    fn pattern(self) -> u64 {
        self.to_bits()
    }

    fn from_pattern(bits: u64) -> Self {
        Self::from_bits(bits)
    }

    fn wide(self) -> f64 {
        self
    }

    fn narrow(value: f64) -> Self {
        value
    }

    fn ordered(self) -> i64 {
        let bits = self.to_bits() as i64;
        bits ^ ((bits >> 63) as u64 >> 1) as i64
    }

    fn from_ordered(bits: i64) -> Self {
        Self::from_bits((bits ^ ((bits >> 63) as u64 >> 1) as i64) as u64)
    }
}

/// 2^exponent; below the smallest normal number in two exact steps.
pub(super) fn power_of_two(exponent: i16) -> f64 {
    let normal = |e: i16| f64::from_bits(((i64::from(e) + 1023) as u64) << 52);
    let first = exponent.clamp(-1000, 1000);
    normal(first) * normal((exponent - first).clamp(-1000, 1000))
}
