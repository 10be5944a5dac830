//! The content of a page: sections of text, tables, charts and pictures.

use crate::chart::{Chart, Size};
use crate::palette;
use crate::picture::Picture;
use crate::table::Table;
use maud::{Markup, html};

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading and its content.
    Section(Section),
    /// A heading above several sections: its id, its title and a sentence on it.
    Part([String; 3]),
    /// Links to parts: their ids and titles.
    Links(Vec<(String, String)>),
    /// A heading within a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A message that a reader should see first.
    Banner(Banner),
    /// A few key figures in large type.
    Cards(Vec<Card>),
    /// A table.
    Table(Table),
    /// Terms and their meanings.
    Terms(Vec<(String, String)>),
    /// Charts side by side.
    Charts(Vec<Chart>),
    /// Pictures side by side.
    Pictures(PictureRow),
    /// Pictures with titles of their own.
    Tiles(TileSize, Vec<Tile>),
    /// A bar of colours.
    Legend(Legend),
    /// Two columns.
    Columns([Vec<Block>; 2]),
    /// A summary, and blocks that a click opens.
    Details(String, Vec<Block>),
    /// Text as it was written elsewhere.
    Verbatim(String),
}

/// A heading and its content.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The id that links lead to.
    pub id: Option<String>,
    /// The content.
    pub blocks: Vec<Block>,
}

/// Whether a message is good or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Plain,
    /// Good.
    Good,
    /// Bad.
    Bad,
}

/// A message that a reader should see first.
#[derive(Clone, Debug)]
pub struct Banner {
    /// Its tone.
    pub tone: Tone,
    /// The message in a few words.
    pub head: String,
    /// The message in a sentence or two.
    pub text: String,
}

/// A key figure in large type.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// The figure.
    pub figure: String,
    /// Its unit.
    pub unit: String,
    /// A note below the figure.
    pub note: String,
}

/// Pictures to be compared side by side, three in a row, and the legends of their colours.
#[derive(Clone, Debug, Default)]
pub struct PictureRow {
    /// What they show; may be empty.
    pub heading: String,
    /// How they show it; may be empty.
    pub text: String,
    /// The pictures.
    pub figures: Vec<Figure>,
    /// The legends of the colours. The last one is in the third column.
    pub legends: Vec<Legend>,
}

/// A picture with its caption.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The picture.
    pub picture: Picture,
    /// The caption; may be empty.
    pub caption: String,
    /// A part that a frame marks: left, top, width and height in percent of the picture.
    pub mark: Option<[f64; 4]>,
}

/// A bar of colours as a legend.
#[derive(Clone, Debug)]
pub struct Legend {
    /// Colours from left to right. Two colours that are not blended take one half each.
    pub stops: Vec<[u8; 3]>,
    /// Whether each colour is blended into the next.
    pub mixed: bool,
    /// Labels below the bar, evenly spaced.
    pub ticks: Vec<String>,
    /// The quantity, with its unit.
    pub text: String,
}

/// One of several pictures with titles.
#[derive(Clone, Debug, Default)]
pub struct Tile {
    /// The title.
    pub title: String,
    /// A second line.
    pub note: String,
    /// Pictures, one above the other.
    pub pictures: Vec<Picture>,
    /// Small pictures in a row below them, with captions.
    pub strip: Vec<(Picture, String)>,
}

/// How large tiles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSize {
    /// Four in a row of a wide page.
    Small,
    /// Three in a row of a wide page.
    Large,
}

impl Section {
    /// A section.
    pub fn new(heading: impl Into<String>, blocks: impl IntoIterator<Item = Block>) -> Self {
        Self { heading: heading.into(), id: None, blocks: blocks.into_iter().collect() }
    }
}

