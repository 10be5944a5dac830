//! `vqz`: fit, encode, decode, verify and compare learned raster archives.

use std::process::ExitCode;

fn main() -> ExitCode {
    vqz_cli::main(std::env::args_os()).into()
}
