//! Rate–distortion curves as one chart: bits on a logarithmic axis, so that equal ratios are equal lengths.

use vqz_report::{Axis, Block, Chart, Scale, Series, Shape, Size, scale};

/// A curve.
pub(crate) struct Curve {
    /// Its name in the legend; may be empty where there is only one.
    name: String,
    /// Bits per sample and PSNR in dB.
    points: Vec<(f64, f64)>,
    /// Names of points, with the bits at which they lie.
    labels: Vec<(f64, String)>,
}

impl Curve {
    /// A curve through points: bits per sample and PSNR in dB. A point with 0 bits has no position on a logarithmic
    /// axis and is left out.
    pub(crate) fn new(name: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut points: Vec<(f64, f64)> = points.into_iter().filter(|point| point.0 > 0.0).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { name: name.to_owned(), points, labels: Vec::new() }
    }

    /// The curve with names beside points, by their bits.
    pub(crate) fn labelled(self, labels: Vec<(f64, String)>) -> Self {
        Self { labels, ..self }
    }

    fn series(self, colour: usize) -> Series {
        let at = |bits: f64| self.points.iter().position(|point| point.0 == bits);
        let labels = self.labels.into_iter().filter_map(|(bits, label)| Some((at(bits)?, label))).collect();
        let title = |(bits, psnr): &(f64, f64)| format!("{} {bits:.4} bits, {psnr:.2} dB", self.name);
        let titles = self.points.iter().map(title).collect();
        Series { colour, shape: Shape::Measured, titles, labels, ..Series::line(&self.name, self.points) }
    }
}

/// A chart of all curves, or a sentence if there are too few points. `label` describes the chart for screen readers.
pub(crate) fn chart(curves: Vec<Curve>, label: &str) -> Block {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let (bits, psnr) = (scale::extent(points().map(|p| p.0)), scale::extent(points().map(|p| p.1)));
    let (Some((least, most)), Some((low, high))) = (bits.filter(|(least, most)| least < most), psnr) else {
        return Block::Text("There are too few points for a chart.".to_owned());
    };
    let chart = Chart {
        title: "PSNR".to_owned(),
        unit: "dB".to_owned(),
        label: label.to_owned(),
        x: Axis::around(least, most, Scale::Logarithmic, 6).named("bits a sample, logarithmic"),
        y: Axis::around(low, high, Scale::Linear, 5),
        series: curves.into_iter().enumerate().map(|(colour, curve)| curve.series(colour)).collect(),
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
        let curve = Curve::new("a", [(1.0, 50.0), (0.1, 40.0), (0.0, 9.0)]);
        let Block::Charts(charts) = chart(vec![curve.labelled(vec![(1.0, "best".to_owned())])], "title")
        else {
            panic!("there are enough points");
        };
        let series = &charts[0].series[0];
        assert_eq!((&series.points[..], series.labels[0].0), (&[(0.1, 40.0), (1.0, 50.0)][..], 1));
        assert!(matches!(chart(vec![Curve::new("a", [(0.1, 40.0)])], "title"), Block::Text(_)));
    }
}
