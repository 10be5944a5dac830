//! Numbers in messages.

/// A count with its noun: `1 chunk`, `2 chunks`.
#[must_use]
pub fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// A value in data units: whole numbers as they are, others with six significant digits.
#[must_use]
pub fn figure(value: f64) -> String {
    if value.fract() == 0.0 || !value.is_finite() {
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
