//! Rate–distortion curves as one chart: bits on a logarithmic axis, so that equal ratios are equal lengths.

use vqz_report::{Axis, Block, Chart, Scale, Series, Shape, Size, scale};

/// A curve: its name, and bits a sample with PSNR in dB of each point.
pub(crate) type Curve = (String, Vec<(f64, f64)>);

/// All curves, or a sentence where there are too few points.
pub(crate) fn curves(curves: &[Curve], label: &str) -> Block {
    let points = || curves.iter().flat_map(|(_, points)| points).filter(|point| point.0 > 0.0);
    let (bits, psnr) = (scale::extent(points().map(|p| p.0)), scale::extent(points().map(|p| p.1)));
    let (Some((least, most)), Some((low, high))) = (bits.filter(|(least, most)| least < most), psnr) else {
        return Block::Text("There are too few points for a chart.".to_owned());
    };
    let series = |(colour, (name, points)): (usize, &Curve)| {
        let mut points: Vec<(f64, f64)> = points.iter().copied().filter(|point| point.0 > 0.0).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let titles =
            points.iter().map(|(bits, psnr)| format!("{name}: {bits:.4} bits, {psnr:.2} dB")).collect();
        Series { colour, shape: Shape::Measured, titles, ..Series::line(name, points) }
    };
    let chart = Chart {
        title: "PSNR".to_owned(),
        unit: "dB".to_owned(),
        label: label.to_owned(),
        x: Axis::around(least, most, Scale::Logarithmic, 6).named("bits a sample, logarithmic"),
        y: Axis::around(low, high, Scale::Linear, 5),
        series: curves.iter().enumerate().map(series).collect(),
        size: Size::Tall,
        ..Chart::default()
    };
    chart.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_takes_two_points() {
        let curve = |points: &[(f64, f64)]| ("a".to_owned(), points.to_vec());
        let Block::Charts(charts) = curves(&[curve(&[(1.0, 50.0), (0.1, 40.0), (0.0, 9.0)])], "title") else {
            panic!("there are enough points");
        };
        assert_eq!(charts[0].series[0].points, [(0.1, 40.0), (1.0, 50.0)]);
        assert!(matches!(curves(&[curve(&[(0.1, 40.0)])], "title"), Block::Text(_)));
    }
}
