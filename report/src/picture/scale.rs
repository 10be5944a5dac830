//! Ranges for colours, and the part of a picture in which errors are largest.

/// The finite values, sorted.
pub(crate) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut finite: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite
}

/// The smallest and the largest of the finite values; none if there are none.
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// Two quantiles: the values below which and above which a fraction `part` (0 to 1) of all finite values lies. If the
/// two are equal, 1 is added to the second.
pub fn percentiles(values: &[f64], part: f64) -> (f64, f64) {
    let sorted = sorted(values.iter().copied());
    let at = |part: f64| sorted.get((part * sorted.len().saturating_sub(1) as f64) as usize).copied();
    match (at(part), at(1.0 - part)) {
        (Some(low), Some(high)) if high > low => (low, high),
        (Some(low), _) => (low, low + 1.0),
        _ => (0.0, 1.0),
    }
}

/// A limit that nearly all `errors` are below, rounded up to two significant digits. NaN is left out; if there is no
/// error at all, it is 1.
pub fn full_scale(errors: &[f64]) -> f64 {
    let errors = sorted(errors.iter().copied());
    let high = errors.get(errors.len().saturating_sub(1) * 995 / 1000).copied().unwrap_or(1.0);
    let high = if high > 0.0 { high } else { errors.last().copied().unwrap_or(1.0) };
    if high <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(high.log10().floor() - 1.0);
    (high / unit).ceil() * unit
}

/// The column and row of the square of `side` pixels in which the sum of squared errors is largest. `errors` are in
/// rows of `width`, NaN where there are no data. If the square does not fit, it starts at the first corner.
pub fn worst_square(errors: &[f64], width: usize, side: usize) -> (usize, usize) {
    let height = errors.len() / width.max(1);
    if side > width || side > height {
        return (0, 0);
    }
    let step = (side / 8).max(1);
    let sum = |x: usize, y: usize| -> f64 {
        let row = |y: usize| &errors[y * width + x..y * width + x + side];
        (y..y + side).flat_map(row).filter(|e| e.is_finite()).map(|e| e * e).sum()
    };
    let starts = |extent: usize| (0..=extent - side).step_by(step);
    let squares = starts(height).flat_map(|y| starts(width).map(move |x| (x, y)));
    let worst = squares.map(|(x, y)| (sum(x, y), x, y)).max_by(|a, b| a.0.total_cmp(&b.0));
    worst.map_or((0, 0), |(_, x, y)| (x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_leave_outliers_out() {
        let values: Vec<f64> = (0..1000).map(f64::from).chain([f64::NAN, 1e9]).collect();
        assert_eq!(percentiles(&values, 0.01), (10.0, 990.0));
        assert_eq!((percentiles(&[7.0], 0.01), percentiles(&[f64::NAN], 0.01)), ((7.0, 8.0), (0.0, 1.0)));
        assert_eq!((extent([2.0, f64::NAN, -1.0]), extent([f64::NAN])), (Some((-1.0, 2.0)), None));
    }

    #[test]
    fn the_square_is_where_errors_are() {
        let mut errors = vec![0.0; 30 * 30];
        errors[25 * 30 + 4] = 9.0;
        errors[3] = f64::NAN;
        let (x, y) = worst_square(&errors, 30, 10);
        assert!((x..x + 10).contains(&4) && (y..y + 10).contains(&25), "{x} {y}");
        assert_eq!(worst_square(&errors, 30, 40), (0, 0));
    }

    #[test]
    fn a_scale_has_two_digits() {
        let errors: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.1234).chain([f64::NAN, 1e9]).collect();
        assert_eq!(full_scale(&errors), 130.0);
        assert_eq!((full_scale(&[0.0; 9]), full_scale(&[])), (1.0, 1.0));
    }
}
