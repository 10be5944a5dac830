//! The flat program of an expression, run over blocks of samples.
//!
//! Invalid samples are represented as NaN. Arithmetic propagates NaN by itself, and every step that could lose a NaN or an
//! infinity (comparisons, `min`, division by infinity, powers, …) checks for it. Blocks fit into the nearest cache, and are long
//! enough that the time to choose a step does not matter.

use crate::plane::Plane;

/// Samples in a block: 4 KiB a buffer.
const BLOCK: usize = 512;

/// Where a step finds a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Band(u16),
    Constant(u16),
    Temporary(u16),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unary {
    Negate,
    Not,
    Abs,
    Sqrt,
    Log,
    Log10,
    Exp,
    Round,
    Floor,
    Ceil,
    IsValid,
    /// `count` bits from bit `first` on, as a number.
    Bits {
        first: u8,
        count: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Instruction {
    Unary(Unary, Operand),
    Binary(Binary, Operand, Operand),
    Where(Operand, Operand, Operand),
}

/// The steps in order, each with the temporary that it writes, which is never among its operands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    pub(super) bands: Vec<String>,
    pub(super) constants: Vec<f64>,
    pub(super) steps: Vec<(Instruction, u16)>,
    pub(super) temporaries: usize,
    pub(super) result: Operand,
}

/// A number that is whole and small enough that all its bits are known.
#[inline]
pub(crate) fn whole(value: f64) -> Option<i64> {
    let integer = value as i64;
    (integer as f64 == value && value.abs() <= 9_007_199_254_740_992.0).then_some(integer)
}

#[inline]
fn finite(value: f64) -> bool {
    value.abs() < f64::INFINITY
}

#[inline]
fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// Buffers of a run.
struct Blocks {
    bands: Vec<[f64; BLOCK]>,
    constants: Vec<[f64; BLOCK]>,
    temporaries: Vec<[f64; BLOCK]>,
}

impl Blocks {
    fn get(&self, operand: Operand) -> &[f64; BLOCK] {
        match operand {
            Operand::Band(i) => &self.bands[usize::from(i)],
            Operand::Constant(i) => &self.constants[usize::from(i)],
            Operand::Temporary(i) => &self.temporaries[usize::from(i)],
        }
    }
}

impl Program {
    /// Runs over all samples of the planes, which are those of `bands`, all as long as the result.
    pub(super) fn run(&self, planes: &[&Plane], result: &mut Plane) {
        let mut blocks = Blocks {
            bands: vec![[0.0; BLOCK]; self.bands.len()],
            constants: self.constants.iter().map(|value| [*value; BLOCK]).collect(),
            temporaries: vec![[0.0; BLOCK]; self.temporaries],
        };
        let mut spare = Box::new([0.0; BLOCK]);
        let pairs = result.values.chunks_mut(BLOCK).zip(result.valid.chunks_mut(BLOCK));
        for (number, (values, valid)) in pairs.enumerate() {
            let range = number * BLOCK..number * BLOCK + values.len();
            for (block, plane) in blocks.bands.iter_mut().zip(planes) {
                load(block, &plane.values[range.clone()], &plane.valid[range.clone()]);
            }
            for (step, to) in &self.steps {
                apply(*step, &blocks, &mut spare);
                std::mem::swap(&mut blocks.temporaries[usize::from(*to)], &mut spare);
            }
            for ((value, valid), computed) in values.iter_mut().zip(valid).zip(blocks.get(self.result)) {
                *valid = finite(*computed);
                *value = if finite(*computed) { *computed } else { 0.0 };
            }
        }
    }
}

fn load(block: &mut [f64; BLOCK], values: &[f64], valid: &[bool]) {
    for ((to, value), valid) in block.iter_mut().zip(values).zip(valid) {
        *to = if *valid { *value } else { f64::NAN };
    }
}

fn map(to: &mut [f64; BLOCK], a: &[f64; BLOCK], f: impl Fn(f64) -> f64) {
    for (to, a) in to.iter_mut().zip(a) {
        *to = f(*a);
    }
}

fn zip(to: &mut [f64; BLOCK], a: &[f64; BLOCK], b: &[f64; BLOCK], f: impl Fn(f64, f64) -> f64) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = f(*a, *b);
    }
}

/// As [`zip`], for steps whose result could hide that a side is invalid.
fn guarded(to: &mut [f64; BLOCK], a: &[f64; BLOCK], b: &[f64; BLOCK], f: impl Fn(f64, f64) -> f64) {
    zip(to, a, b, |a, b| if finite(a) & finite(b) { f(a, b) } else { f64::NAN });
}

