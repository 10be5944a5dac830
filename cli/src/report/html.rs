//! The report's page, in light and dark, for screens of any width.

use super::escape;
use super::picture::{self, Picture};
use super::table::Table;
use std::fmt::Write;

/// What the page shows.
pub(crate) struct Report {
    /// What was encoded.
    pub(crate) title: String,
    /// A sentence or two on what was done.
    pub(crate) summary: String,
    /// The least that one should know, one for each quality.
    pub(crate) cards: Vec<Card>,
    /// Pictures of the whole, a crop of it, and the errors.
    pub(crate) gallery: Gallery,
    /// The figures, and remarks on them.
    pub(crate) figures: (Table, Vec<String>),
    /// The curve as SVG, and remarks on it.
    pub(crate) curve: Option<(String, Vec<String>)>,
    /// Each band's figures.
    pub(crate) bands: Option<Table>,
    /// Several dates, with what the pictures show.
    pub(crate) dates: Option<(String, Vec<Date>)>,
    /// Terms and what they mean.
    pub(crate) glossary: Vec<(String, String)>,
    /// What was used, and whom to credit.
    pub(crate) credits: Vec<(String, String)>,
    /// Program, version and date.
    pub(crate) colophon: String,
}

/// A figure to be seen from afar.
pub(crate) struct Card {
    /// What it is of.
    pub(crate) what: String,
    /// The figure and its unit.
    pub(crate) figure: (String, String),
    /// What belongs to it.
    pub(crate) more: String,
}

/// Pictures in rows: the original, then each quality.
pub(crate) struct Gallery {
    /// What all of them show.
    pub(crate) about: String,
    /// The original.
    pub(crate) original: (Picture, Picture),
    /// Where the crop lies in the whole: left, top, width and height in percent.
    pub(crate) mark: [f64; 4],
    /// What the crop shows.
    pub(crate) crop: String,
    /// The error that has the brightest colour.
    pub(crate) full_scale: f64,
    /// One for each quality.
    pub(crate) rows: Vec<Row>,
}

/// The pictures of one quality.
pub(crate) struct Row {
    /// Which.
    pub(crate) heading: String,
    /// What is shown, in figures.
    pub(crate) text: String,
    /// Decoded.
    pub(crate) whole: Picture,
    /// A crop of it.
    pub(crate) crop: Picture,
    /// The errors of the whole.
    pub(crate) errors: Picture,
}

/// One date of several.
pub(crate) struct Date {
    /// Which.
    pub(crate) name: String,
    /// The original and decoded.
    pub(crate) pictures: [Picture; 2],
}

/// A page that is put together section by section.
pub(crate) struct Page(String);

impl Page {
    /// The page's head.
    pub(crate) fn new(title: &str, summary: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} · vqz</title>\n<style>\n{}</style>\n</head>\n<body>\n<header>\n<p class=\"eyebrow\">vqz \
             report</p>\n<h1>{title}</h1>\n<p class=\"soft\">{}</p>\n</header>\n",
            include_str!("style.css"),
            escape(summary)
        ))
    }

    /// A section, of HTML.
    pub(crate) fn section(&mut self, heading: &str, content: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "<section>\n<h2>{}</h2>\n{content}</section>\n", escape(heading));
    }

    /// HTML between sections.
    pub(crate) fn push(&mut self, content: &str) {
        self.0.push_str(content);
    }

    /// Figures to be seen from afar.
    pub(crate) fn cards(&mut self, cards: &[Card]) {
        self.0.push_str("<div class=\"cards\">\n");
        for card in cards {
            // Writing to a string does not fail.
            let _ = writeln!(
                self.0,
                "<div class=\"card\"><p class=\"what\">{}</p><p class=\"figure\">{} <small>{}</small></p><p class=\"soft\">{}</p></div>",
                escape(&card.what),
                escape(&card.figure.0),
                escape(&card.figure.1),
                escape(&card.more)
            );
        }
        self.0.push_str("</div>\n");
    }

    /// A section of terms and what they mean.
    pub(crate) fn definitions(&mut self, heading: &str, list: &[(String, String)]) {
        self.section(heading, &definitions(list));
    }

    /// The page as HTML, with its last line.
    pub(crate) fn finish(self, colophon: &str) -> String {
        format!("{}<footer>{}</footer>\n</body>\n</html>\n", self.0, escape(colophon))
    }
}

