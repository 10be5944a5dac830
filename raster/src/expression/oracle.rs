//! A slow and simple evaluation of random expressions, sample by sample with options, against which programs are tested.

use super::Expression;
use crate::plane::Plane;

/// An expression tree that can be written as text and evaluated.
enum Tree {
    Number(f64),
    Band(usize),
    Call(&'static str, Vec<Tree>),
    Infix(&'static str, Box<Tree>, Box<Tree>),
    Prefix(&'static str, Box<Tree>),
    Bits(Box<Tree>, u8, u8),
}

const NAMES: [&str; 3] = ["A", "B_2", "band 3"];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn tree(&mut self, depth: u32) -> Tree {
        if depth == 0 || self.roll(6) == 0 {
            return match self.roll(3) {
                0 => Tree::Number([0.0, 1.0, 2.0, 0.5, 3.0, 1e3, 1e-3, 40.0][self.roll(8) as usize]),
                _ => Tree::Band(self.roll(3) as usize),
            };
        }
        let mut some = |count: usize| (0..count).map(|_| self.tree(depth - 1)).collect::<Vec<_>>();
        let three = some(3);
        let [a, b, c] = <[Tree; 3]>::try_from(three).ok().expect("three trees");
        const INFIX: [&str; 13] = ["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "and", "||"];
        const CALLS: [&str; 9] = ["abs", "sqrt", "log", "exp", "round", "floor", "ceil", "isvalid", "log10"];
        match self.roll(10) {
            0..=4 => Tree::Infix(INFIX[self.roll(13) as usize], Box::new(a), Box::new(b)),
            5 => Tree::Prefix(["-", "!", "not "][self.roll(3) as usize], Box::new(a)),
            6 => Tree::Call(CALLS[self.roll(9) as usize], vec![a]),
            7 => Tree::Call(["where", "min", "max", "clamp"][self.roll(4) as usize], vec![a, b, c]),
            8 => Tree::Call("where", vec![a, b, c]),
            _ => Tree::Bits(Box::new(a), self.roll(9) as u8, 1 + self.roll(4) as u8),
        }
    }
}

impl Tree {
    fn write(&self) -> String {
        match self {
            Self::Number(value) => format!("{value}"),
            Self::Band(2) => "'band 3'".to_owned(),
            Self::Band(at) => NAMES[*at].to_owned(),
            Self::Call(name, trees) => {
                format!("{name}({})", trees.iter().map(Self::write).collect::<Vec<_>>().join(", "))
            }
            Self::Infix(sign, a, b) => format!("({} {sign} {})", a.write(), b.write()),
            Self::Prefix(sign, a) => format!("({sign}{})", a.write()),
            Self::Bits(a, first, count) => format!("bits({}, {first}, {count})", a.write()),
        }
    }

    /// Its value where everything it uses is valid and finite.
    fn value(&self, bands: &[Option<f64>]) -> Option<f64> {
        let truth = |value: bool| if value { 1.0 } else { 0.0 };
        let value = match self {
            Self::Number(value) => *value,
            Self::Band(at) => bands[*at]?,
            Self::Prefix("-", a) => -a.value(bands)?,
            Self::Prefix(_, a) => truth(a.value(bands)? == 0.0),
            Self::Infix("and", a, b) => match (a.value(bands), b.value(bands)) {
                (Some(0.0), _) | (_, Some(0.0)) => 0.0,
                (a, b) => {
                    a?;
                    b?;
                    1.0
                }
            },
            Self::Infix("||", a, b) => {
                let (a, b) = (a.value(bands), b.value(bands));
                let holds = |side: Option<f64>| side.is_some_and(|side| side != 0.0);
                if holds(a) || holds(b) {
                    1.0
                } else {
                    a?;
                    b?;
                    0.0
                }
            }
            Self::Infix(sign, a, b) => {
                let (a, b) = (a.value(bands)?, b.value(bands)?);
                match *sign {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "^" => a.powf(b),
                    "<" => truth(a < b),
                    "<=" => truth(a <= b),
                    ">" => truth(a > b),
                    ">=" => truth(a >= b),
                    "==" => truth(a == b),
                    _ => truth(a != b),
                }
            }
            Self::Call("isvalid", trees) => truth(trees[0].value(bands).is_some()),
            Self::Call("where", trees) => {
                let taken = if trees[0].value(bands)? != 0.0 { &trees[1] } else { &trees[2] };
                taken.value(bands)?
            }
            Self::Call(name, trees) => {
                let values = trees.iter().map(|tree| tree.value(bands)).collect::<Option<Vec<_>>>()?;
                match (*name, values.as_slice()) {
                    ("min", [a, b, c]) => a.min(*b).min(*c),
                    ("max", [a, b, c]) => a.max(*b).max(*c),
                    ("clamp", [x, low, high]) => x.max(*low).min(*high),
                    ("abs", [a]) => a.abs(),
                    ("sqrt", [a]) => a.sqrt(),
                    ("log", [a]) => a.ln(),
                    ("log10", [a]) => a.log10(),
                    ("exp", [a]) => a.exp(),
                    ("round", [a]) => a.round_ties_even(),
                    ("floor", [a]) => a.floor(),
                    ("ceil", [a]) => a.ceil(),
                    other => unreachable!("{other:?}"),
                }
            }
            Self::Bits(a, first, count) => {
                let value = a.value(bands)?;
                if value.fract() != 0.0 || value.abs() > 2f64.powi(53) {
                    return None;
                }
                let two_to_the = |n: u8| 2i128.pow(u32::from(n));
                (value as i128).div_euclid(two_to_the(*first)).rem_euclid(two_to_the(*count)) as f64
            }
        };
        value.is_finite().then_some(value)
    }
}

#[test]
fn programs_equal_the_oracle() {
    let mut dice = Dice(1);
    let samples = 600;
    let mut valid = 0;
    for round in 0..1500 {
        let tree = dice.tree(1 + round % 5);
        let text = tree.write();
        let mut planes = Vec::new();
        for name in NAMES {
            let mut plane = Plane::empty(2, samples / 2);
            for (value, valid) in plane.values.iter_mut().zip(&mut plane.valid) {
                *value = [-3.0, 0.0, 1.0, 2720.0, 0.25, 1e200, -1.0, 5.0, 255.0][dice.roll(9) as usize];
                *valid = dice.roll(5) != 0;
            }
            planes.push((name, plane));
        }
        if text.len() > 4096 {
            continue;
        }
        let expression = Expression::parse(&text).unwrap();
        let may_be_invalid = expression.may_be_invalid(|_| true);
        let found = expression.evaluate(2, samples / 2, &planes[..]).unwrap();
        for sample in 0..samples {
            let bands: Vec<_> =
                planes.iter().map(|(_, plane)| plane.valid[sample].then_some(plane.values[sample])).collect();
            let expected = tree.value(&bands);
            let got = found.valid[sample].then_some(found.values[sample]);
            assert_eq!(got, expected, "{text} over {bands:?}");
            assert!(found.values[sample].is_finite(), "{text}");
            assert!(
                expected.is_some()
                    || may_be_invalid
                    || text.contains('*')
                    || text.contains('+')
                    || text.contains('-'),
                "{text} is said to be always valid"
            );
            valid += usize::from(expected.is_some());
        }
    }
    // The generator must reach both: valid results and invalid ones.
    assert!((100_000..800_000).contains(&valid), "{valid} valid samples");
}

#[test]
fn no_text_panics() {
    let words = [
        "A", "'b c'", "1", ".5", "(", ")", ",", "+", "-", "*", "/", "^", "<", "==", "!", "&&", "or", "not ",
        "min", "bit", "where", "isvalid", "=", " ", "é", "\"", "1e", "$",
    ];
    let mut dice = Dice(3);
    let plane = Plane { height: 1, width: 1, values: vec![3.0], valid: vec![true] };
    let bands = [("A", &plane), ("b c", &plane)];
    let mut parsed = 0;
    for _ in 0..60_000 {
        let text: String =
            (0..1 + dice.roll(9)).map(|_| words[dice.roll(words.len() as u64) as usize]).collect();
        match Expression::parse(&text) {
            Ok(expression) => {
                parsed += 1;
                let result = expression.evaluate(1, 1, &bands[..]);
                assert!(result.is_ok() || expression.check(&["A", "b c"]).is_err(), "{text}");
            }
            Err(error) => assert!(error.to_string().starts_with("expression \""), "{error}"),
        }
    }
    assert!(parsed > 1000, "{parsed} texts parsed");
}
