//! The page's head: the run's name, how it stands, and the figures one looks for first.

use super::happenings;
use super::html::escape;
use crate::report::history::{History, State};
use crate::report::{number, timer};
use std::fmt::Write;

/// As HTML.
pub(super) fn html(history: &History, name: &str, total_steps: u64) -> String {
    let state = match history.state {
        State::Running => "running",
        State::Stopped => "stopped",
        State::Failed => "failed",
        State::Finished => "finished",
    };
    let alarms = happenings::alarms(&history.events);
    let mut html = format!(
        "<header>\n<div class=\"title\"><h1>{}</h1><span class=\"state {state}\">{state}</span>",
        escape(name)
    );
    // Writing to a string does not fail, here and below.
    if alarms > 0 {
        let plural = if alarms == 1 { "" } else { "s" };
        let _ = write!(html, "<a class=\"state warned\" href=\"#events\">{alarms} warning{plural}</a>");
    }
    html.push_str("</div>\n");
    if history.time > 0.0 {
        let epoch = number::grouped(history.epoch + 1);
        let _ = writeln!(
            html,
            "<p class=\"soft\">Epoch {epoch}, last record {}</p>",
            number::moment(history.time)
        );
    }
    if total_steps > 0 {
        let part = (100.0 * history.last_step as f64 / total_steps as f64).min(100.0);
        let _ = writeln!(
            html,
            "<div class=\"progress\" role=\"progressbar\" aria-label=\"steps done\" \
             aria-valuenow=\"{part:.0}\" aria-valuemin=\"0\" \
             aria-valuemax=\"100\"><i style=\"width:{part:.1}%\"></i></div>"
        );
    }
    html.push_str("<dl class=\"figures\">\n");
    for (term, value, unit, note) in figures(history, total_steps) {
        let _ = writeln!(
            html,
            "<div><dt>{term}</dt><dd><b>{value}</b> {unit}</dd><dd class=\"soft\">{note}</dd></div>"
        );
    }
    html.push_str("</dl>\n</header>\n");
    html
}

/// Records that a mean is taken of.
const RECENT: usize = 64;

type Figure = (&'static str, String, &'static str, String);

fn figures(history: &History, total_steps: u64) -> Vec<Figure> {
    let last = |name: &str| history.series.get(name).and_then(|series| series.last());
    let validated = history.series.keys().any(|name| name.starts_with("valid/"));
    let training = if validated { "training" } else { "training, no validation yet" };
    // What the validation says; before the first one, what training does.
    let said = |name: &str| {
        let valid = history.series.get(&format!("valid/{name}"));
        let at = valid.and_then(|series| Some((series.last()?, *series.steps.last()?)));
        let valid = at.map(|(value, step)| (value, format!("validation, step {}", number::grouped(step))));
        valid.or_else(|| Some((last(name)?, training.to_owned())))
    };
    let mut figures: Vec<Figure> = Vec::new();
    if let Some((psnr, note)) = said("psnr_db") {
        figures.push(("PSNR", fixed(psnr, 2), "dB", note));
    }
    if let Some((bits, note)) = said("rate/bits_per_sample") {
        figures.push(("Rate", fixed(bits, 3), "bits per sample", note));
    }
    if let Some((saved, note)) = said("saved_percent") {
        figures.push((
            "Saved",
            fixed(saved, 1),
            "%",
            format!("bits of the linear model at equal PSNR, {note}"),
        ));
    }
    if let Some(gain) = history.series.get("gain_db").and_then(|series| mean_of_last(&series.values)) {
        let note = format!("over the linear path, mean of the last {RECENT} records");
        figures.push(("Gain", format!("{gain:+.3}"), "dB", note));
    }
    let of = if total_steps > 0 { format!("of {}", number::grouped(total_steps)) } else { String::new() };
    figures.push(("Step", number::grouped(history.last_step), "", of));
    let time: f64 = timer::NAMES.iter().filter_map(|name| last(name)).sum();
    let share = last(timer::NAMES[0]).filter(|_| time > 0.0).map(|load| 100.0 * load / time);
    let pace = share.map(|share| format!("{} ms a step, {share:.0} % loading", number::short(time)));
    figures.push(("Time", number::duration(history.seconds), "", pace.unwrap_or_default()));
    figures
}

/// The mean of the last records: each batch draws its own quality, so one alone says little.
fn mean_of_last(values: &[f64]) -> Option<f64> {
    let recent = values.iter().rev().take(RECENT).copied().filter(|value| value.is_finite());
    let (sum, count) = recent.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn fixed(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { number::short(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::history::{Happening, Series};

    fn history(values: &[(&str, &[f64])]) -> History {
        let series =
            |values: &[f64]| Series { steps: (1..=values.len() as u64).collect(), values: values.to_vec() };
        let series = values.iter().map(|(name, values)| ((*name).to_owned(), series(values))).collect();
        History { series, last_step: 1200, seconds: 3700.0, ..History::default() }
    }

    #[test]
    fn validation_comes_before_training() {
        let figures = figures(&history(&[("psnr_db", &[31.0]), ("valid/psnr_db", &[30.0, 29.5])]), 5000);
        assert_eq!(figures[0], ("PSNR", "29.50".to_owned(), "dB", "validation, step 2".to_owned()));
        assert_eq!(figures[1], ("Step", "1,200".to_owned(), "", "of 5,000".to_owned()));
        assert_eq!(figures[2], ("Time", "1 h 1 min".to_owned(), "", String::new()));
    }

    #[test]
    fn progress_is_the_saving_and_the_mean_gain() {
        let values = [
            ("loss/total", [1.0, 1.0].as_slice()),
            ("gain_db", &[0.1, 0.3]),
            ("valid/saved_percent", &[5.04]),
        ];
        let figures = figures(&history(&values), 0);
        let told: Vec<_> = figures.iter().map(|figure| (figure.0, figure.1.as_str(), figure.2)).collect();
        assert_eq!(told[..2], [("Saved", "5.0", "%"), ("Gain", "+0.200", "dB")]);
        assert!(!told.iter().any(|figure| figure.0 == "Loss"), "it is relative to itself");
    }

    #[test]
    fn before_a_validation_training_stands_in() {
        let values = [("psnr_db", [31.0].as_slice()), ("time/load", &[5.0]), ("time/forward", &[15.0])];
        let figures = figures(&history(&values), 0);
        assert_eq!(figures[0].3, "training, no validation yet");
        assert_eq!(figures[2].3, "20 ms a step, 25 % loading");
    }

    #[test]
    fn warnings_are_counted_at_the_top() {
        let event =
            |kind: &str| Happening { step: 1, time: 0.0, kind: kind.to_owned(), message: String::new() };
        let mut history = history(&[]);
        history.events = vec![event("collapse"), event("checkpoint"), event("nan")];
        let html = html(&history, "a & b", 2400);
        assert!(html.contains("<h1>a &amp; b</h1>") && html.contains(">2 warnings</a>"), "{html}");
        assert!(html.contains("aria-valuenow=\"50\""));
    }
}
