//! `vqz man`: manual pages, made from the same text as `--help`.

use crate::output;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz man | man -l -
  vqz man ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// A folder to write a page for vqz and one for each command into, such as vqz-encode.1. Pages that are there are
    /// replaced. Without it, the page of vqz goes to standard output.
    folder: Option<PathBuf>,
}

/// `command` is the whole command line.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> Result<()> {
    command.build();
    let Some(folder) = &args.folder else {
        return std::io::stdout().lock().write_all(&page(command)?).context("writing to standard output");
    };
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let commands: Vec<clap::Command> =
        command.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect();
    for command in std::iter::once(command).chain(commands) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command.display_name(name))?)
            .with_context(|| format!("writing {}", path.display()))?;
        output::line(path.display().to_string())?;
    }
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).context("making a manual page")?;
    Ok(page)
}
