//! The words of an expression, each with its column.

use crate::{Error, Result};

/// The longest text in bytes: far longer than a formula, short enough that a program of it stays small.
pub(super) const MAX_LENGTH: usize = 4096;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// A name; `quoted` ones are always bands.
    Name(String),
    Quoted(String),
    /// An operator, a bracket or a comma.
    Symbol(&'static str),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Quoted(name) => write!(f, "'{name}'"),
            Self::Symbol(symbol) => write!(f, "\"{symbol}\""),
            Self::End => f.write_str("the end"),
        }
    }
}

/// Two characters before one, so that `<=` isn't `<`.
const SYMBOLS: [&str; 18] =
    ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "^", "(", ")", ",", "="];

/// The beginning of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// An error at a column, counted in characters from 1.
pub(super) fn error_at(text: &str, column: usize, what: &str) -> Error {
    Error::Invalid(format!("expression \"{}\", column {column}: {what}", shorten(text)))
}

/// Splits a text into words with their columns; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    if text.len() > MAX_LENGTH {
        return Err(Error::Invalid(format!(
            "expression \"{}\" has {} bytes, at most {MAX_LENGTH} are allowed; split it into several derived bands",
            shorten(text),
            text.len()
        )));
    }
    let text = text.trim();
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if first.is_whitespace() => first.len_utf8(),
            '0'..='9' | '.' => {
                let length = number_length(rest);
                let digits = &rest[..length];
                let value = digits.parse::<f64>().ok().filter(|value| value.is_finite());
                let Some(value) = value else {
                    return Err(error_at(text, column, &format!("expected a finite number, found {digits}")));
                };
                if rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                    let what = format!(
                        "expected an operator after the number {digits}; quote names that begin with a digit"
                    );
                    return Err(error_at(text, column, &what));
                }
                tokens.push((Token::Number(value), column));
                length
            }
            '"' | '\'' => {
                let Some(end) = rest[1..].find(first) else {
                    return Err(error_at(text, column, &format!("expected a closing {first} of this name")));
                };
                if end == 0 {
                    return Err(error_at(text, column, "expected a name between the quotes"));
                }
                tokens.push((Token::Quoted(rest[1..=end].to_owned()), column));
                end + 2
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                tokens.push((Token::Name(rest[..end].to_owned()), column));
                end
            }
            _ => {
                let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
                    return Err(error_at(text, column, &unexpected(first)));
                };
                tokens.push((Token::Symbol(symbol), column));
                symbol.len()
            }
        };
        column += rest[..length].chars().count();
        rest = &rest[length..];
    }
    tokens.push((Token::End, column));
    Ok(tokens)
}

fn unexpected(found: char) -> String {
    match found {
        '&' => "expected an operator, found \"&\"; write \"&&\" or \"and\"".to_owned(),
        '|' => "expected an operator, found \"|\"; write \"||\" or \"or\"".to_owned(),
        _ => {
            format!(
                "expected a number, a name or an operator, found {found:?}; quote names with such characters"
            )
        }
    }
}

/// The length of the number that a text begins with: digits, a point, digits, an exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            at = end;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_columns() {
        let found = tokens("  é1 <= -1.5e3*'a b'").unwrap();
        let expected = [
            (Token::Name("é1".to_owned()), 1),
            (Token::Symbol("<="), 4),
            (Token::Symbol("-"), 7),
            (Token::Number(1500.0), 8),
            (Token::Symbol("*"), 13),
            (Token::Quoted("a b".to_owned()), 14),
            (Token::End, 19),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_word_is_named() {
        let message = |text: &str| tokens(text).unwrap_err().to_string();
        assert_eq!(
            message("B04 & B08"),
            "expression \"B04 & B08\", column 5: expected an operator, found \"&\"; write \"&&\" or \"and\""
        );
        assert_eq!(message("B04.max"), "expression \"B04.max\", column 4: expected a finite number, found .");
        assert_eq!(
            message("10m + 1"),
            "expression \"10m + 1\", column 1: expected an operator after the number 10; quote names that begin \
             with a digit"
        );
        assert_eq!(message("1e999"), "expression \"1e999\", column 1: expected a finite number, found 1e999");
        assert_eq!(message("'B04"), "expression \"'B04\", column 1: expected a closing ' of this name");
        assert_eq!(message("''"), "expression \"''\", column 1: expected a name between the quotes");
        assert!(message("a $ b").contains("column 3: expected a number, a name or an operator, found '$'"));
        assert!(message(&"1+".repeat(3000)).contains("has 6000 bytes, at most 4096 are allowed"));
    }
}
