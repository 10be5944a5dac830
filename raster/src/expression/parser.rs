//! From tokens to a program, by recursive descent: one function for each level of precedence.
//!
//! The program's steps are emitted while parsing, so a long text can't make a deep tree. Only nesting recurses, and its depth
//! is counted and limited.

use super::lexer::{Token, error_at, tokens};
use super::program::{Binary, Instruction, Operand, Program, Unary};
use crate::Result;

/// Levels of brackets, functions, signs and powers.
const MAX_DEPTH: usize = 64;

const FUNCTIONS: &str =
    "abs, bit, bits, ceil, clamp, exp, floor, isvalid, log, log10, max, min, round, sqrt, where";

pub(super) fn parse(text: &str) -> Result<Program> {
    let mut parser =
        Parser { text: text.trim(), tokens: tokens(text)?, at: 0, depth: 0, program: Builder::default() };
    let result = parser.or()?;
    if *parser.token() != Token::End {
        return Err(parser.expected("an operator or the end"));
    }
    let Builder { bands, constants, steps, temporaries, .. } = parser.program;
    Ok(Program { bands, constants, steps, temporaries: usize::from(temporaries), result })
}

/// A program that grows. Temporaries are used again as soon as the step that reads them is emitted.
#[derive(Default)]
struct Builder {
    bands: Vec<String>,
    constants: Vec<f64>,
    steps: Vec<(Instruction, u16)>,
    temporaries: u16,
    free: Vec<u16>,
}

impl Builder {
    // Texts are short, so 16 bits suffice to number everything that they can name.
    fn band(&mut self, name: String) -> Operand {
        let known = self.bands.iter().position(|band| *band == name);
        let at = known.unwrap_or_else(|| {
            self.bands.push(name);
            self.bands.len() - 1
        });
        Operand::Band(at as u16)
    }

    fn constant(&mut self, value: f64) -> Operand {
        let known = self.constants.iter().position(|constant| constant.to_bits() == value.to_bits());
        let at = known.unwrap_or_else(|| {
            self.constants.push(value);
            self.constants.len() - 1
        });
        Operand::Constant(at as u16)
    }

    fn value(&self, operand: Operand) -> Option<f64> {
        match operand {
            Operand::Constant(at) => self.constants.get(usize::from(at)).copied(),
            _ => None,
        }
    }

