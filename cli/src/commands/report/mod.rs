//! `vqz report`: writes a page about an archive: pictures, errors, rate, promise and model. The page is one file and needs
//! no network.

pub(super) mod about;
mod arguments;
mod bench;
mod canvas;
mod card;
pub(super) mod curves;
mod examined;
mod figures;
mod histograms;
mod palette;
mod pictures;
mod rate;
mod sections;
mod spectrum;
mod survey;
mod tables;

use crate::output;
use crate::progress::Terminal;
use anyhow::{Context, Result, bail};
pub(crate) use arguments::Args;
use bench::Bench;
use examined::examine;
use figures::Figures;
use std::sync::Arc;
use vqz_archive::encoded::remark_on_losses;
use vqz_archive::store::{self, Node, files};
use vqz_archive::{
    Existing, OpenOptions, OutputKind, RasterComparison, check_output, open_beside, refuse_overlap,
    remark_on_missing_figures, source_of,
};
use vqz_zarr::models;

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    for input in [&args.against, &args.bench, &args.model].into_iter().flatten() {
        refuse_overlap(input, &args.output)?;
    }
    check_output(&args.archive, &args.output, OutputKind::File, existing)?;
    let nodes = archives(args)?;
    remark_on_losses(&args.archive, args.engine, &Terminal::default())?;
    let options = OpenOptions::new().engine(args.engine);
    let sources = args.against.as_ref().map(|path| open_beside(path, &nodes, &options)).transpose()?;
    let bench = args.bench.as_deref().map(Bench::read).transpose()?;
    let package = args.model.as_ref().map(|path| {
        models::open(path).map(Arc::new).with_context(|| format!("opening model {}", path.display()))
    });
    let package = package.transpose()?;
    let mut examined = Vec::new();
    for node in &nodes {
        let source = sources.as_ref().map(|sources| source_of(node, sources)).transpose()?;
        examined.push(examine(args, node, source, package.as_ref())?);
    }
    let measured: Vec<RasterComparison> = examined.iter().filter_map(|e| e.measured.clone()).collect();
    remark_on_missing_figures(&measured, &Terminal::default());
    let page = sections::page(args, &examined, bench.as_ref())?;
    files::write_atomically(&args.output, page.html().as_bytes())?;
    let figures = Figures::of(args, &examined);
    if args.json { output::json(&figures) } else { figures.print() }
}

/// The encoded arrays that the archive holds.
fn archives(args: &Args) -> Result<Vec<Node>> {
    let nodes: Vec<Node> = store::arrays(&args.archive)?
        .into_iter()
        .filter(|node| node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)))
        .collect();
    if nodes.is_empty() {
        bail!("group {} holds no vqz archive; give one that `vqz encode` wrote", args.archive.display());
    }
    Ok(nodes)
}
