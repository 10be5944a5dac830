//! JSON whose numbers survive as they were written.
//!
//! JSON in memory has integers of 64 bits and finite floats. Metadata of Zarr arrays have more: zarr-python and xarray write
//! NaN and the infinities as the bare tokens `NaN`, `Infinity` and `-Infinity`, which JSON does not know, Python's integers have
//! any length, and a decimal such as `1e400` is beyond float64. Such a token is held as a *bare* value: a text that begins with
//! a character that no text has. [`read`] makes bare values, [`to_text`] writes them as the tokens that they were, and
//! [`number`] tells the number that is meant.
//!
//! A decimal is the nearest float64: "no data", scales and coordinates are compared bit by bit. By default, `serde_json` may miss
//! that by one unit in the last place, so its feature `float_roundtrip` is needed, and each crate that reads such numbers asks
//! for it.

use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// Begins the text of a bare value. Unicode reserves this noncharacter for use within programs. A text of a document that
/// begins with it anyway is held with the mark twice.
const MARK: char = '\u{fdd0}';

/// The mark as JSON may escape it.
const ESCAPED: &str = "\\ufdd0";

/// Reads a document.
///
/// # Errors
/// When it is not JSON, apart from the bare tokens.
pub fn read(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(&marked(text))
}

/// Writes a document, with bare values as tokens, over several lines.
///
/// # Errors
/// When the value can't be written as JSON.
pub fn to_text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(unmarked(&serde_json::to_string_pretty(value)?).into_owned())
}

/// The token of a bare value, such as `NaN` or `123456789012345678901234567890`; `None` for any other value.
#[must_use]
pub fn token(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix(MARK).filter(|token| is_bare(token))
}

/// The number that a value is, as the nearest float64; `None` for a value that is no number. A number beyond float64 is an infinity.
#[must_use]
pub fn number(value: &Value) -> Option<f64> {
    match token(value) {
        Some(token) => token.parse().ok(),
        None => value.as_f64(),
    }
}

/// A value as it stands in a document, on one line.
#[must_use]
pub fn text_of(value: &Value) -> String {
    unmarked(&value.to_string()).into_owned()
}

/// Whether a token is a number that memory has no exact place for.
fn is_bare(token: &str) -> bool {
    if matches!(token, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    if !is_number(token) || token.parse::<i64>().is_ok() || token.parse::<u64>().is_ok() {
        return false;
    }
    let whole = !token.contains(['.', 'e', 'E']);
    let mantissa = token.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.contains(|digit: char| ('1'..='9').contains(&digit));
    token
        .parse::<f64>()
        .is_ok_and(|value| (whole && !is_zero) || value.is_infinite() || (value == 0.0) != is_zero)
}

/// Whether a token is a number by the grammar of JSON.
fn is_number(token: &str) -> bool {
    fn digits(text: &str) -> (usize, &str) {
        let count = text.bytes().take_while(u8::is_ascii_digit).count();
        (count, &text[count..])
    }
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let (count, mut rest) = digits(unsigned);
    if count == 0 || (count > 1 && unsigned.starts_with('0')) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let (count, after) = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let (count, after) = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
        return count > 0 && after.is_empty();
    }
    rest.is_empty()
}

