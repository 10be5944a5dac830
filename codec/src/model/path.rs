//! What a model's file is called.

use std::path::PathBuf;

/// The path of a model to write, from an argument: by its ending programs know what it is.
///
/// # Errors
/// What is allowed, for any other ending than `.vqm`.
pub fn package_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension == "vqm" => Ok(path),
        _ => Err(format!("models end in .vqm, such as {}", path.with_extension("vqm").display())),
    }
}

#[cfg(test)]
mod tests {
    use super::package_path;

    #[test]
    fn other_endings_are_refused() {
        assert_eq!(package_path("nets/mine.txt").unwrap_err(), "models end in .vqm, such as nets/mine.vqm");
        assert!(package_path("nets/mine.vqm").is_ok());
    }
}
