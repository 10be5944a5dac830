//! Compiles the side stream against libtorch, and links vqz-train so that it finds the libtorch it was built with, and the
//! CUDA half where there is one.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/stream/stream.cpp");
    println!("cargo:rerun-if-env-changed=LIBTORCH_INCLUDE");
    // Told by torch-sys; missing where only documentation is built.
    let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    let folder = Path::new(&folder);
    // The same rule as torch-sys': beside `lib`, unless the variable says otherwise.
    let root = std::env::var_os("LIBTORCH_INCLUDE").map(PathBuf::from);
    let root = root.or_else(|| folder.parent().map(Path::to_path_buf)).unwrap_or_default();
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .include(root.join("include"))
        .warnings(false)
        .opt_level(1)
        .file("src/stream/stream.cpp")
        .compile("vqz_stream");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("unix") {
        return;
    }
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
    // Nothing refers to a symbol of it, so the linker would drop it, and with it every CUDA kernel.
    if folder.join("libtorch_cuda.so").exists() {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
}
