//! Numbers as people read them.

/// A whole number with a comma between thousands: 12,500.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with four significant digits: 0.03215, 38.21, 3e-4, 1.25e6. A number that is not finite becomes `not a
/// number`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "not a number".to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        let text = format!("{value:.3e}");
        text.split_once('e').map_or(text.clone(), |(digits, power)| format!("{}e{power}", trim(digits)))
    } else {
        let decimals = (3.0 - size.log10().floor()).clamp(0.0, 7.0) as usize;
        trim(&format!("{value:.decimals$}")).to_owned()
    }
}

/// A number without the zeros at the end of its decimals.
fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 12_500, 1_234_567].map(grouped),
            ["0", "999", "1,000", "12,500", "1,234,567"]
        );
    }

    #[test]
    fn four_digits_and_no_more() {
        let values =
            [0.0, 0.032_149, 38.2149, 100.0, 3e-4, 0.5, -1234.56, 1_250_000.0, 2e-7, f64::NAN, 999_999.0];
        let texts = [
            "0",
            "0.03215",
            "38.21",
            "100",
            "3e-4",
            "0.5",
            "-1235",
            "1.25e6",
            "2e-7",
            "not a number",
            "999999",
        ];
        assert_eq!(values.map(short), texts);
    }
}