    fn emit(&mut self, step: Instruction) -> Operand {
        let to = self.free.pop().unwrap_or_else(|| {
            self.temporaries += 1;
            self.temporaries - 1
        });
        let operands = match step {
            Instruction::Unary(_, a) => [Some(a), None, None],
            Instruction::Binary(_, a, b) => [Some(a), Some(b).filter(|b| *b != a), None],
            Instruction::Where(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        for operand in operands.into_iter().flatten() {
            if let Operand::Temporary(at) = operand {
                self.free.push(at);
            }
        }
        self.steps.push((step, to));
        Operand::Temporary(to)
    }

    fn unary(&mut self, unary: Unary, a: Operand) -> Operand {
        self.emit(Instruction::Unary(unary, a))
    }

    fn binary(&mut self, binary: Binary, a: Operand, b: Operand) -> Operand {
        self.emit(Instruction::Binary(binary, a, b))
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    program: Builder,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn error(&self, what: &str) -> crate::Error {
        let column = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, column)| *column);
        error_at(self.text, column, what)
    }

    fn expected(&self, what: &str) -> crate::Error {
        self.error(&format!("expected {what}, found {}", self.token()))
    }

    /// Consumes an operator, written as a symbol or as a word.
    fn take(&mut self, symbol: &str) -> bool {
        let found = match self.token() {
            Token::Symbol(found) => *found == symbol,
            Token::Name(found) => found == symbol,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Operand>) -> Result<Operand> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(&format!(
                "more than {MAX_DEPTH} levels of brackets, functions, signs and powers; split it into several \
                 derived bands"
            )));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Operand> {
        let mut left = self.and()?;
        while self.take("||") || self.take("or") {
            let right = self.and()?;
            left = self.program.binary(Binary::Or, left, right);
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Operand> {
        let mut left = self.not()?;
        while self.take("&&") || self.take("and") {
            let right = self.not()?;
            left = self.program.binary(Binary::And, left, right);
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Operand> {
        if self.take("not") {
            let operand = self.nested(Self::not)?;
            return Ok(self.program.unary(Unary::Not, operand));
        }
        self.comparison()
    }

    fn compare(&mut self) -> Option<Binary> {
        let comparison = match self.token() {
            Token::Symbol("<") => Binary::Less,
            Token::Symbol("<=") => Binary::LessEqual,
            Token::Symbol(">") => Binary::Greater,
            Token::Symbol(">=") => Binary::GreaterEqual,
            Token::Symbol("==") => Binary::Equal,
            Token::Symbol("!=") => Binary::NotEqual,
            _ => return None,
        };
        Some(comparison)
    }

    fn comparison(&mut self) -> Result<Operand> {
        let left = self.sum()?;
        if *self.token() == Token::Symbol("=") {
            return Err(self.error("expected an operator, found \"=\"; compare with \"==\""));
        }
        let Some(comparison) = self.compare() else {
            return Ok(left);
        };
        self.at += 1;
        let right = self.sum()?;
        if self.compare().is_some() {
            return Err(self.error("comparisons don't chain; write a < b and b < c"));
        }
        Ok(self.program.binary(comparison, left, right))
    }

    fn sum(&mut self) -> Result<Operand> {
        let mut left = self.product()?;
        loop {
            let binary = match self.token() {
                Token::Symbol("+") => Binary::Add,
                Token::Symbol("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product()?;
            left = self.program.binary(binary, left, right);
        }
    }

    fn product(&mut self) -> Result<Operand> {
        let mut left = self.sign()?;
        loop {
            let binary = match self.token() {
                Token::Symbol("*") => Binary::Multiply,
                Token::Symbol("/") => Binary::Divide,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.sign()?;
            left = self.program.binary(binary, left, right);
        }
    }

    fn sign(&mut self) -> Result<Operand> {
        if self.take("+") {
            return self.nested(Self::sign);
        }
        if self.take("-") {
            let operand = self.nested(Self::sign)?;
            return Ok(match self.program.value(operand) {
                Some(value) => self.program.constant(-value),
                None => self.program.unary(Unary::Negate, operand),
            });
        }
        if self.take("!") {
            let operand = self.nested(Self::sign)?;
            return Ok(self.program.unary(Unary::Not, operand));
        }
        self.power()
    }

    fn power(&mut self) -> Result<Operand> {
        let base = self.value()?;
        if !self.take("^") {
            return Ok(base);
        }
        let exponent = self.nested(Self::sign)?;
        // Squares are common, equal to the last bit, and many times faster as a product.
        if self.program.value(exponent) == Some(2.0) {
            return Ok(self.program.binary(Binary::Multiply, base, base));
        }
        Ok(self.program.binary(Binary::Power, base, exponent))
    }

    fn value(&mut self) -> Result<Operand> {
        let token = self.token().clone();
        match token {
            Token::Number(value) => {
                self.at += 1;
                Ok(self.program.constant(value))
            }
            Token::Quoted(name) => {
                self.at += 1;
                Ok(self.program.band(name))
            }
            Token::Name(name) if !matches!(name.as_str(), "and" | "or" | "not") => {
                self.at += 1;
                if *self.token() == Token::Symbol("(") {
                    self.at -= 1;
                    return self.nested(|parser| parser.function(&name));
                }
                Ok(self.program.band(name))
            }
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.nested(Self::or)?;
                if !self.take(")") {
                    return Err(self.expected("an operator or \")\""));
                }
                Ok(inner)
            }
            _ => Err(self.expected("a number, a band, a function or \"(\"")),
        }
    }

    /// Parses a call. The current word is the function's name, and an opening bracket follows it.
    fn function(&mut self, name: &str) -> Result<Operand> {
        let (least, most) = match name {
            "abs" | "sqrt" | "log" | "log10" | "exp" | "round" | "floor" | "ceil" | "isvalid" => (1, 1),
            "bit" => (2, 2),
            "where" | "clamp" | "bits" => (3, 3),
            "min" | "max" => (2, usize::MAX),
            _ => {
                let what = format!(
                    "expected a function, found {name}; there are {FUNCTIONS}; quote a band of that name"
                );
                return Err(self.error(&what));
            }
        };
        let start = self.at;
        self.at += 2;
        let mut values: Vec<(Operand, usize)> = Vec::new();
        if !self.take(")") {
            loop {
                let column = self.at;
                values.push((self.or()?, column));
                if self.take(")") {
                    break;
                }
                if !self.take(",") {
                    return Err(self.expected("an operator, \",\" or \")\""));
                }
            }
        }
        if !(least..=most).contains(&values.len()) {
            self.at = start;
            let takes = match (least, most) {
                (1, 1) => "1 value".to_owned(),
                (_, usize::MAX) => format!("{least} values or more"),
                _ => format!("{least} values"),
            };
            return Err(self.error(&format!("{name} takes {takes}, found {}", values.len())));
        }
        let operands: Vec<Operand> = values.iter().map(|(operand, _)| *operand).collect();
        self.call(name, &operands, &values)
    }

    fn call(&mut self, name: &str, operands: &[Operand], values: &[(Operand, usize)]) -> Result<Operand> {
        let unary = match (name, operands) {
            ("where", [condition, a, b]) => {
                return Ok(self.program.emit(Instruction::Where(*condition, *a, *b)));
            }
            ("clamp", [x, low, high]) => {
                let raised = self.program.binary(Binary::Max, *x, *low);
                return Ok(self.program.binary(Binary::Min, raised, *high));
            }
            ("min" | "max", [first, rest @ ..]) => {
                let binary = if name == "min" { Binary::Min } else { Binary::Max };
                return Ok(rest
                    .iter()
                    .fold(*first, |so_far, next| self.program.binary(binary, so_far, *next)));
            }
            ("bit", [_, _]) => Unary::Bits { first: self.literal(values[1], 0, 52)?, count: 1 },
            ("bits", [_, _, _]) => {
                Unary::Bits { first: self.literal(values[1], 0, 52)?, count: self.literal(values[2], 1, 32)? }
            }
            ("abs", _) => Unary::Abs,
            ("sqrt", _) => Unary::Sqrt,
            ("log", _) => Unary::Log,
            ("log10", _) => Unary::Log10,
            ("exp", _) => Unary::Exp,
            ("round", _) => Unary::Round,
            ("floor", _) => Unary::Floor,
            ("ceil", _) => Unary::Ceil,
            _ => Unary::IsValid,
        };
        Ok(self.program.unary(unary, operands[0]))
    }

    /// A whole number that must be written out in the text, such as the number of a bit.
    fn literal(&mut self, (operand, at): (Operand, usize), least: u8, most: u8) -> Result<u8> {
        let value = self.program.value(operand);
        match value.filter(|v| (f64::from(least)..=f64::from(most)).contains(v) && v.fract() == 0.0) {
            Some(value) => Ok(value as u8),
            None => {
                self.at = at;
                Err(self.error(&format!("expected a whole number from {least} to {most} for bits")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let message = parse(text).unwrap_err().to_string();
        let prefix = format!("expression \"{}\", ", super::super::lexer::shorten(text));
        message.strip_prefix(&prefix).map(str::to_owned).unwrap_or(message)
    }

    #[test]
    fn errors_name_the_column_and_what_was_expected() {
        let value = "expected a number, a band, a function or \"(\", found";
        assert_eq!(message(""), format!("column 1: {value} the end"));
        assert_eq!(message("B04 +"), format!("column 6: {value} the end"));
        assert_eq!(message("B04 + * 2"), format!("column 7: {value} \"*\""));
        assert_eq!(message("and B04"), format!("column 1: {value} and"));
        assert_eq!(message("(B04 + B08"), "column 11: expected an operator or \")\", found the end");
        assert_eq!(message("B04 B08"), "column 5: expected an operator or the end, found B08");
        assert_eq!(message("B04) / 2"), "column 4: expected an operator or the end, found \")\"");
        assert_eq!(message("min(A, B"), "column 9: expected an operator, \",\" or \")\", found the end");
        assert_eq!(message("A = 3"), "column 3: expected an operator, found \"=\"; compare with \"==\"");
        assert_eq!(message("1 < A < 3"), "column 7: comparisons don't chain; write a < b and b < c");
        assert_eq!(message("min(A)"), "column 1: min takes 2 values or more, found 1");
        assert_eq!(message("1 + abs(A, B)"), "column 5: abs takes 1 value, found 2");
        assert_eq!(message("where()"), "column 1: where takes 3 values, found 0");
        assert_eq!(message("bit(QA, B)"), "column 9: expected a whole number from 0 to 52 for bits");
        assert_eq!(message("bit(QA, -1)"), "column 9: expected a whole number from 0 to 52 for bits");
        assert_eq!(message("bits(QA, 2, 33)"), "column 13: expected a whole number from 1 to 32 for bits");
        assert_eq!(
            message("sin(A)"),
            format!(
                "column 1: expected a function, found sin; there are {FUNCTIONS}; quote a band of that name"
            )
        );
    }

    #[test]
    fn names_may_be_those_of_functions() {
        let program = parse("min + 'abs' * max").unwrap();
        assert_eq!(program.bands, ["min", "abs", "max"]);
    }

    #[test]
    fn nesting_is_limited_and_length_is_not_nesting() {
        let deep = |open: &str, close: &str, n: usize| open.repeat(n) + "A" + &close.repeat(n);
        for (open, close) in [("(", ")"), ("abs(", ")"), ("-", ""), ("not ", ""), ("!", ""), ("2^", "")] {
            parse(&deep(open, close, MAX_DEPTH)).unwrap();
            let error = message(&deep(open, close, MAX_DEPTH + 1));
            assert!(error.contains("more than 64 levels of brackets"), "{error}");
        }
        assert!(message(&"(".repeat(4096)).contains("more than 64 levels"));
        let long = parse(&("1".to_owned() + &"+A".repeat(2000))).unwrap();
        assert_eq!((long.steps.len(), long.temporaries), (2000, 2));
    }

    #[test]
    fn a_step_never_writes_where_it_reads() {
        let program =
            parse("where(A*B > 2, (A+B)^2 / (A-B)^3, -clamp(A*A, B/2, A) ^ 2) + bit(round(A), 3)").unwrap();
        for (step, to) in &program.steps {
            let operands = match *step {
                Instruction::Unary(_, a) => vec![a],
                Instruction::Binary(_, a, b) => vec![a, b],
                Instruction::Where(a, b, c) => vec![a, b, c],
            };
            assert!(!operands.contains(&Operand::Temporary(*to)), "{step:?} writes {to}");
        }
    }
}
