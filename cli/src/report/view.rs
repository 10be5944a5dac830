//! Where to look: the part of a picture in which errors are largest, and the scale on which they are seen.

/// The column and row of the square of so many pixels where the sum of squared errors is largest. `errors` are in rows of
/// `width`, NaN where there are no data; the square fits into them, or it is in the corner.
pub(crate) fn worst_place(errors: &[f64], width: usize, side: usize) -> (usize, usize) {
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
    let places = starts(height).flat_map(|y| starts(width).map(move |x| (x, y)));
    let best = places.map(|(x, y)| (sum(x, y), x, y)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or((0, 0), |(_, x, y)| (x, y))
}

/// Two significant digits above nearly all of some errors, NaN left out; 1 where nothing is off.
pub(crate) fn two_digits(errors: &[f64]) -> f64 {
    let mut errors: Vec<f64> = errors.iter().copied().filter(|error| error.is_finite()).collect();
    errors.sort_by(f64::total_cmp);
    let high = errors.get(errors.len().saturating_sub(1) * 995 / 1000).copied().unwrap_or(1.0);
    let high = if high > 0.0 { high } else { errors.last().copied().unwrap_or(1.0) };
    if high <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(high.log10().floor() - 1.0);
    (high / unit).ceil() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crop_is_where_errors_are() {
        let mut errors = vec![0.0; 30 * 30];
        errors[25 * 30 + 4] = 9.0;
        errors[3] = f64::NAN;
        let (x, y) = worst_place(&errors, 30, 10);
        assert!((x..x + 10).contains(&4) && (y..y + 10).contains(&25), "{x} {y}");
        assert_eq!(worst_place(&errors, 30, 40), (0, 0));
    }

    #[test]
    fn a_scale_has_two_digits() {
        let errors: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.1234).chain([f64::NAN, 1e9]).collect();
        assert_eq!(two_digits(&errors), 130.0);
        assert_eq!((two_digits(&[0.0; 9]), two_digits(&[])), (1.0, 1.0));
    }
}
