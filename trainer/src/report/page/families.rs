//! Which figure is drawn where, by its name. A figure that no chart asks for gets one with others of its group, so
//! that whatever a trainer records is seen.

use super::curves::{self, Curve, LogScale, Range, Vertical};
use super::rates::{self, Path};
use crate::report::history::{History, Series};
use crate::report::timer;
use vqz_report::{Axis, Chart, Mark, thin};

/// A chart and the names of its figures. A figure belongs to the first chart that asks for its name.
struct Family {
    title: &'static str,
    unit: &'static str,
    /// From a name without `valid/` to the curve's label, empty where the title says it all.
    label: fn(&str) -> Option<String>,
    /// What values are multiplied by.
    factor: f64,
    range: Range,
    log_scale: LogScale,
}

/// A family of plain curves.
const fn family(title: &'static str, unit: &'static str, label: fn(&str) -> Option<String>) -> Family {
    Family { title, unit, label, factor: 1.0, range: Range::Values, log_scale: LogScale::No }
}

const FAMILIES: [Family; 10] = [
    Family {
        log_scale: LogScale::WhereWide,
        ..family("Losses", "", |name| name.strip_prefix("loss/").map(str::to_owned))
    },
    family("PSNR", "dB", |name| ending(name, "psnr_db")),
    family(RATE, "bits per sample", |name| ending(name, "rate/bits_per_sample")),
    family("Saved against the linear model", "% of its bits at equal PSNR", |name| {
        ending(name, "saved_percent")
    }),
    family("Gain", "dB over the linear path, each batch at a quality of its own", |name| {
        (name == "gain_db").then(String::new)
    }),
    Family {
        log_scale: LogScale::Offered,
        ..family("Largest error", "units of the data", |name| ending(name, "max_error"))
    },
    family("Estimated rate of batches", "bits per sample, each batch at a quality of its own", |name| {
        ending(name, "rate/estimated_bits_per_sample")
    }),
    Family {
        log_scale: LogScale::WhereWide,
        ..family("Codebook perplexity", "codes in effective use", |name| book(name, "perplexity"))
    },
    Family {
        factor: 100.0,
        range: Range::Fixed(0.0, 100.0),
        ..family("Codebook usage", "% of codes", |name| book(name, "usage"))
    },
    Family {
        log_scale: LogScale::Offered,
        ..family("Learning rate", "", |name| (name == "learning_rate").then(|| "learning rate".to_owned()))
    },
];

/// The title of the chart that the one of rate and distortion follows, which it explains.
const RATE: &str = "Rate";

/// `valid/q40/psnr_db` without its ending is the setting `q40`.
fn ending(name: &str, end: &str) -> Option<String> {
    let rest = name.strip_suffix(end)?;
    (rest.is_empty() || rest.ends_with('/')).then(|| rest.trim_end_matches('/').to_owned())
}

fn book(name: &str, end: &str) -> Option<String> {
    Some(format!("codebook {}", name.strip_prefix("codebook/")?.strip_suffix(end)?.strip_suffix('/')?))
}

/// All charts of a run, in reading order.
pub(super) fn charts(history: &History, steps: &Axis, marks: &[Mark]) -> Vec<Chart> {
    let mut left: Vec<(&str, bool, &Series)> = history
        .series
        .iter()
        .map(|(name, series)| match name.strip_prefix("valid/") {
            Some(rest) => (rest, true, series),
            None => (name.as_str(), false, series),
        })
        .collect();
    let mut charts = Vec::new();
    for family in &FAMILIES {
        let curves = take(&mut left, family);
        if !curves.is_empty() {
            let Family { title, unit, range, log_scale, .. } = *family;
            let vertical = Vertical { title: title.to_owned(), unit: unit.to_owned(), range, log_scale };
            charts.push(curves::chart(vertical, &curves, steps, marks));
        }
    }
    let at = charts.iter().position(|chart| chart.title == RATE).map_or(charts.len(), |i| i + 1);
    let rates = rates::chart(&rate_distortion(history));
    charts.splice(at..at, rates);
    charts.extend(times(&mut left, steps, marks));
    charts.extend(others(&left, steps, marks));
    charts
}

