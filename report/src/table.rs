//! Tables. On a narrow screen a wide one becomes a list for each row, so that no column is out of sight.

use crate::palette;
use maud::{Markup, html};

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Whether it has many columns, so that a narrow screen shows them one below the other.
    pub wide: bool,
    /// The heading of the first column.
    pub first: String,
    /// Columns with a common heading.
    pub groups: Vec<Group>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// Columns with a common heading.
#[derive(Clone, Debug)]
pub struct Group {
    /// The common heading; may be empty.
    pub name: String,
    /// The heading of each column.
    pub columns: Vec<String>,
    /// Whether the columns hold text, which stands to the left and may have several lines, rather than figures.
    pub text: bool,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The name of the row.
    pub name: String,
    /// A colour before the name, such as that of a class.
    pub colour: Option<[u8; 3]>,
    /// One cell for each column of all groups.
    pub cells: Vec<String>,
    /// The kind of the row.
    pub kind: RowKind,
}

/// The kind of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowKind {
    /// A row like the others.
    #[default]
    Usual,
    /// The reference that the others are compared with.
    Baseline,
    /// The total of the others.
    Sum,
    /// Something that went wrong.
    Alarm,
}

impl Group {
    /// Columns of figures.
    pub fn new<S: Into<String>>(name: &str, columns: impl IntoIterator<Item = S>) -> Self {
        Self { name: name.to_owned(), columns: columns.into_iter().map(Into::into).collect(), text: false }
    }

    /// Columns of text.
    pub fn text<S: Into<String>>(name: &str, columns: impl IntoIterator<Item = S>) -> Self {
        Self { text: true, ..Self::new(name, columns) }
    }
}

impl Row {
    /// A row of the usual kind.
    pub fn new(name: impl Into<String>, cells: Vec<String>) -> Self {
        Self { name: name.into(), cells, ..Self::default() }
    }

    /// The row as one of another kind.
    #[must_use]
    pub fn with_kind(self, kind: RowKind) -> Self {
        Self { kind, ..self }
    }
}

impl RowKind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Usual => None,
            Self::Baseline => Some("baseline"),
            Self::Sum => Some("sum"),
            Self::Alarm => Some("alarm"),
        }
    }
}

impl Table {
    pub(crate) fn render(&self) -> Markup {
        let class = |at: usize, text: bool| match (at == 0, text) {
            (true, true) => Some("starts text"),
            (true, false) => Some("starts"),
            (false, true) => Some("text"),
            (false, false) => None,
        };
        let column = |group: &Group, at| (class(at, group.text), group.columns[at].clone());
        let columns: Vec<(Option<&str>, String)> = self
            .groups
            .iter()
            .flat_map(|group| (0..group.columns.len()).map(move |at| column(group, at)))
            .collect();
        let label = |name: &str| self.wide.then(|| name.to_owned());
        html! {
            table class=(if self.wide { "wide" } else { "narrow" }) {
                thead {
                    @if self.groups.iter().any(|group| !group.name.is_empty()) {
                        tr.groups {
                            th {}
                            @for group in &self.groups {
                                th.starts colspan=(group.columns.len()) scope="colgroup" { (group.name) }
                            }
                        }
                    }
                    tr.heads {
                        th scope="col" { (self.first) }
                        @for (class, name) in &columns { th class=[*class] scope="col" { (name) } }
                    }
                }
                tbody {
                    @for row in &self.rows {
                        tr class=[row.kind.class()] {
                            th scope="row" data-label=[label(&self.first)] {
                                @if let Some(colour) = row.colour {
                                    span.swatch style={ "background:" (palette::css(colour)) } {}
                                }
                                (row.name)
                            }
                            @for ((class, name), cell) in columns.iter().zip(&row.cells) {
                                td class=[*class] data-label=[label(name)] { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_knows_its_column() {
        let row = Row { colour: Some([1, 2, 3]), ..Row::new("45", vec!["1".to_owned(), "2".to_owned()]) };
        let table = Table {
            wide: true,
            first: "quality".to_owned(),
            groups: vec![Group::new("size", ["a < b", "c"])],
            rows: vec![row.with_kind(RowKind::Sum)],
        };
        let text = table.render().into_string();
        assert!(
            text.contains("<td class=\"starts\" data-label=\"a &lt; b\">1</td><td data-label=\"c\">2</td>"),
            "{text}"
        );
        assert!(text.contains("colspan=\"2\" scope=\"colgroup\">size</th>"), "{text}");
        assert!(
            text.contains("<tr class=\"sum\"><th scope=\"row\"")
                && text.contains("rgb(1 2 3)\"></span>45</th>"),
            "{text}"
        );
    }

    #[test]
    fn columns_without_a_common_name_have_one_row_of_heads() {
        let group = Group::text("", ["what"]);
        let table = Table {
            groups: vec![group],
            rows: vec![Row::new("", vec!["<b>".to_owned()])],
            ..Table::default()
        };
        let text = table.render().into_string();
        assert!(
            !text.contains("groups") && text.contains("<td class=\"starts text\">&lt;b&gt;</td>"),
            "{text}"
        );
    }
}