/// Where the text that begins at `at`, after its quote, ends: the place of the closing quote, or the end of the document.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// The document with bare tokens as marked texts.
fn marked(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                let inside = &bytes[at..];
                let escaped =
                    inside.get(..ESCAPED.len()).is_some_and(|b| b.eq_ignore_ascii_case(ESCAPED.as_bytes()));
                if escaped || inside.starts_with(MARK.to_string().as_bytes()) {
                    out.push_str(&text[copied..at]);
                    out.push(MARK);
                    copied = at;
                }
                at = end_of_text(bytes, at) + 1;
            }
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let end = at + bytes[at..].iter().take_while(|byte| part(byte)).count();
                // A name of a member must be a text.
                let names = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if !names && is_bare(&text[at..end]) {
                    out.push_str(&text[copied..at]);
                    out.extend(['"', MARK]);
                    out.push_str(&text[at..end]);
                    out.push('"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The document with marked texts as bare tokens. It comes from a writer that never escapes the mark.
fn unmarked(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b'"' {
            at += 1;
            continue;
        }
        let end = end_of_text(bytes, at + 1);
        let inside = text[at + 1..end].strip_prefix(MARK);
        if let Some(token) = inside.filter(|token| is_bare(token)) {
            out.push_str(&text[copied..at]);
            out.push_str(token);
            copied = (end + 1).min(bytes.len());
        } else if inside.is_some_and(|rest| rest.starts_with(MARK)) {
            out.push_str(&text[copied..=at]);
            copied = at + 1 + MARK.len_utf8();
        }
        at = end + 1;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn again(text: &str) -> String {
        to_text(&read(text).unwrap()).unwrap().split_whitespace().collect()
    }

    #[test]
    fn bare_tokens_survive() {
        for text in [
            r#"{"nodata":NaN,"valid":[-Infinity,Infinity],"deep":{"a":[{"b":NaN}]}}"#,
            r#"{"id":123456789012345678901234567890,"less":-99999999999999999999}"#,
            r#"[18446744073709551615,-9223372036854775808,18446744073709551616]"#,
            r#"[1e400,-1e400,1e-400,2.5E+999]"#,
            "NaN",
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn numbers_that_memory_holds_are_numbers() {
        let read = read(r#"[0, -0, 0.0, 0e5, 1e22, 0.1, -7, 1.5e-300, 9007199254740993]"#).unwrap();
        assert!(read.as_array().unwrap().iter().all(Value::is_number), "{read}");
        assert_eq!(read[8], json!(9_007_199_254_740_993_i64));
        assert_eq!((number(&read[4]), number(&json!("1"))), (Some(1e22), None));
    }

    #[test]
    fn decimals_are_their_nearest_floats() {
        for text in
            ["31.245270191439438", "121.48791951161945", "1.6777216000000001e7", "-9.969209968386869e36"]
        {
            assert_eq!(number(&read(text).unwrap()), Some(text.parse::<f64>().unwrap()), "{text}");
        }
    }

    #[test]
    fn bare_values_are_numbers_by_their_tokens() {
        let values = read("[NaN, -Infinity, 1e400, 36893488147419103232]").unwrap();
        assert!(number(&values[0]).unwrap().is_nan());
        assert_eq!(number(&values[1]), Some(f64::NEG_INFINITY));
        assert_eq!((number(&values[2]), token(&values[2])), (Some(f64::INFINITY), Some("1e400")));
        assert_eq!(number(&values[3]), Some(2f64.powi(65)));
        assert_eq!(text_of(&values), "[NaN,-Infinity,1e400,36893488147419103232]");
        assert_eq!((token(&json!("NaN")), token(&json!(1))), (None, None));
    }

    #[test]
    fn texts_stay_texts() {
        for text in [
            r#"["NaN","Infinity","99999999999999999999","a \" NaN \\"]"#,
            "[\"\u{fdd0}NaN\",\"\u{fdd0}\u{fdd0}x\",\"\u{fdd0}\"]",
            "{\"\u{fdd0}NaN\":NaN}",
        ] {
            assert_eq!(again(text), text.split_whitespace().collect::<String>());
        }
        let escaped = read(r#"["\uFDD0NaN"]"#).unwrap();
        assert_eq!((token(&escaped[0]), again(r#"["\ufdd0NaN"]"#)), (None, "[\"\u{fdd0}NaN\"]".to_owned()));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "{NaN: 1}",
            "[nan]",
            "[-NaN]",
            "[Inf]",
            "[+1]",
            "[01]",
            "[1.]",
            "[1e]",
            "[NaN",
            "[NaNN]",
            "[\"NaN]",
            "\"\\",
            "[12345678901234567890123.]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