/// Takes a family's figures out of `left`. Training and validation of one figure share a colour; totals come first.
fn take(left: &mut Vec<(&str, bool, &Series)>, family: &Family) -> Vec<Curve> {
    let (mine, rest) = left.iter().partition::<Vec<_>, _>(|(name, ..)| (family.label)(name).is_some());
    *left = rest;
    let mut mine: Vec<_> =
        mine.into_iter().filter_map(|(name, valid, s)| Some(((family.label)(name)?, valid, s))).collect();
    // Numbers are sorted by size: codebook 10 comes after codebook 9.
    mine.sort_by_key(|(label, valid, _)| {
        (*label != "total", label.len() * usize::from(label.ends_with(digit)), label.clone(), *valid)
    });
    curves(mine, family.factor)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn curves(named: Vec<(String, bool, &Series)>, factor: f64) -> Vec<Curve> {
    let mut labels: Vec<String> = named.iter().map(|(label, ..)| label.clone()).collect();
    labels.dedup();
    let curve = |(label, validation, series): (String, bool, &Series)| {
        let colour = labels.iter().position(|known| *known == label).unwrap_or(0);
        let label = match (label.as_str(), validation) {
            ("", false) => "training".to_owned(),
            ("", true) => "validation".to_owned(),
            (label, false) => label.to_owned(),
            (label, true) => format!("{label}, validation"),
        };
        let values = series.values.iter().map(|value| value * factor).collect();
        Curve { label, colour, validation, series: Series { steps: series.steps.clone(), values } }
    };
    named.into_iter().map(curve).collect()
}

/// The time of a step: its phases stacked in their order, with anything else that is timed. The height is the whole.
fn times(left: &mut Vec<(&str, bool, &Series)>, steps: &Axis, marks: &[Mark]) -> Option<Chart> {
    let (mut mine, rest) =
        left.iter().partition::<Vec<_>, _>(|(name, valid, _)| name.starts_with("time/") && !valid);
    *left = rest;
    mine.sort_by_key(|(name, ..)| timer::NAMES.iter().position(|known| known == name).unwrap_or(usize::MAX));
    let (_, _, first) = mine.first()?;
    let phase = |(name, _, series): &(&str, bool, &Series)| {
        let values = first.steps.iter().map(|step| series.at(*step).unwrap_or(f64::NAN));
        (name.trim_start_matches("time/").to_owned(), values.collect())
    };
    let places: Vec<f64> = first.steps.iter().map(|step| *step as f64).collect();
    let series = thin::stack(&places, &mine.iter().map(phase).collect::<Vec<_>>(), steps.range());
    // A few slow steps, such as the first on a GPU, should not flatten the others.
    let totals = series.last().into_iter().flat_map(|top| &top.points).map(|point| point.1);
    let (_, high) = Axis::around_most(totals, 4).range();
    Some(Chart {
        title: "Time per step".to_owned(),
        unit: "ms".to_owned(),
        x: steps.clone(),
        y: Axis::exact(0.0, high.max(f64::MIN_POSITIVE), 4),
        series,
        marks: marks.to_vec(),
        read_out: true,
        ..Chart::default()
    })
}

/// The path of the figures that have no setting.
const WHOLE: &str = "last validation";

fn rate_distortion(history: &History) -> Vec<Path> {
    let path = |(name, rate): (&String, &Series)| {
        let setting = ending(name.strip_prefix("valid/")?, "rate/bits_per_sample")?;
        let stem = name.strip_suffix("rate/bits_per_sample")?;
        let psnr = history.series.get(&format!("{stem}psnr_db"))?;
        Some(Path::of(if setting.is_empty() { WHOLE } else { &setting }, rate, psnr))
    };
    let mut paths: Vec<Path> =
        history.series.iter().filter_map(path).filter(|path| !path.points.is_empty()).collect();
    // If there are settings, the figures without one repeat those of one setting.
    if paths.len() > 1 {
        paths.retain(|path| path.label != WHOLE);
    }
    paths
}

/// `weight_decay` as Weight decay.
fn sentence(name: &str) -> String {
    let name = name.replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Charts of the remaining figures, one for each first part of their names.
fn others(left: &[(&str, bool, &Series)], steps: &Axis, marks: &[Mark]) -> Vec<Chart> {
    let group = |name: &str| name.split_once('/').map_or(name, |(group, _)| group).to_owned();
    let mut groups: Vec<String> = left.iter().map(|(name, ..)| group(name)).collect();
    groups.sort();
    groups.dedup();
    let chart = |title: &String| {
        let mine = left.iter().filter(|(name, ..)| group(name) == *title);
        let label =
            |name: &str| name.strip_prefix(title.as_str()).unwrap_or(name).trim_start_matches('/').to_owned();
        let mut named: Vec<_> = mine.map(|(name, valid, series)| (label(name), *valid, *series)).collect();
        named.sort_by_key(|(label, valid, _)| (label.clone(), *valid));
        let (range, log_scale) = (Range::Values, LogScale::WhereWide);
        let vertical = Vertical { title: sentence(title), unit: String::new(), range, log_scale };
        curves::chart(vertical, &curves(named, 1.0), steps, marks)
    };
    groups.iter().map(chart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vqz_report::Shape;

    fn history(names: &[&str]) -> History {
        let series = Series { steps: vec![1, 2], values: vec![0.5, 0.25] };
        History {
            series: names.iter().map(|name| ((*name).to_owned(), series.clone())).collect(),
            ..History::default()
        }
    }

    fn titles(names: &[&str]) -> Vec<String> {
        let charts = charts(&history(names), &Axis::exact(1.0, 2.0, 2), &[]);
        charts.into_iter().map(|chart| chart.title).collect()
    }

    #[test]
    fn each_figure_has_a_chart() {
        let names = [
            "codebook/0/perplexity",
            "codebook/0/usage",
            "gradient/norm",
            "learning_rate",
            "loss/total",
            "psnr_db",
            "time/load",
            "valid/loss/total",
            "valid/psnr_db",
            "valid/rate/bits_per_sample",
            "valid/quality/42/max_error",
            "valid/quality/42/saved_percent",
            "gain_db",
            "rate/estimated_bits_per_sample",
            "weight_decay",
        ];
        let expected = [
            "Losses",
            "PSNR",
            "Rate",
            "Rate and distortion",
            "Saved against the linear model",
            "Gain",
            "Largest error",
            "Estimated rate of batches",
            "Codebook perplexity",
            "Codebook usage",
            "Learning rate",
            "Time per step",
            "Gradient",
            "Weight decay",
        ];
        assert_eq!(titles(&names), expected);
    }

    #[test]
    fn training_and_validation_share_a_colour_and_books_are_in_order() {
        let history = history(&["loss/commit", "loss/total", "valid/loss/total"]);
        let charts = charts(&history, &Axis::exact(1.0, 2.0, 2), &[]);
        let legend: Vec<_> = charts[0].series.iter().map(|s| (&s.name[..], s.colour, &s.shape)).collect();
        let expected = [
            ("total", 0, &Shape::Line),
            ("total, validation", 0, &Shape::Dotted),
            ("commit", 1, &Shape::Line),
        ];
        assert_eq!(legend, expected);
        let names: Vec<String> = (0..12).map(|i| format!("codebook/{i}/usage")).collect();
        let mut left: Vec<_> =
            names.iter().map(|name| (name.as_str(), false, &history.series["loss/total"])).collect();
        left.sort_by_key(|(name, ..)| *name);
        let curves = take(&mut left, &FAMILIES[8]);
        assert!(curves.iter().enumerate().all(|(i, curve)| curve.label == format!("codebook {i}")));
        assert!(left.is_empty() && curves[0].series.values == [50.0, 25.0]);
    }

    #[test]
    fn settings_have_paths_of_their_own() {
        let names = ["valid/q40/psnr_db", "valid/q40/rate/bits_per_sample", "valid/q45/rate/bits_per_sample"];
        let paths = rate_distortion(&history(&names));
        assert_eq!((paths.len(), paths[0].label.as_str()), (1, "q40"));
        let twice = [&names[..], &["valid/psnr_db", "valid/rate/bits_per_sample"]].concat();
        let paths = rate_distortion(&history(&twice));
        assert_eq!((paths.len(), paths[0].label.as_str()), (1, "q40"), "not once more under another name");
        assert_eq!(ending("notpsnr_db", "psnr_db"), None);
    }
}
