//! `vqz-train`: will fit networks (`conv`, `resnet`) with libtorch and export them as model packages.
//!
//! Nothing is fitted here yet: the linear architecture, `klt`, is fitted by `vqz fit --arch klt`.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!(
        "vqz-train {}: fitting networks (conv, resnet) is not available in this version; \
         `vqz fit --arch klt` fits the linear architecture",
        env!("CARGO_PKG_VERSION")
    );
    ExitCode::from(2)
}