impl Block {
    /// Paragraphs.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> impl Iterator<Item = Self> {
        texts.into_iter().map(Self::Text)
    }

    pub(crate) fn render(&self) -> Markup {
        match self {
            Self::Section(Section { heading, id, blocks }) => {
                html! { section id=[id.as_deref()] { h2 { (heading) } (all(blocks)) } }
            }
            Self::Part([id, title, summary]) => {
                html! { div.part id=(id) { h1 { (title) } p.soft { (summary) } } }
            }
            Self::Links(links) => {
                html! { nav { @for (id, title) in links { a href={ "#" (id) } { (title) } " " } } }
            }
            Self::Heading(text) => html! { h3 { (text) } },
            Self::Text(text) => html! { p.soft { (text) } },
            Self::Banner(Banner { tone, head, text }) => {
                html! { p class={ "banner " (tone.class()) } { strong { (head) } " " (text) } }
            }
            Self::Cards(cards) => html! { div.cards { @for card in cards { (card.render()) } } },
            Self::Table(table) => table.render(),
            Self::Terms(terms) => html! { dl { @for (term, text) in terms { dt { (term) } dd { (text) } } } },
            Self::Charts(charts) => {
                let small = charts.iter().all(|chart| chart.size == Size::Small);
                let class = if small { "charts small" } else { "charts" };
                html! { div class=(class) { @for chart in charts { (chart.render()) } } }
            }
            Self::Pictures(row) => row.render(),
            Self::Tiles(size, tiles) => {
                let class = if *size == TileSize::Small { "tiles small" } else { "tiles" };
                html! { div class=(class) { @for tile in tiles { (tile.render()) } } }
            }
            Self::Legend(legend) => legend.render(),
            Self::Columns([left, right]) => {
                html! { div.columns { div { (all(left)) } div { (all(right)) } } }
            }
            Self::Details(summary, blocks) => html! { details { summary { (summary) } (all(blocks)) } },
            Self::Verbatim(text) => html! { pre { (text) } },
        }
    }
}

fn all(blocks: &[Block]) -> Markup {
    html! { @for block in blocks { (block.render()) } }
}

/// Whether a chart in these blocks shows the values under the pointer.
pub(crate) fn read_out(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Charts(charts) => charts.iter().any(|chart| chart.read_out),
        Block::Section(Section { blocks, .. }) | Block::Details(_, blocks) => read_out(blocks),
        Block::Columns(columns) => columns.iter().any(|blocks| read_out(blocks)),
        _ => false,
    })
}

