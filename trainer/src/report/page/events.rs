//! Events: as marks on the curves and as a list, with the same numbers. Events that go as planned have no number.

use crate::report::history::Event;
use crate::report::number;
use vqz_report::{Block, Group, Mark, MarkKind, Row, RowKind, Table};

/// The id of the section that lists them.
pub(super) const SECTION: &str = "events";

/// The greatest number of events that went as planned in the list, because a long run has many checkpoints.
const QUIET_ROWS: usize = 50;

fn kind(event: &Event) -> MarkKind {
    match event.kind.as_str() {
        "checkpoint" | "finish" | "start" => MarkKind::Quiet,
        "collapse" | "nan" | "error" | "diverged" | "warning" => MarkKind::Alarm,
        _ => MarkKind::Notable,
    }
}

/// How many events went wrong.
pub(super) fn alarms(events: &[Event]) -> usize {
    events.iter().filter(|event| kind(event) == MarkKind::Alarm).count()
}

fn numbered(events: &[Event]) -> impl Iterator<Item = (Option<usize>, &Event)> {
    let mut next = 0;
    events.iter().map(move |event| {
        let number = (kind(event) != MarkKind::Quiet).then(|| {
            next += 1;
            next
        });
        (number, event)
    })
}

/// Marks for the curves.
pub(super) fn marks(events: &[Event]) -> Vec<Mark> {
    let mark = |(number, event): (Option<usize>, &Event)| {
        let title = format!("step {}, {}: {}", number::grouped(event.step), event.kind, event.message);
        Mark { x: event.step as f64, kind: kind(event), number, title }
    };
    numbered(events).map(mark).collect()
}

/// The list, in which events that went as planned are folded away.
pub(super) fn list(events: &[Event]) -> Vec<Block> {
    let (loud, quiet): (Vec<_>, Vec<_>) = numbered(events).partition(|(number, _)| number.is_some());
    let mut blocks = vec![if loud.is_empty() {
        Block::Text("Nothing out of the ordinary.".to_owned())
    } else {
        table(&loud).into()
    }];
    if !quiet.is_empty() {
        let shown = &quiet[quiet.len().saturating_sub(QUIET_ROWS)..];
        let last = if shown.len() < quiet.len() { format!(", the last {QUIET_ROWS}") } else { String::new() };
        let count = number::grouped(quiet.len() as u64);
        let summary = format!("{count} as planned, such as checkpoints{last}");
        blocks.push(Block::Details(summary, vec![table(shown).into()]));
    }
    blocks
}

fn table(events: &[(Option<usize>, &Event)]) -> Table {
    let row = |(number, event): &(Option<usize>, &Event)| {
        let row_kind = if kind(event) == MarkKind::Alarm { RowKind::Alarm } else { RowKind::Usual };
        let cells = vec![
            number::grouped(event.step),
            event.kind.clone(),
            event.message.clone(),
            number::moment(event.time),
        ];
        Row::new(number.map(|number| number.to_string()).unwrap_or_default(), cells).with_kind(row_kind)
    };
    let groups = vec![Group::new("", ["step"]), Group::text("", ["kind", "what", "when"])];
    Table { wide: true, first: String::new(), groups, rows: events.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(step: u64, kind: &str) -> Event {
        Event { step, time: 0.0, kind: kind.to_owned(), message: format!("<{kind}>") }
    }

    #[test]
    fn marks_and_list_have_the_same_numbers() {
        let events = [event(10, "checkpoint"), event(20, "collapse"), event(30, "resume")];
        let marks = marks(&events);
        let numbers: Vec<_> = marks.iter().map(|mark| (mark.number, mark.kind)).collect();
        assert_eq!(
            numbers,
            [(None, MarkKind::Quiet), (Some(1), MarkKind::Alarm), (Some(2), MarkKind::Notable)]
        );
        assert_eq!(marks[1].title, "step 20, collapse: <collapse>");
        let blocks = list(&events);
        let [Block::Table(table), Block::Details(summary, _)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((&table.rows[0].name[..], table.rows[0].kind), ("1", RowKind::Alarm));
        assert_eq!(table.rows[0].cells[..3], ["20", "collapse", "<collapse>"]);
        assert_eq!(summary, "1 as planned, such as checkpoints");
        assert_eq!(alarms(&events), 1);
    }

    #[test]
    fn many_checkpoints_are_cut_to_the_last() {
        let events: Vec<_> = (1..=80).map(|i| event(i, "checkpoint")).collect();
        let blocks = list(&events);
        let [Block::Text(text), Block::Details(summary, inner)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(text, "Nothing out of the ordinary.");
        assert_eq!(summary, "80 as planned, such as checkpoints, the last 50");
        assert!(matches!(&inner[..], [Block::Table(table)] if table.rows.len() == 50));
    }
}
