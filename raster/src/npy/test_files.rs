//! `.npy` files for tests, written as NumPy writes them.

use std::path::PathBuf;

/// A file that is deleted when this is dropped.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("vqz-npy-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// As `numpy.lib.format` writes it: padded with spaces to a multiple of 64, ended by a new line.
pub(crate) fn file(version: u8, dictionary: &str, samples: &[u8]) -> Vec<u8> {
    let prefix = if version == 1 { 10 } else { 12 };
    let length = (prefix + dictionary.len() + 1).next_multiple_of(64) - prefix;
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    bytes.extend(&(length as u32).to_le_bytes()[..prefix - 8]);
    bytes.extend(format!("{dictionary:<width$}\n", width = length - 1).bytes());
    bytes.extend(samples);
    bytes
}

pub(crate) fn dictionary(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}