impl From<Section> for Block {
    fn from(section: Section) -> Self {
        Self::Section(section)
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl From<Chart> for Block {
    fn from(chart: Chart) -> Self {
        Self::Charts(vec![chart])
    }
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

impl Card {
    /// A figure with its name, its unit, and a note.
    pub fn new(name: &str, figure: String, unit: &str, note: String) -> Self {
        Self { name: name.to_owned(), figure, unit: unit.to_owned(), note }
    }

    fn render(&self) -> Markup {
        html! {
            div.card {
                p.soft { (self.name) }
                p.figure { b { (self.figure) } " " small { (self.unit) } }
                p.soft { (self.note) }
            }
        }
    }
}

impl PictureRow {
    fn render(&self) -> Markup {
        // On a narrow screen, the first of three pictures has a row of its own.
        let lead = self.figures.len() + self.legends.len() == 3 && self.figures.len() > 1;
        html! {
            @if !self.heading.is_empty() { h3 { (self.heading) } }
            @if !self.text.is_empty() { p.soft { (self.text) } }
            div.pictures.lead[lead] {
                @for figure in &self.figures { (figure.render()) }
                @for legend in &self.legends { (legend.render()) }
            }
        }
    }
}

impl Figure {
    /// A picture with a caption.
    pub fn new(picture: Picture, caption: impl Into<String>) -> Self {
        Self { picture, caption: caption.into(), mark: None }
    }

    fn render(&self) -> Markup {
        html! {
            figure {
                div.frame {
                    (image(&self.picture))
                    @if let Some(mark) = self.mark {
                        @let [left, top, width, height] = mark.map(|percent| format!("{percent:.2}%"));
                        div.area style={ "left:" (left) ";top:" (top) ";width:" (width) ";height:" (height) } {}
                    }
                }
                @if !self.caption.is_empty() { figcaption { (self.caption) } }
            }
        }
    }
}

impl From<Figure> for Block {
    fn from(figure: Figure) -> Self {
        Self::Pictures(PictureRow { figures: vec![figure], ..PictureRow::default() })
    }
}

impl Legend {
    /// A bar of blended colours, with labels at its ends and between.
    pub fn new(stops: &[[u8; 3]], ticks: Vec<String>, text: impl Into<String>) -> Self {
        Self { stops: stops.to_vec(), mixed: true, ticks, text: text.into() }
    }

    fn render(&self) -> Markup {
        let half = if self.mixed { "" } else { " 50%" };
        let stops: Vec<String> = self.stops.iter().map(|stop| palette::css(*stop) + half).collect();
        html! {
            div.scale {
                div.bar style={ "background:linear-gradient(to right," (stops.join(",")) ")" } {}
                div.ticks { @for tick in &self.ticks { span { (tick) } } }
                p.soft { (self.text) }
            }
        }
    }
}

impl Tile {
    fn render(&self) -> Markup {
        html! {
            div {
                h3 { (self.title) @if !self.note.is_empty() { br; span.soft { (self.note) } } }
                @for picture in &self.pictures { (image(picture)) }
                @if !self.strip.is_empty() {
                    ol.strip { @for (picture, caption) in &self.strip { li { (image(picture)) (caption) } } }
                }
            }
        }
    }
}

/// A picture by itself. A small picture is drawn with square pixels, a large one is scaled down.
fn image(picture: &Picture) -> Markup {
    let crisp = picture.width <= 512;
    html! { img.crisp[crisp] src=(picture.data_uri()) width=(picture.width) height=(picture.height) alt=(picture.alt); }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(block: impl Into<Block>) -> String {
        block.into().render().into_string()
    }

    #[test]
    fn text_is_escaped() {
        let banner = Banner { tone: Tone::Bad, head: "a < b".to_owned(), text: "c & d".to_owned() };
        assert_eq!(
            html(Block::Banner(banner)),
            "<p class=\"banner bad\"><strong>a &lt; b</strong> c &amp; d</p>"
        );
        let links = Block::Links(vec![("array0".to_owned(), "coarse".to_owned())]);
        assert!(html(links).contains("<a href=\"#array0\">coarse</a>"));
        assert_eq!(html(Block::Verbatim("<b>".to_owned())), "<pre>&lt;b&gt;</pre>");
    }

    #[test]
    fn pictures_have_captions_marks_and_legends() {
        let picture = Picture::from_rgb(1, 1, &[1, 2, 3]).described("a \"b\"");
        let marked = Figure { mark: Some([25.0, 0.0, 50.0, 50.0]), ..Figure::new(picture.clone(), "whole") };
        let row = PictureRow {
            figures: vec![marked, Figure::new(picture, "")],
            legends: vec![Legend::new(&palette::GREY, vec!["0".to_owned(), "25".to_owned()], "Errors.")],
            ..PictureRow::default()
        };
        let text = html(Block::Pictures(row));
        assert!(
            text.contains("left:25.00%;top:0.00%;width:50.00%") && text.contains("pictures lead"),
            "{text}"
        );
        assert!(
            text.contains("alt=\"a &quot;b&quot;\"") && text.contains("<span>0</span><span>25</span>"),
            "{text}"
        );
        assert!(
            text.contains("rgb(0 0 0),rgb(255 255 255)") && text.matches("<figcaption>").count() == 1,
            "{text}"
        );
    }

    #[test]
    fn scripts_are_asked_for_by_charts_at_any_depth() {
        let chart = Chart { read_out: true, ..Chart::default() };
        let nested = Block::Columns([Vec::new(), vec![Section::new("", [chart.into()]).into()]]);
        assert!(read_out(&[nested]) && !read_out(&[Chart::default().into()]));
    }
}
