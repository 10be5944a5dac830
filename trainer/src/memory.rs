//! How the C library's allocator treats a fit's memory.

/// Makes the allocator keep large blocks instead of giving them back to the system: each step of a fit asks for the
/// same again, and fetching fresh pages took a tenth of its time. glibc reads this from the environment when a
/// program starts, so the program restarts itself once. Where that fails, or elsewhere, nothing happens.
pub fn keep_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::os::unix::process::CommandExt;
        const THRESHOLD: &str = "MALLOC_MMAP_THRESHOLD_";
        if std::env::var_os(THRESHOLD).is_some() {
            return;
        }
        let Ok(program) = std::env::current_exe() else { return };
        let mut arguments = std::env::args_os();
        let mut command = std::process::Command::new(program);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        command.args(arguments).env(THRESHOLD, "4294967296").env("MALLOC_TRIM_THRESHOLD_", "8589934592");
        // This returns only if it failed; then the fit is merely slower.
        let _ = command.exec();
    }
}
