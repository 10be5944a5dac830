//! Tables of the report. On a narrow screen a wide one becomes a list for each row, so that no column is out of sight.

use super::escape;
use std::fmt::Write;

/// A table.
pub(crate) struct Table {
    /// Whether it has so many columns that a narrow screen shows rows one below the other.
    pub(crate) wide: bool,
    /// What the first column holds.
    pub(crate) first: String,
    /// Columns that belong together, with what they have in common.
    pub(crate) groups: Vec<Group>,
    /// Rows.
    pub(crate) rows: Vec<Row>,
}

/// Columns that belong together.
pub(crate) struct Group {
    /// What they have in common.
    pub(crate) name: String,
    /// What each holds.
    pub(crate) columns: Vec<String>,
}

/// A row.
pub(crate) struct Row {
    /// What it is about.
    pub(crate) name: String,
    /// One cell for each column of all groups.
    pub(crate) cells: Vec<String>,
    /// How it stands among the others.
    pub(crate) kind: Kind,
}

/// How a row stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As one of them.
    Usual,
    /// As what others are compared with.
    Baseline,
    /// As what they come to together.
    Sum,
}

impl Table {
    /// As HTML.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("<table class=\"{}\">\n<thead>\n", if self.wide { "wide" } else { "narrow" });
        let starts = |at: usize| if at == 0 { " class=\"starts\"" } else { "" };
        // Writing to a string does not fail.
        let _ = write!(text, "<tr class=\"groups\"><th></th>");
        for group in &self.groups {
            let (span, name) = (group.columns.len(), escape(&group.name));
            let _ = write!(text, "<th class=\"starts\" colspan=\"{span}\" scope=\"colgroup\">{name}</th>");
        }
        let _ = write!(text, "</tr>\n<tr class=\"heads\"><th scope=\"col\">{}</th>", escape(&self.first));
        let columns: Vec<(usize, &String)> =
            self.groups.iter().flat_map(|group| group.columns.iter().enumerate()).collect();
        for (at, name) in &columns {
            let _ = write!(text, "<th{} scope=\"col\">{}</th>", starts(*at), escape(name));
        }
        text.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in &self.rows {
            let class = match row.kind {
                Kind::Usual => "",
                Kind::Baseline => " class=\"plain\"",
                Kind::Sum => " class=\"sum\"",
            };
            let (label, name) = (escape(&self.first), escape(&row.name));
            let _ = write!(text, "<tr{class}><th scope=\"row\" data-label=\"{label}\">{name}</th>");
            for ((at, label), cell) in columns.iter().zip(&row.cells) {
                let (label, cell) = (escape(label), escape(cell));
                let _ = write!(text, "<td{} data-label=\"{label}\">{cell}</td>", starts(*at));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_knows_its_column() {
        let table = Table {
            wide: true,
            first: "quality".to_owned(),
            groups: vec![Group {
                name: "size".to_owned(),
                columns: vec!["a < b".to_owned(), "c".to_owned()],
            }],
            rows: vec![Row {
                name: "45".to_owned(),
                cells: vec!["1".to_owned(), "2".to_owned()],
                kind: Kind::Usual,
            }],
        };
        let text = table.render();
        assert!(
            text.contains("<td class=\"starts\" data-label=\"a &lt; b\">1</td><td data-label=\"c\">2</td>")
        );
        assert!(text.contains("colspan=\"2\" scope=\"colgroup\">size</th>"), "{text}");
    }
}
