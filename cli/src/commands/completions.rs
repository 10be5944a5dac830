//! `vqz completions`: a script that completes commands and options in a shell.

use anyhow::{Context, Result};
use clap_complete::Shell;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz completions bash > ~/.local/share/bash-completion/completions/vqz
  vqz completions zsh > ~/.zfunc/_vqz
  vqz completions fish > ~/.config/fish/completions/vqz.fish")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// `command` is the whole command line.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> Result<()> {
    // The script is generated in memory first, because the generator panics if standard output is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "vqz", &mut script);
    std::io::stdout().lock().write_all(&script).context("writing to standard output")
}
