//! `.npy` files written, as NumPy writes them: version 1.0, C order, little endian.

use crate::sample::DataType;
use crate::{Error, Result};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Headers are padded so that samples begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// Writes an array: samples in C order, as native bytes. It is written under a temporary name, then renamed, so there is
/// never half a file.
///
/// # Errors
/// [`Error::Mismatch`] where there are more or fewer bytes than the shape asks for, [`Error::Io`] where it can't be written.
pub fn write(path: &Path, sample_type: DataType, shape: &[usize], samples: &[u8]) -> Result<()> {
    let size = sample_type.size();
    let expected = shape.iter().try_fold(size, |n, extent| n.checked_mul(*extent));
    if expected != Some(samples.len()) {
        return Err(Error::Mismatch(format!(
            "{}: an array of shape {shape:?} of {} is to be written, and there are {} bytes of it",
            path.display(),
            sample_type.name(),
            samples.len()
        )));
    }
    let temporary = temporary_path(path);
    let written = (|| {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&temporary)?);
        file.write_all(&header(sample_type, shape))?;
        if cfg!(target_endian = "little") || size == 1 {
            file.write_all(samples)?;
        } else {
            for sample in samples.chunks(size) {
                let swapped: Vec<u8> = sample.iter().rev().copied().collect();
                file.write_all(&swapped)?;
            }
        }
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    written.map_err(|source| {
        // An incomplete file is useless, so it is removed. If that fails too, the first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
        Error::Io { path: path.display().to_string(), source }
    })
}

/// The name of a temporary file beside a file. No other process uses it.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn header(sample_type: DataType, shape: &[usize]) -> Vec<u8> {
    let descr = match sample_type {
        DataType::UInt8 => "|u1",
        DataType::Int16 => "<i2",
        DataType::UInt16 => "<u2",
        DataType::Int32 => "<i4",
        DataType::Float32 => "<f4",
        DataType::Float64 => "<f8",
    };
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}", extents.join(", "));
    let length = (10 + text.len() + 1).next_multiple_of(ALIGNMENT) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{text:<width$}\n", width = length - 1).bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::NpyArray;

    #[test]
    fn what_is_written_is_read() {
        let folder = std::env::temp_dir().join(format!("vqz-npy-write-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.npy");
        let samples: Vec<u8> = [-1i16, 2, 300, -400, 5, 6].into_iter().flat_map(i16::to_ne_bytes).collect();
        write(&path, DataType::Int16, &[3, 2], &samples).unwrap();
        let array = NpyArray::open(&path).unwrap();
        assert_eq!((array.shape(), array.read(&[0..3, 0..2]).unwrap()), (&[3, 2][..], samples.clone()));
        write(&path, DataType::Float32, &[3], &samples).unwrap();
        assert_eq!(NpyArray::open(&path).unwrap().shape(), [3]);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        let error = write(&path, DataType::UInt8, &[3], &samples).unwrap_err().to_string();
        assert!(
            error.ends_with("an array of shape [3] of uint8 is to be written, and there are 12 bytes of it")
        );
        let nowhere = write(&folder.join("no/a.npy"), DataType::UInt8, &[0], &[]).unwrap_err();
        assert!(nowhere.to_string().contains("No such file"), "{nowhere}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
