//! Pages with charts, tables and pictures, each in one self-contained HTML file.
//!
//! A caller describes a page as plain data, a [`Page`] of [`Block`]s, and [`Page::html`] draws it. The file holds its
//! style, its charts as inline SVG and its pictures as PNG, so that it needs no network. It follows the reader's
//! light or dark setting and fits screens of any width. This crate knows nothing about archives, models or files.
//!
//! ```
//! use vqz_report::{Axis, Chart, Page, Scale, Series};
//!
//! let points = vec![(0.1, 40.0), (0.4, 46.0), (0.9, 50.0)];
//! let chart = Chart {
//!     title: "PSNR".to_owned(),
//!     unit: "dB".to_owned(),
//!     x: Axis::around(0.1, 0.9, Scale::Linear, 5).named("bits per sample"),
//!     y: Axis::around(40.0, 50.0, Scale::Linear, 5),
//!     series: vec![Series::line("vqz", points)],
//!     ..Chart::default()
//! };
//! let mut page = Page::new("A scene");
//! page.section("Rate and distortion", [chart.into()]);
//! assert!(page.html().contains("<h2>Rate and distortion</h2>"));
//! ```

#![forbid(unsafe_code)]

mod block;
mod chart;
pub mod number;
mod page;
pub mod palette;
mod picture;
mod table;

pub use block::{Banner, Block, Card, Figure, Legend, PictureRow, Section, Tile, TileSize, Tone};
pub use chart::{Axis, Chart, Logarithmic, Mark, MarkKind, Scale, Series, Shape, Size, histogram, thin};
pub use page::{Badge, Page};
pub use picture::{Error, Heat, Picture, Planes, Stretch, paint, scale};
pub use table::{Group, Row, RowKind, Table};