/// The page as HTML.
pub(crate) fn render(report: &Report) -> String {
    let mut page = Page::new(&report.title, &report.summary);
    page.cards(&report.cards);
    page.section("Pictures", &gallery(&report.gallery));
    let (table, remarks) = &report.figures;
    page.section("Figures", &(table.render() + &paragraphs(remarks)));
    if let Some((svg, remarks)) = &report.curve {
        let content =
            format!("<div class=\"split\">\n<div>{svg}</div>\n<div>{}</div>\n</div>\n", paragraphs(remarks));
        page.section("Bits and quality", &content);
    }
    if let Some(table) = &report.bands {
        page.section("Band by band", &table.render());
    }
    if let Some((about, dates)) = &report.dates {
        page.section("Dates", &(paragraph(about) + &strip(dates)));
    }
    page.definitions("What the terms mean", &report.glossary);
    page.definitions("Data and model", &report.credits);
    page.finish(&report.colophon)
}

fn paragraph(text: &str) -> String {
    format!("<p class=\"soft\">{}</p>\n", escape(text))
}

/// Paragraphs of plain text.
pub(crate) fn paragraphs(texts: &[String]) -> String {
    texts.iter().map(|text| paragraph(text)).collect()
}

/// Terms and what they mean.
pub(crate) fn definitions(list: &[(String, String)]) -> String {
    let items =
        list.iter().map(|(term, text)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(term), escape(text)));
    format!("<dl>\n{}</dl>\n", items.collect::<String>())
}

/// What colours mean.
#[derive(Clone)]
pub(crate) struct Legend {
    /// Stops of a CSS gradient.
    pub(crate) gradient: String,
    /// What stands below it, evenly spaced.
    pub(crate) ticks: Vec<String>,
    /// What it is of, with its unit.
    pub(crate) text: String,
}

/// Pictures that are looked at side by side: the whole of each, and below it a crop.
pub(crate) struct Trio {
    /// What they show.
    pub(crate) heading: String,
    /// How.
    pub(crate) about: String,
    /// Pictures with their captions.
    pub(crate) pictures: Vec<(Picture, String)>,
    /// Crops with their captions: as many, or none.
    pub(crate) crops: Vec<(Picture, String)>,
    /// Where the crop lies in the whole: left, top, width and height in percent.
    pub(crate) mark: Option<[f64; 4]>,
    /// What the colours mean.
    pub(crate) legends: Vec<Legend>,
}

/// They as HTML.
pub(crate) fn trio(trio: &Trio) -> String {
    let mark = trio.mark.map_or_else(String::new, |[left, top, width, height]| {
        format!("<div class=\"mark\" style=\"left:{left:.2}%;top:{top:.2}%;width:{width:.2}%;height:{height:.2}%\"></div>")
    });
    let mut text = match &trio.heading[..] {
        "" => String::new(),
        heading => format!("<h3>{}</h3>\n", escape(heading)),
    };
    if !trio.about.is_empty() {
        text += &paragraph(&trio.about);
    }
    text += "<div class=\"trio\">\n";
    for (picture, caption) in &trio.pictures {
        text += &figure(picture, &mark, caption);
    }
    for (picture, caption) in &trio.crops {
        text += &figure(picture, "", caption);
    }
    text += "</div>\n<div class=\"legends\">\n";
    text += &trio.legends.iter().map(legend).collect::<String>();
    text + "</div>\n"
}

/// A bar of colours, what they mean at its ends and between, and what it is of.
pub(crate) fn legend(legend: &Legend) -> String {
    let ticks: String = legend.ticks.iter().map(|tick| format!("<span>{}</span>", escape(tick))).collect();
    format!(
        "<div class=\"legend\"><div class=\"bar\" style=\"background:linear-gradient(to right,{})\"></div><div \
         class=\"ticks\">{ticks}</div><p class=\"soft\">{}</p></div>\n",
        legend.gradient,
        escape(&legend.text)
    )
}

/// A picture with what lies over it, and its caption.
pub(crate) fn figure(picture: &Picture, over: &str, caption: &str) -> String {
    format!(
        "<figure><div class=\"frame\">{}{over}</div><figcaption>{}</figcaption></figure>\n",
        image(picture),
        escape(caption)
    )
}

