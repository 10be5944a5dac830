//! Numbers in messages.

/// A count with its noun: `1 chunk`, `2 chunks`.
#[must_use]
pub fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// Magnitudes that are written without an exponent.
const PLAIN: std::ops::Range<f64> = 1e-6..1e15;

/// A value in data units: whole numbers as they are, others with six significant digits. Very small and very large ones
/// have an exponent: `1.5e-30`.
#[must_use]
pub fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if !PLAIN.contains(&value.abs()) {
        let text = scientific(value, 5);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{exponent}");
    }
    if value.fract() == 0.0 {
        return value.to_string();
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 20) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A value with three significant digits; with an exponent where it is tiny or huge.
#[must_use]
pub fn rounded(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-4..1e15).contains(&size) {
        let decimals =
            if size > 0.0 && size.is_finite() { (2 - size.log10().floor() as i32).max(0) } else { 0 };
        return format!("{value:.*}", decimals as usize);
    }
    format!("{value:.2e}")
}

/// A value with all of its digits, such as a promised bound. Very small and very large ones have an exponent.
#[must_use]
pub fn exact(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || PLAIN.contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// A value with an exponent, and this number of decimals before it: `1.50e-30`.
#[must_use]
pub fn scientific(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$e}")
}

/// Bytes in powers of ten: `1.23 MB`.
#[must_use]
pub fn bytes(n: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{value:.2} {}", units[unit]) }
}

/// A PSNR in dB: `exact` if there are valid samples and none has an error, `-` if no sample is valid.
#[must_use]
pub fn psnr(psnr_db: Option<f64>, valid: u64, decimals: usize) -> String {
    match psnr_db {
        Some(psnr_db) => format!("{psnr_db:.decimals$}"),
        None if valid > 0 => "exact".to_owned(),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_size_keep_their_digits() {
        assert_eq!(
            [1e-30, -1.234_567_8e-12, 2e300, 1e15].map(figure),
            ["1e-30", "-1.23457e-12", "2e300", "1e15"]
        );
        assert_eq!([0.0, 1e-5, 123_456_789.0].map(figure), ["0", "0.00001", "123456789"]);
        assert_eq!([0.1, 1e-40, 3.0].map(exact), ["0.1", "1e-40", "3"]);
    }
}
