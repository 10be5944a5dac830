//! Histograms as small charts: samples before and after, and errors around 0 with logarithmic counts.

use super::{Axis, Chart, Mark, MarkKind, Series, Shape, Size};

/// Counts in bins of equal width.
#[derive(Clone, Debug)]
pub struct Bins {
    /// The lower end of the first bin and the upper end of the last.
    pub range: (f64, f64),
    /// The labels at these ends.
    pub ends: [String; 2],
    /// Samples in each bin.
    pub counts: Vec<f64>,
}

/// A histogram of samples: those before, if there are any, as an area, and those after as a line. `before` has counts
/// in the same bins.
pub fn samples(name: &str, before: Option<&[f64]>, after: &Bins) -> Chart {
    let (low, high) = after.range;
    let most = after.counts.iter().chain(before.into_iter().flatten()).copied().fold(1.0, f64::max);
    let area = before.map(|before| area(outline(before, low, high)));
    let line = Series::line("", outline(&after.counts, low, high));
    let which = if before.is_some() { "source and decoded" } else { "decoded" };
    Chart {
        label: format!("Histogram of {name}, {which}"),
        x: Axis::ends(low, high, after.ends.each_ref().map(String::as_str)),
        y: Axis::bare(0.0, most),
        series: area.into_iter().chain([line]).collect(),
        ..empty(name)
    }
}

/// A histogram of errors with logarithmic counts, a line at 0, and dashed lines at plus and minus `bound`.
pub fn errors(name: &str, errors: &Bins, bound: Option<f64>) -> Chart {
    let (low, high) = errors.range;
    let levels: Vec<f64> = errors.counts.iter().map(|count| (count + 1.0).log10()).collect();
    let most = levels.iter().copied().fold(0.1, f64::max);
    let bounds = bound.into_iter().flat_map(|bound| [-bound, bound]);
    let marks = bounds.map(|x| Mark::new(x, MarkKind::Bound)).chain([Mark::new(0.0, MarkKind::Origin)]);
    Chart {
        label: format!("Errors of {name}, logarithmic counts"),
        x: Axis::ends(low, high, errors.ends.each_ref().map(String::as_str)),
        y: Axis::bare(0.0, most),
        series: vec![area(outline(&levels, low, high))],
        marks: marks.collect(),
        ..empty(name)
    }
}

/// A chart of the same size with a text that says why there is nothing to draw.
pub fn note(name: &str, text: &str) -> Chart {
    Chart { label: format!("{name}: {text}"), note: text.to_owned(), ..empty(name) }
}

fn empty(name: &str) -> Chart {
    Chart { title: name.to_owned(), size: Size::Small, ..Chart::default() }
}

fn area(points: Vec<(f64, f64)>) -> Series {
    Series { shape: Shape::Area(vec![0.0; points.len()]), points, ..Series::default() }
}

/// The upper edge of bars.
fn outline(values: &[f64], low: f64, high: f64) -> Vec<(f64, f64)> {
    let width = (high - low) / values.len().max(1) as f64;
    let edge = |i: usize| low + width * i as f64;
    values.iter().enumerate().flat_map(|(i, value)| [(edge(i), *value), (edge(i + 1), *value)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(counts: &[f64]) -> Bins {
        Bins { range: (-2.0, 2.0), ends: ["−2".to_owned(), "+2".to_owned()], counts: counts.to_vec() }
    }

    #[test]
    fn both_are_drawn_on_one_axis() {
        let html = samples("B02 <", Some(&[1.0, 2.0]), &bins(&[2.0, 4.0])).render().into_string();
        assert!(html.contains("aria-label=\"Histogram of B02 &lt;, source and decoded\""), "{html}");
        assert_eq!((html.matches("class=\"band\"").count(), html.matches("class=\"curve\"").count()), (1, 1));
        assert!(html.contains("d=\"M6.0 47.0L150.0 47.0L150.0 4.0L294.0 4.0\""), "{html}");
    }

    #[test]
    fn errors_stand_around_nothing() {
        let html = errors("B02", &bins(&[1.0, 9.0]), Some(1.5)).render().into_string();
        assert_eq!((html.matches("mark bound").count(), html.matches("mark origin").count()), (2, 1));
        assert!(html.contains(">−2</text>") && html.contains(">+2</text>"), "{html}");
        assert!(
            note("B02", "every sample is equal")
                .render()
                .into_string()
                .contains(">every sample is equal</text>")
        );
    }
}