/// A picture by itself.
pub(crate) fn image(picture: &Picture) -> String {
    // Few pixels stay squares; many are drawn smaller than they are.
    let class = if picture.width <= 512 { " class=\"crisp\"" } else { "" };
    format!(
        "<img{class} src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\">",
        picture.source,
        picture.width,
        picture.height,
        escape(&picture.alt)
    )
}

fn gallery(gallery: &Gallery) -> String {
    let [left, top, width, height] = gallery.mark;
    let mark = format!(
        "<div class=\"mark\" style=\"left:{left:.2}%;top:{top:.2}%;width:{width:.2}%;height:{height:.2}%\"></div>"
    );
    let figure = |class: &str, picture: &Picture, over: &str, caption: &str| {
        let caption = if caption.is_empty() {
            String::new()
        } else {
            format!("<figcaption>{}</figcaption>", escape(caption))
        };
        format!(
            "<figure class=\"{class}\"><div class=\"frame\">{}{over}</div>{caption}</figure>\n",
            image(picture)
        )
    };
    let mut text = paragraph(&gallery.about);
    let full = gallery.full_scale;
    let _ = write!(
        text,
        "<div class=\"gallery\">\n<div class=\"row\"><h3>Original</h3></div>\n{}{}<div class=\"legend\"><div class=\"bar\" \
         style=\"background:linear-gradient(to right,{})\"></div><div \
         class=\"ticks\"><span>0</span><span>{}</span><span>{full} and more</span></div><p class=\"soft\">Errors: at each \
         pixel the largest of the bands shown, in the data's units. One scale for all qualities.</p></div>\n",
        figure("whole", &gallery.original.0, &mark, ""),
        figure("crop", &gallery.original.1, "", &gallery.crop),
        picture::gradient(),
        full / 2.0
    );
    for row in &gallery.rows {
        let _ = write!(
            text,
            "<div class=\"row\"><h3>{}</h3><p>{}</p></div>\n{}{}{}",
            escape(&row.heading),
            escape(&row.text),
            figure("whole", &row.whole, "", ""),
            figure("crop", &row.crop, "", ""),
            figure("errors", &row.errors, "", "")
        );
    }
    text.push_str("</div>\n");
    text
}

fn strip(dates: &[Date]) -> String {
    let date = |date: &Date| {
        let [original, decoded] = &date.pictures;
        format!("<div><h3>{}</h3>{}{}</div>\n", escape(&date.name), image(original), image(decoded))
    };
    format!("<div class=\"dates\">\n{}</div>\n", dates.iter().map(date).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_whole_and_escaped() {
        let picture =
            |alt: &str| Picture { source: "data:,".to_owned(), width: 4, height: 3, alt: alt.to_owned() };
        let page = render(&Report {
            title: "a < b".to_owned(),
            summary: "s".to_owned(),
            cards: vec![Card {
                what: "quality 45".to_owned(),
                figure: ("20".to_owned(), "times smaller".to_owned()),
                more: String::new(),
            }],
            gallery: Gallery {
                about: "about".to_owned(),
                original: (picture("original"), picture("crop of the original")),
                mark: [25.0, 0.0, 50.0, 50.0],
                crop: "a crop".to_owned(),
                full_scale: 50.0,
                rows: vec![Row {
                    heading: "Quality 45".to_owned(),
                    text: "45 dB".to_owned(),
                    whole: picture("decoded"),
                    crop: picture("crop"),
                    errors: picture("errors"),
                }],
            },
            figures: (
                Table { wide: true, first: String::new(), groups: Vec::new(), rows: Vec::new() },
                vec!["A & B".to_owned()],
            ),
            curve: None,
            bands: None,
            dates: None,
            glossary: vec![("PSNR".to_owned(), "a ratio".to_owned())],
            credits: Vec::new(),
            colophon: "vqz".to_owned(),
        });
        assert!(page.contains("<h1>a &lt; b</h1>") && page.contains("<p class=\"soft\">A &amp; B</p>"));
        assert!(
            page.contains("left:25.00%;top:0.00%")
                && page.contains("<span>25</span><span>50 and more</span>")
        );
        assert_eq!(page.matches("<img").count(), 5);
        assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
        assert!(page.ends_with("</html>\n"));
    }
}
