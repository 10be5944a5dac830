//! Whether an expression can give an invalid sample. This is known before any sample is read; a derived band then needs nodata.

use super::program::{Binary, Instruction, Operand, Program, Unary};
use std::collections::BTreeSet;

/// The validity of a value.
#[derive(Clone, Default)]
struct Fact {
    /// A step on the way to it may fail although its inputs are valid.
    partial: bool,
    /// Bands that must be valid for the value to be valid.
    needs: BTreeSet<u16>,
    /// Bands that are valid wherever the value is true.
    proves: BTreeSet<u16>,
}

impl Fact {
    fn of(operands: &[&Self]) -> Self {
        let mut fact = Self::default();
        for operand in operands {
            fact.partial |= operand.partial;
            fact.needs.extend(&operand.needs);
        }
        fact
    }
}

pub(super) fn may_be_invalid(program: &Program, band_may_be_invalid: &dyn Fn(&str) -> bool) -> bool {
    let bands: Vec<Fact> = (0..program.bands.len() as u16)
        .zip(&program.bands)
        .map(|(at, name)| Fact {
            needs: if band_may_be_invalid(name) { BTreeSet::from([at]) } else { BTreeSet::new() },
            ..Fact::default()
        })
        .collect();
    let mut temporaries = vec![Fact::default(); program.temporaries];
    let constant = Fact::default();
    for (step, to) in &program.steps {
        let get = |operand: Operand| match operand {
            Operand::Band(at) => &bands[usize::from(at)],
            Operand::Constant(_) => &constant,
            Operand::Temporary(at) => &temporaries[usize::from(at)],
        };
        let is_safe_divisor = |operand: Operand| match operand {
            Operand::Constant(at) => program.constants[usize::from(at)] != 0.0,
            _ => false,
        };
        let fact = match *step {
            Instruction::Unary(Unary::IsValid, a) => {
                let proves = if let Operand::Band(at) = a { BTreeSet::from([at]) } else { BTreeSet::new() };
                Fact { proves, ..Fact::default() }
            }
            Instruction::Unary(unary, a) => {
                let mut fact = Fact::of(&[get(a)]);
                fact.partial |= matches!(
                    unary,
                    Unary::Sqrt | Unary::Log | Unary::Log10 | Unary::Exp | Unary::Bits { .. }
                );
                fact
            }
            Instruction::Binary(binary, a, b) => {
                let mut fact = Fact::of(&[get(a), get(b)]);
                fact.partial |= binary == Binary::Power || binary == Binary::Divide && !is_safe_divisor(b);
                if binary == Binary::And {
                    fact.proves = get(a).proves.union(&get(b).proves).copied().collect();
                    // The right side only counts where the left one is true, and the other way round.
                    let (left, right) = (get(a), get(b));
                    fact.needs = left.needs.difference(&right.proves).copied().collect();
                    fact.needs.extend(right.needs.difference(&left.proves));
                }
                fact
            }
            Instruction::Where(condition, a, b) => {
                let condition = get(condition);
                let mut taken = get(a).clone();
                taken.needs.retain(|band| !condition.proves.contains(band));
                Fact::of(&[condition, &taken, get(b)])
            }
        };
        temporaries[usize::from(*to)] = fact;
    }
    let result = match program.result {
        Operand::Band(at) => &bands[usize::from(at)],
        Operand::Constant(_) => &constant,
        Operand::Temporary(at) => &temporaries[usize::from(at)],
    };
    result.partial || !result.needs.is_empty()
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn nodata_is_needed_where_something_may_fail() {
        let judge = |text: &str| {
            let expression = Expression::parse(text).unwrap();
            // Band A has nodata, B has none.
            [expression.may_be_invalid(|band| band == "A"), expression.may_be_invalid(|_| false)]
        };
        for text in ["A + 1", "where(B > 3, A, B)", "where(isvalid(A), B, A)", "where(isvalid(A) or B, A, B)"]
        {
            assert_eq!(judge(text), [true, false], "{text}");
        }
        for text in ["(A - B) / (A + B)", "B / 0", "log(B)", "B ^ 0.5", "exp(B)", "bit(B, 3)", "sqrt(B) * 2"]
        {
            assert_eq!(judge(text), [true, true], "{text}");
        }
        for text in [
            "B * 2 / 10000",
            "isvalid(A)",
            "3",
            "B",
            "clamp(abs(-B), 0, 9)",
            "where(isvalid(A), A * 2, 0)",
            "where(B > 1 and isvalid(A), A, B)",
            "isvalid(A) and A > 3",
            "B ^ 2",
        ] {
            assert_eq!(judge(text), [false, false], "{text}");
        }
    }
}
