//! `vqz repair`: damaged and lost chunks of an archive, written again from its source.

use crate::exit::CheckFailed;
use crate::output;
use crate::progress::Terminal;
use anyhow::Result;
use std::path::PathBuf;
use vqz_archive::{Repair, RepairOptions, repair};
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz repair scene-vqz.zarr --from scene.zarr

Every chunk is decoded and compared with the source. Those that can't be decoded, and those that are lost, are encoded again \
as the archive says, and replaced one by one: each is as it was or repaired at any moment. A chunk that decodes is never \
touched, and if one is not what the source holds, nothing is written into its array: give the source that was encoded, or \
--source-changed. By the record that `vqz encode` left, an archive can be \
told to be what it was, chunk by chunk. If anything is still wrong, the exit code is 1.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds encoded arrays.
    archive: PathBuf,
    /// The source that was encoded.
    #[arg(long, value_name = "SOURCE")]
    from: PathBuf,
    /// Repair although chunks that decode are not what the source holds by now: what is written is then checked by the record alone.
    #[arg(long)]
    source_changed: bool,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print what was done as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

/// How many chunks, and failures, of each array are listed for people. JSON lists them all.
const LISTED: usize = 20;

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = RepairOptions::new().engine(args.engine).source_changed(args.source_changed);
    let repaired = repair(&args.archive, &args.from, &options, &Terminal::default())?;
    if args.json {
        output::json(&repaired)?
    } else {
        print(&repaired)?
    }
    if repaired.whole {
        return Ok(());
    }
    Err(CheckFailed(format!(
        "{} is not whole: see above; if the source is not the one that was encoded, give that, or encode the archive again",
        repaired.archive
    ))
    .into())
}

fn print(repair: &Repair) -> Result<()> {
    for array in &repair.arrays {
        let name = if array.path.is_empty() { &repair.archive } else { &array.path };
        let done = match array.repaired.len() {
            0 => "nothing was written".to_owned(),
            n => format!("{} written again", output::count(n as u64, "chunk")),
        };
        let outcome = match (array.failures.is_empty(), array.as_recorded) {
            (false, _) => "it is NOT whole",
            (true, Some(true)) => "it is what was encoded, chunk by chunk",
            (true, _) => "all decode, and what they state is true",
        };
        output::line(format!("{name}: {done}; {outcome}"))?;
        for place in array.repaired.iter().take(LISTED) {
            output::line(format!("  written again: {place}"))?;
        }
        for failure in array.failures.iter().take(LISTED) {
            output::line(format!("  {}: {}", failure.place, failure.found))?;
        }
        let more = array.repaired.len().saturating_sub(LISTED) + array.failures.len().saturating_sub(LISTED);
        if more > 0 {
            output::line(format!("  and {more} more; --json lists all"))?;
        }
    }
    Ok(())
}
