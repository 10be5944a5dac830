//! Writes a hierarchy of groups and arrays beside its target, node by node, and puts it in its place once it is complete.

use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::progress::{Progress, Remark};
use crate::raster::source::Raster;
use crate::store::files;
use crate::store::picked::PickedArray;
use crate::store::writer::ArrayWriter;
use crate::words::count;
use crate::write::consolidate;
use crate::write::existing::Existing;
use crate::write::fingerprint::Fingerprint;
use crate::write::ledger::Ledger;
use crate::write::settings::{Settings, identity};
use crate::write::transfer::{FailedChunk, Order, Recorded, transfer};
use crate::write::unfinished::{self, UnfinishedOutput};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use vqz_raster::names::stays_below;

/// The content of a node of an output.
pub(crate) enum Content {
    /// A group: its metadata are written.
    Group(Metadata),
    /// Something else: its files are copied as they are.
    Copy(PathBuf),
    /// Some steps of an array along one of its dimensions, such as the coordinate of the bands that are encoded.
    Picked(PickedArray),
    /// An array with these metadata: the raster's samples go into it.
    Array(Arc<dyn Raster>, Metadata),
    /// Coordinates of the arrays beside it.
    #[cfg(feature = "gdal")]
    Coordinates(vqz_raster::georeference::CoordinateArray),
}

/// A node of an output.
pub(crate) struct Node {
    /// Its path below the root; empty for the root.
    pub(crate) path: String,
    /// Its content.
    pub(crate) content: Content,
}

impl Node {
    /// A group. The copies of its members' metadata that it may hold describe the input, and are made anew at the end.
    pub(crate) fn group(path: String, metadata: &Metadata) -> Self {
        let mut metadata = metadata.clone();
        consolidate::empty(&mut metadata);
        // It describes the members of one archive only.
        metadata.remove_record();
        Self { path, content: Content::Group(metadata) }
    }

    fn is_array(&self) -> bool {
        matches!(self.content, Content::Array(..))
    }

    /// Whether it is written from the input's samples, but not chunk by chunk: then only the input's fingerprint tells whether it is
    /// still right. What groups hold is part of the settings.
    fn is_copied(&self) -> bool {
        !matches!(self.content, Content::Array(..) | Content::Group(_))
    }

    /// What must be unchanged for an interrupted run to be resumed.
    fn identity(&self) -> Value {
        match &self.content {
            Content::Array(_, metadata) => identity(&self.path, metadata),
            Content::Group(metadata) => json!({"path": self.path, "group": metadata.json()}),
            Content::Copy(_) => json!({"path": self.path, "copy": true}),
            Content::Picked(array) => json!({"path": self.path, "picks": array.picks()}),
            #[cfg(feature = "gdal")]
            Content::Coordinates(array) => json!({"path": self.path, "coordinates": array.name}),
        }
    }
}

/// Where a hierarchy is written, and how.
pub(crate) struct Output<'a> {
    /// The output.
    pub(crate) target: &'a Path,
    /// What to do when it already exists.
    pub(crate) existing: Existing,
    /// The files and folders that samples are read from, by which changes are noticed between an interruption and the next run.
    pub(crate) inputs: Vec<PathBuf>,
    /// The settings that must be unchanged for an interrupted run to be resumed.
    pub(crate) settings: Settings,
    /// The engine that runs models.
    pub(crate) engine: Option<vqz_codec::engine::EngineKind>,
    /// Which chunks are written, and what to do when one can't be read.
    pub(crate) order: Order,
    /// The name of the work, such as `encoding`.
    pub(crate) what: &'a str,
    /// Receives the progress.
    pub(crate) progress: &'a dyn Progress,
}

/// The result of writing.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Raw bytes of the chunks that this run wrote, without those kept from an earlier run.
    pub(crate) bytes: u64,
    /// Chunks kept from an earlier run.
    pub(crate) kept: u64,
    /// The shares of the work that are not done yet. None if the output is complete and in its place.
    pub(crate) open_shares: Option<Vec<u64>>,
}

/// Writes the nodes of one output.
pub(crate) struct HierarchyWriter<'a> {
    output: Output<'a>,
    unfinished: UnfinishedOutput,
    input: Fingerprint,
    ledger: Ledger,
    begun: Instant,
    written: Written,
    failed: Vec<FailedChunk>,
}