fn apply(step: Instruction, blocks: &Blocks, to: &mut [f64; BLOCK]) {
    match step {
        Instruction::Unary(unary, a) => apply_unary(unary, blocks.get(a), to),
        Instruction::Binary(binary, a, b) => apply_binary(binary, blocks.get(a), blocks.get(b), to),
        Instruction::Where(condition, a, b) => {
            let (condition, a, b) = (blocks.get(condition), blocks.get(a), blocks.get(b));
            for (((to, condition), a), b) in to.iter_mut().zip(condition).zip(a).zip(b) {
                let taken = if *condition != 0.0 { *a } else { *b };
                *to = if finite(*condition) { taken } else { f64::NAN };
            }
        }
    }
}

fn apply_unary(unary: Unary, a: &[f64; BLOCK], to: &mut [f64; BLOCK]) {
    match unary {
        Unary::Negate => map(to, a, |a| -a),
        Unary::Not => map(to, a, |a| if finite(a) { truth(a == 0.0) } else { f64::NAN }),
        Unary::Abs => map(to, a, f64::abs),
        Unary::Sqrt => map(to, a, f64::sqrt),
        Unary::Log => map(to, a, f64::ln),
        Unary::Log10 => map(to, a, f64::log10),
        Unary::Exp => map(to, a, |a| if finite(a) { a.exp() } else { f64::NAN }),
        Unary::Round => map(to, a, f64::round_ties_even),
        Unary::Floor => map(to, a, f64::floor),
        Unary::Ceil => map(to, a, f64::ceil),
        Unary::IsValid => map(to, a, |a| truth(finite(a))),
        Unary::Bits { first, count } => {
            let mask = (1i64 << count) - 1;
            map(to, a, |a| whole(a).map_or(f64::NAN, |a| ((a >> first) & mask) as f64));
        }
    }
}

fn apply_binary(binary: Binary, a: &[f64; BLOCK], b: &[f64; BLOCK], to: &mut [f64; BLOCK]) {
    match binary {
        Binary::Add => zip(to, a, b, |a, b| a + b),
        Binary::Subtract => zip(to, a, b, |a, b| a - b),
        Binary::Multiply => zip(to, a, b, |a, b| a * b),
        Binary::Divide => zip(to, a, b, |a, b| if finite(b) { a / b } else { f64::NAN }),
        Binary::Power => guarded(to, a, b, f64::powf),
        Binary::Min => guarded(to, a, b, |a, b| if b < a { b } else { a }),
        Binary::Max => guarded(to, a, b, |a, b| if b > a { b } else { a }),
        Binary::Less => guarded(to, a, b, |a, b| truth(a < b)),
        Binary::LessEqual => guarded(to, a, b, |a, b| truth(a <= b)),
        Binary::Greater => guarded(to, a, b, |a, b| truth(a > b)),
        Binary::GreaterEqual => guarded(to, a, b, |a, b| truth(a >= b)),
        Binary::Equal => guarded(to, a, b, |a, b| truth(a == b)),
        Binary::NotEqual => guarded(to, a, b, |a, b| truth(a != b)),
        Binary::And => zip(to, a, b, |a, b| match (a == 0.0) | (b == 0.0) {
            true => 0.0,
            false if finite(a) & finite(b) => 1.0,
            false => f64::NAN,
        }),
        // A side that is true: finite and not 0.
        Binary::Or => zip(to, a, b, |a, b| match (finite(a) & (a != 0.0)) | (finite(b) & (b != 0.0)) {
            true => 1.0,
            false if finite(a) & finite(b) => 0.0,
            false => f64::NAN,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_known_exactly() {
        assert_eq!(whole(2720.0), Some(2720));
        assert_eq!(whole(-1.0), Some(-1));
        assert_eq!(whole(9_007_199_254_740_992.0), Some(1 << 53));
        for value in [0.5, 1e16, f64::NAN, f64::INFINITY] {
            assert_eq!(whole(value), None, "{value}");
        }
    }

    #[test]
    fn blocks_end_where_the_samples_end() {
        let count = 2 * BLOCK + 3;
        let plane = Plane {
            height: 1,
            width: count,
            values: (0..count).map(|i| i as f64).collect(),
            valid: (0..count).map(|i| i % 5 != 0).collect(),
        };
        let program = Program {
            bands: vec!["a".to_owned()],
            constants: vec![2.0],
            steps: vec![(Instruction::Binary(Binary::Multiply, Operand::Band(0), Operand::Constant(0)), 0)],
            temporaries: 1,
            result: Operand::Temporary(0),
        };
        let mut result = Plane::empty(1, count);
        program.run(&[&plane], &mut result);
        for (i, (value, valid)) in result.values.iter().zip(&result.valid).enumerate() {
            let expected = if i % 5 == 0 { (0.0, false) } else { (2.0 * i as f64, true) };
            assert_eq!((*value, *valid), expected, "sample {i}");
        }
    }
}
