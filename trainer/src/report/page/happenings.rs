//! Events: as marks on the curves and as a list, with the same numbers. What goes as planned has no number.

use super::frame::{Mark, Weight};
use super::html::escape;
use crate::report::history::Happening;
use crate::report::number;
use std::fmt::Write;

/// Rows of quiet events that are listed; a long run has many checkpoints.
const QUIET_ROWS: usize = 50;

fn weight(kind: &str) -> Weight {
    match kind {
        "checkpoint" | "finish" | "start" => Weight::Quiet,
        "collapse" | "nan" | "error" | "diverged" | "warning" => Weight::Alarm,
        _ => Weight::Notable,
    }
}

/// How many went wrong.
pub(super) fn alarms(events: &[Happening]) -> usize {
    events.iter().filter(|event| weight(&event.kind) == Weight::Alarm).count()
}

fn numbered(events: &[Happening]) -> impl Iterator<Item = (Option<usize>, &Happening)> {
    let mut next = 0;
    events.iter().map(move |event| {
        let number = (weight(&event.kind) != Weight::Quiet).then(|| {
            next += 1;
            next
        });
        (number, event)
    })
}

/// For the curves.
pub(super) fn marks(events: &[Happening]) -> Vec<Mark> {
    let mark = |(number, event): (Option<usize>, &Happening)| {
        let title = format!("step {}, {}: {}", number::grouped(event.step), event.kind, event.message);
        Mark { step: event.step as f64, weight: weight(&event.kind), number, title }
    };
    numbered(events).map(mark).collect()
}

/// The list, the quiet ones folded away.
pub(super) fn list(events: &[Happening]) -> String {
    let (loud, quiet): (Vec<_>, Vec<_>) = numbered(events).partition(|(number, _)| number.is_some());
    let mut html = String::from("<div id=\"events\">\n");
    if loud.is_empty() {
        html.push_str("<p class=\"soft\">Nothing out of the ordinary.</p>\n");
    } else {
        html.push_str(&table(&loud));
    }
    if !quiet.is_empty() {
        // Writing to a string does not fail, here and below.
        let shown = &quiet[quiet.len().saturating_sub(QUIET_ROWS)..];
        let last = if shown.len() < quiet.len() { format!(", the last {QUIET_ROWS}") } else { String::new() };
        let count = number::grouped(quiet.len() as u64);
        let _ = write!(
            html,
            "<details><summary>{count} as planned, such as checkpoints{last}</summary>\n{}</details>\n",
            table(shown)
        );
    }
    html.push_str("</div>\n");
    html
}

fn table(events: &[(Option<usize>, &Happening)]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\"><table>\n<thead>\
         <tr><th></th><th>step</th><th>kind</th><th>what</th><th>when</th></tr></thead>\n<tbody>\n",
    );
    for (number, event) in events {
        let class = if weight(&event.kind) == Weight::Alarm { " class=\"alarm\"" } else { "" };
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let (step, kind, message) =
            (number::grouped(event.step), escape(&event.kind), escape(&event.message));
        let moment = number::moment(event.time);
        let _ = writeln!(
            html,
            "<tr{class}><td>{number}</td><td>{step}</td><td>{kind}</td><td>{message}</td>\
             <td class=\"soft\">{moment}</td></tr>"
        );
    }
    html.push_str("</tbody>\n</table></div>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(step: u64, kind: &str) -> Happening {
        Happening { step, time: 0.0, kind: kind.to_owned(), message: format!("<{kind}>") }
    }

    #[test]
    fn marks_and_list_have_the_same_numbers() {
        let events = [event(10, "checkpoint"), event(20, "collapse"), event(30, "resume")];
        let marks = marks(&events);
        let numbers: Vec<_> = marks.iter().map(|mark| (mark.number, mark.weight)).collect();
        assert_eq!(numbers, [(None, Weight::Quiet), (Some(1), Weight::Alarm), (Some(2), Weight::Notable)]);
        assert_eq!(marks[1].title, "step 20, collapse: <collapse>");
        let html = list(&events);
        assert!(
            html.contains(
                "<tr class=\"alarm\"><td>1</td><td>20</td><td>collapse</td><td>&lt;collapse&gt;</td>"
            ),
            "{html}"
        );
        assert!(html.contains("<summary>1 as planned, such as checkpoints</summary>"));
        assert_eq!(alarms(&events), 1);
    }

    #[test]
    fn many_checkpoints_are_cut_to_the_last() {
        let events: Vec<_> = (1..=80).map(|i| event(i, "checkpoint")).collect();
        let html = list(&events);
        assert!(
            html.contains("Nothing out of the ordinary.")
                && html.contains("80 as planned, such as checkpoints, the last 50")
        );
        assert_eq!(html.matches("<tr>").count(), 51);
    }
}