impl<'a> HierarchyWriter<'a> {
    /// Begins an output that will hold these nodes, or resumes one that was interrupted.
    ///
    /// # Errors
    /// See [`UnfinishedOutput::begin`].
    pub(crate) fn begin(nodes: &[&Node], mut output: Output<'a>) -> Result<Self> {
        check_places(nodes)?;
        let share = output.order.share;
        let (arrays, others): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.is_array());
        output.settings.set("arrays", arrays.iter().map(|node| node.identity()).collect::<Vec<_>>());
        output.settings.set("others", others.iter().map(|node| node.identity()).collect::<Vec<_>>());
        if let Some(share) = share {
            output.settings.set("shares", share.count());
        }
        let input = match output.inputs.is_empty() {
            true => Fingerprint::none(),
            false => Fingerprint::of(&output.inputs)?,
        };
        let made_from =
            if nodes.iter().any(|node| node.is_copied()) { input.clone() } else { Fingerprint::none() };
        let unfinished =
            UnfinishedOutput::begin(output.target, output.existing, &output.settings, share, &made_from)?;
        let ledger = match Ledger::open(unfinished.folder(), share, &input) {
            Ok(ledger) => ledger,
            Err(error) => return Err(unfinished.fail(error)),
        };
        let folder = unfinished.folder().to_path_buf();
        if unfinished.resumed() && share.is_none() {
            output.progress.remark(&Remark::Resumed { folder: folder.clone() });
        }
        if ledger.input_changed() {
            output.progress.remark(&Remark::InputChanged { folder });
        }
        let written = Written::default();
        Ok(Self { output, unfinished, input, ledger, begun: Instant::now(), written, failed: Vec::new() })
    }

    /// Writes all nodes of an output, or this process's share of them, and finishes it. For outputs that need no
    /// further step.
    ///
    /// # Errors
    /// When reading, encoding or writing fails. The target is then as it was.
    pub(crate) fn write_all(nodes: &[Node], output: Output<'a>) -> Result<Written> {
        let nodes: Vec<&Node> = nodes.iter().collect();
        let mut writer = Self::begin(&nodes, output)?;
        let open_shares = match writer.output.order.share {
            Some(_) => writer.write_share(&nodes),
            None => writer.write_nodes(&nodes).map(|()| None),
        };
        writer.end(open_shares)
    }

    /// A node's folder in the unfinished output.
    pub(crate) fn folder(&self, path: &str) -> PathBuf {
        node_folder(self.unfinished.folder(), path)
    }

    /// Writes nodes, arrays first: if the first array fails, no other files are left behind.
    ///
    /// # Errors
    /// When reading, encoding or writing fails, and at the end if chunks could not be read.
    pub(crate) fn write_nodes(&mut self, nodes: &[&Node]) -> Result<()> {
        let (arrays, others): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.is_array());
        for node in arrays.into_iter().chain(others) {
            self.write_node(node)?;
        }
        self.report_failures()
    }

    fn write_node(&mut self, node: &Node) -> Result<()> {
        let folder = self.folder(&node.path);
        // Chunks of another input, or of another grid, would stay among those that are written now.
        if node.is_copied() && self.unfinished.holds_leftovers() {
            unfinished::clear(&folder)?;
        }
        match &node.content {
            Content::Group(metadata) => {
                files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?)
            }
            Content::Copy(from) => files::copy_tree(from, &folder),
            Content::Picked(array) => array.write(&folder),
            Content::Array(raster, metadata) => {
                self.write_array(&node.path, raster.as_ref(), metadata).map(drop)
            }
            #[cfg(feature = "gdal")]
            Content::Coordinates(array) => {
                // The array's own name is the last part of its folder.
                crate::store::coordinate_writer::write(folder.parent().unwrap_or(&folder), array)
            }
        }
    }

    /// Writes an array, chunk by chunk. Returns whether all chunks are there.
    ///
    /// # Errors
    /// When encoding or writing fails, and when reading fails, if that should stop the work.
    pub(crate) fn write_array(
        &mut self,
        path: &str,
        raster: &dyn Raster,
        metadata: &Metadata,
    ) -> Result<bool> {
        let folder = self.folder(path);
        if !folder.join("zarr.json").is_file() {
            unfinished::clear(&folder)?;
        }
        let writer = ArrayWriter::create(&folder, metadata, self.output.engine)?;
        self.write_chunks(path, raster, &writer)
    }

    /// Empties an array that must be written again, and resets the count of its chunks that were kept.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(crate) fn discard_array(&mut self, path: &str, kept_before: u64) -> Result<()> {
        self.written.kept = kept_before;
        unfinished::clear(&self.folder(path))
    }

    /// Chunks kept from an earlier run so far.
    pub(crate) fn kept(&self) -> u64 {
        self.written.kept
    }

    /// Writes this process's share of the chunks of all arrays. Everything but the chunks is written first, because
    /// the other processes rely on it, and again where it was made from another input. Returns the shares that are not done yet; none if this process is the one to
    /// complete the output.
    ///
    /// # Errors
    /// When reading, encoding or writing fails.
    pub(crate) fn write_share(&mut self, nodes: &[&Node]) -> Result<Option<Vec<u64>>> {
        if !self.unfinished.is_prepared() {
            self.unfinished.prepare_again()?;
            for node in nodes {
                match &node.content {
                    Content::Array(_, metadata) => drop(self.shared_array(&node.path, metadata)?),
                    _ => self.write_node(node)?,
                }
            }
        }
        self.unfinished.share()?;
        for node in nodes {
            if let Content::Array(raster, metadata) = &node.content {
                let writer = self.shared_array(&node.path, metadata)?;
                self.write_chunks(&node.path, raster.as_ref(), &writer)?;
            }
        }
        self.report_failures()?;
        self.unfinished.open_shares(&self.input)
    }

    /// An array that several processes write: as one of them began it, so that all write with the same metadata.
    fn shared_array(&self, path: &str, metadata: &Metadata) -> Result<ArrayWriter> {
        let folder = self.folder(path);
        let found = Metadata::read(&folder).ok().map(|found| identity(path, &found));
        if found.as_ref() == Some(&identity(path, metadata)) {
            ArrayWriter::open(&folder, self.output.engine)
        } else {
            ArrayWriter::create(&folder, metadata, self.output.engine)
        }
    }

    fn write_chunks(&mut self, path: &str, raster: &dyn Raster, writer: &ArrayWriter) -> Result<bool> {
        let recorded = Recorded { ledger: &self.ledger, array: path, resumed: self.unfinished.resumed() };
        let (what, progress) = (self.output.what, self.output.progress);
        let transferred = transfer(raster, writer, &recorded, what, progress, self.output.order)?;
        if transferred.again.any() {
            let array =
                if path.is_empty() { self.output.target.display().to_string() } else { path.to_owned() };
            progress.remark(&Remark::WrittenAgain { array, chunks: transferred.again });
        }
        let chunks = writer.grid().len().max(1);
        self.written.kept += transferred.kept;
        self.written.bytes +=
            (raster.info().raw_bytes() as f64 * transferred.written as f64 / chunks as f64) as u64;
        let complete = transferred.failed.is_empty();
        self.failed.extend(transferred.failed);
        Ok(complete)
    }

    /// Fails where chunks could not be read, and lists them in a file of the unfinished output.
    fn report_failures(&self) -> Result<()> {
        let Some(first) = self.failed.first() else { return Ok(()) };
        let path = self.unfinished.folder().join(unfinished::FAILURES);
        files::write_atomically(&path, &serde_json::to_vec_pretty(&self.failed)?)?;
        bail!(
            Io,
            "{} could not be read, listed in {}; the first: {}",
            count(self.failed.len() as u64, "chunk"),
            path.display(),
            first.error
        )
    }

    /// Finishes the output: renames it to its final name if no share is open, or keeps it to be resumed if the work
    /// failed.
    ///
    /// # Errors
    /// The error of the work, with a note of what is left on disk.
    pub(crate) fn end(mut self, open_shares: Result<Option<Vec<u64>>>) -> Result<Written> {
        match open_shares {
            Ok(None) => {
                let complete = consolidate::fill(&self.folder(""))
                    .and_then(|()| self.unfinished.commit(self.output.progress));
                if let Err(error) = complete {
                    return Err(self.unfinished.fail(error));
                }
            }
            Ok(open) => self.written.open_shares = open,
            Err(error) => return Err(self.unfinished.fail(error)),
        }
        self.remark_on_input();
        self.written.seconds = self.begun.elapsed().as_secs_f64();
        Ok(self.written)
    }

    /// Remarks if the input was changed while it was read, or if nothing tells. What was written is there by now, so this is no error.
    fn remark_on_input(&self) {
        if self.output.inputs.is_empty() {
            return;
        }
        let output = self.output.target.to_path_buf();
        match Fingerprint::of(&self.output.inputs) {
            Ok(now) if now == self.input => {}
            Ok(_) => self.output.progress.remark(&Remark::InputChangedMeanwhile { output }),
            Err(error) => {
                self.output.progress.remark(&Remark::InputUnchecked { output, why: error.one_line() });
            }
        }
    }
}

/// Refuses nodes that would lie outside of the output, in one another's place, or among the chunks of an array.
fn check_places(nodes: &[&Node]) -> Result<()> {
    let mut places: HashMap<&str, bool> = HashMap::new();
    for node in nodes {
        let path = node.path.as_str();
        if !path.is_empty() && !stays_below(path) {
            bail!(
                InvalidArgument,
                "{path:?} is no place within an output: names between slashes must not be empty, \".\" or \"..\"; rename it"
            );
        }
        if places.insert(path, node.is_array()).is_some() {
            bail!(InvalidArgument, "two members of the output are called {path:?}; rename one of them");
        }
    }
    for path in places.keys() {
        let outer = path.rsplit_once('/').map(|(outer, _)| outer).or((!path.is_empty()).then_some(""));
        if let Some(outer) = outer.filter(|outer| places.get(outer) == Some(&true)) {
            bail!(
                InvalidArgument,
                "{path:?} would lie within the array {outer:?}, among its chunks; rename it"
            );
        }
    }
    Ok(())
}

/// A node's folder below a root.
pub(crate) fn node_folder(root: &Path, path: &str) -> PathBuf {
    if path.is_empty() { root.to_path_buf() } else { root.join(path) }
}
