//! Links vqz-train so that it finds the libtorch it was built with, and the CUDA half where there is one.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Told by torch-sys; missing where only documentation is built.
    let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("unix") {
        return;
    }
    println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    // Nothing refers to a symbol of it, so the linker would drop it, and with it every CUDA kernel.
    if Path::new(&folder).join("libtorch_cuda.so").exists() {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
}
