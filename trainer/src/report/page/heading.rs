//! The page's head: the run's name, its state, and the most important figures.

use super::events;
use crate::report::history::{History, State};
use crate::report::{number, timer};
use vqz_report::{Badge, Block, Card, Page, Tone};

/// A page with its head and these figures, and nothing below yet.
pub(super) fn page(history: &History, name: &str, total_steps: u64) -> Page {
    let (state, tone) = match history.state {
        State::Running => ("running", Tone::Good),
        State::Stopped => ("stopped", Tone::Plain),
        State::Failed => ("failed", Tone::Bad),
        State::Finished => ("finished", Tone::Good),
    };
    let mut badges = vec![Badge { text: state.to_owned(), tone, section: None }];
    let alarms = events::alarms(&history.events);
    if alarms > 0 {
        let text = format!("{alarms} warning{}", if alarms == 1 { "" } else { "s" });
        badges.push(Badge { text, tone: Tone::Bad, section: Some(events::SECTION.to_owned()) });
    }
    let summary = if history.time > 0.0 {
        let epoch = number::grouped(history.epoch + 1);
        format!("Epoch {epoch}, last record {}", number::moment(history.time))
    } else {
        String::new()
    };
    Page {
        badges,
        summary,
        progress: (total_steps > 0).then(|| history.last_step as f64 / total_steps as f64),
        blocks: vec![Block::Cards(cards(history, total_steps))],
        ..Page::new(name)
    }
}

/// The number of records in a mean.
const RECENT: usize = 64;

fn cards(history: &History, total_steps: u64) -> Vec<Card> {
    let last = |name: &str| history.series.get(name).and_then(|series| series.last());
    let validated = history.series.keys().any(|name| name.starts_with("valid/"));
    let training = if validated { "training" } else { "training, no validation yet" };
    // The figures of the last validation; before the first one, those of training.
    let said = |name: &str| {
        let valid = history.series.get(&format!("valid/{name}"));
        let at = valid.and_then(|series| Some((series.last()?, *series.steps.last()?)));
        let valid = at.map(|(value, step)| (value, format!("validation, step {}", number::grouped(step))));
        valid.or_else(|| Some((last(name)?, training.to_owned())))
    };
    let mut cards = Vec::new();
    let mut card = |name: &str, figure: String, unit: &str, note: String| {
        cards.push(Card::new(name, figure, unit, note));
    };
    if let Some((psnr, note)) = said("psnr_db") {
        card("PSNR", fixed(psnr, 2), "dB", note);
    }
    if let Some((bits, note)) = said("rate/bits_per_sample") {
        card("Rate", fixed(bits, 3), "bits per sample", note);
    }
    if let Some((saved, note)) = said("saved_percent") {
        card("Saved", fixed(saved, 1), "%", format!("bits of the linear model at equal PSNR, {note}"));
    }
    if let Some(gain) = history.series.get("gain_db").and_then(|series| mean_of_last(&series.values)) {
        let note = format!("over the linear path, mean of the last {RECENT} records");
        card("Gain", format!("{gain:+.3}"), "dB", note);
    }
    let of = if total_steps > 0 { format!("of {}", number::grouped(total_steps)) } else { String::new() };
    card("Step", number::grouped(history.last_step), "", of);
    let time: f64 = timer::NAMES.iter().filter_map(|name| last(name)).sum();
    let share = last(timer::NAMES[0]).filter(|_| time > 0.0).map(|load| 100.0 * load / time);
    let pace = share.map(|share| format!("{} ms a step, {share:.0} % loading", number::short(time)));
    card("Time", number::duration(history.seconds), "", pace.unwrap_or_default());
    cards
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
    use crate::report::history::{Event, Series};

    fn history(values: &[(&str, &[f64])]) -> History {
        let series =
            |values: &[f64]| Series { steps: (1..=values.len() as u64).collect(), values: values.to_vec() };
        let series = values.iter().map(|(name, values)| ((*name).to_owned(), series(values))).collect();
        History { series, last_step: 1200, seconds: 3700.0, ..History::default() }
    }

    /// Names, figures, units and notes of the cards.
    fn texts_of_cards(values: &[(&str, &[f64])], total_steps: u64) -> Vec<[String; 4]> {
        let cards = cards(&history(values), total_steps);
        cards.into_iter().map(|card| [card.name, card.figure, card.unit, card.note]).collect()
    }

    #[test]
    fn validation_comes_before_training() {
        let cards = texts_of_cards(&[("psnr_db", &[31.0]), ("valid/psnr_db", &[30.0, 29.5])], 5000);
        assert_eq!(cards[0], ["PSNR", "29.50", "dB", "validation, step 2"]);
        assert_eq!(cards[1], ["Step", "1,200", "", "of 5,000"]);
        assert_eq!(cards[2], ["Time", "1 h 1 min", "", ""]);
    }

    #[test]
    fn progress_is_the_saving_and_the_mean_gain() {
        let values = [
            ("loss/total", [1.0, 1.0].as_slice()),
            ("gain_db", &[0.1, 0.3]),
            ("valid/saved_percent", &[5.04]),
        ];
        let cards = texts_of_cards(&values, 0);
        assert_eq!([&cards[0][..3], &cards[1][..3]], [["Saved", "5.0", "%"], ["Gain", "+0.200", "dB"]]);
        assert!(!cards.iter().any(|card| card[0] == "Loss"), "it is relative to itself");
    }

    #[test]
    fn before_a_validation_training_stands_in() {
        let values = [("psnr_db", [31.0].as_slice()), ("time/load", &[5.0]), ("time/forward", &[15.0])];
        let cards = texts_of_cards(&values, 0);
        assert_eq!(cards[0][3], "training, no validation yet");
        assert_eq!(cards[2][3], "20 ms a step, 25 % loading");
    }

    #[test]
    fn warnings_are_counted_at_the_top() {
        let event = |kind: &str| Event { step: 1, time: 0.0, kind: kind.to_owned(), message: String::new() };
        let mut history = history(&[]);
        history.events = vec![event("collapse"), event("checkpoint"), event("nan")];
        let page = page(&history, "a", 2400);
        let badges: Vec<_> = page.badges.iter().map(|badge| (&badge.text[..], badge.tone)).collect();
        assert_eq!(badges, [("running", Tone::Good), ("2 warnings", Tone::Bad)]);
        assert_eq!(page.progress, Some(0.5));
    }
}
