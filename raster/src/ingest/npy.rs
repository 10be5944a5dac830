//! NumPy's NPY files, as GDAL sees them: raw samples behind a header, described by a VRT.
//!
//! The last dimensions are those of eo-learn: `(y, x)`, `(y, x, band)` or `(time, y, x, band)`, in C order.

use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;

/// Headers are short: one that says to be longer than this is no NPY file.
const LONGEST_HEADER: u64 = 1 << 16;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    /// GDAL's name of the type.
    gdal_type: &'static str,
    size: u64,
    little: bool,
    shape: Vec<u64>,
    /// Bytes before the samples.
    start: u64,
}

/// A VRT of the samples of a file: for each step in time its bands, one after the other.
///
/// # Errors
/// [`Error::Unreadable`] for what is no such file, [`Error::Mismatch`] for types and shapes that are no raster's.
pub(super) fn description(file: &Path) -> Result<String> {
    let unreadable = |reason: String| Error::Unreadable { path: file.display().to_string(), reason };
    let io = |source| Error::Io { path: file.display().to_string(), source };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(io)?;
    let length = opened.metadata().map_err(io)?.len();
    opened.take(LONGEST_HEADER).read_to_end(&mut bytes).map_err(io)?;
    let header = header(&bytes).map_err(unreadable)?;
    let (steps, [height, width], bands) = match header.shape[..] {
        [height, width] => (None, [height, width], 1),
        [height, width, bands] => (None, [height, width], bands),
        [steps, height, width, bands] => (Some(steps), [height, width], bands),
        _ => {
            return Err(Error::Mismatch(format!(
                "{} has shape {:?}; (y, x), (y, x, band) and (time, y, x, band) are allowed",
                file.display(),
                header.shape
            )));
        }
    };
    let samples = header.shape.iter().try_fold(1u64, |n, extent| n.checked_mul(*extent));
    let needed = samples.and_then(|n| n.checked_mul(header.size)).and_then(|n| n.checked_add(header.start));
    if samples == Some(0) || needed != Some(length) {
        return Err(unreadable(format!(
            "its header says shape {:?} of {} bytes each, the file has {length} bytes; it may be truncated",
            header.shape, header.size
        )));
    }
    let absolute = std::path::absolute(file).map_err(io)?;
    let (pixel, line) = (bands * header.size, width * bands * header.size);
    let mut vrt = format!("<VRTDataset rasterXSize=\"{width}\" rasterYSize=\"{height}\">");
    let mut number = 0;
    for step in 0..steps.unwrap_or(1) {
        for band in 0..bands {
            number += 1;
            let offset = header.start + step * height * line + band * header.size;
            let order = if header.little { "LSB" } else { "MSB" };
            let metadata = if steps.is_some() {
                format!(
                    "<Metadata><MDI key=\"NETCDF_DIM_time\">{step}</MDI></Metadata><Description>B{}</Description>",
                    band + 1
                )
            } else {
                format!("<Description>B{}</Description>", band + 1)
            };
            vrt.push_str(&format!(
                "<VRTRasterBand dataType=\"{}\" band=\"{number}\" subClass=\"VRTRawRasterBand\">{metadata}<SourceFilename \
                 relativeToVRT=\"0\">{}</SourceFilename><ImageOffset>{offset}</ImageOffset><PixelOffset>{pixel}</PixelOffset>\
                 <LineOffset>{line}</LineOffset><ByteOrder>{order}</ByteOrder></VRTRasterBand>",
                header.gdal_type,
                escaped(&absolute.to_string_lossy())
            ));
        }
    }
    vrt.push_str("</VRTDataset>");
    Ok(vrt)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Reads a header of version 1, 2 or 3.
fn header(bytes: &[u8]) -> std::result::Result<Header, String> {
    let rest =
        bytes.strip_prefix(b"\x93NUMPY").ok_or("it is no NPY file: it does not begin with \\x93NUMPY")?;
    let (length, start) = match rest {
        [1, _, a, b, ..] => (u64::from(u16::from_le_bytes([*a, *b])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u64::from(u32::from_le_bytes([*a, *b, *c, *d])), 12),
        [version, ..] => return Err(format!("its version is {version}; 1 to 3 are allowed")),
        [] => return Err("it ends within its header".to_owned()),
    };
    let end = start + length;
    let text = usize::try_from(end).ok().and_then(|end| bytes.get(start as usize..end));
    let text = text.ok_or_else(|| format!("its header would end at byte {end}"))?;
    let text = std::str::from_utf8(text).map_err(|_| "its header is no text".to_owned())?;
    let value = |key: &str| {
        text.split_once(&format!("'{key}':"))
            .map(|(_, rest)| rest.trim_start())
            .ok_or(format!("its header has no {key}"))
    };
    let descr: String = value("descr")?.trim_start_matches('\'').chars().take_while(|c| *c != '\'').collect();
    if !value("fortran_order")?.starts_with("False") {
        return Err(
            "its samples are in Fortran order; save it in C order (numpy.ascontiguousarray)".to_owned()
        );
    }
    let shape = value("shape")?;
    let inner =
        shape.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or("its shape can't be read")?.0;
    let shape = inner
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<u64>().map_err(|_| format!("its shape is ({inner})")))
        .collect::<std::result::Result<Vec<u64>, String>>()?;
    let (order, kind) = descr.split_at(descr.len().min(1));
    let (gdal_type, size) = match kind {
        "b1" | "u1" => ("Byte", 1),
        "u2" => ("UInt16", 2),
        "i2" => ("Int16", 2),
        "i4" => ("Int32", 4),
        "f4" => ("Float32", 4),
        "f8" => ("Float64", 8),
        _ => {
            return Err(format!("its samples are \"{descr}\"; b1, u1, i2, u2, i4, f4 and f8 are allowed"));
        }
    };
    Ok(Header { gdal_type, size, little: order != ">", shape, start: end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, samples: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(samples);
        bytes
    }

    #[test]
    fn samples_of_a_band_and_step_are_found() {
        let folder = std::env::temp_dir().join(format!("vqz-npy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.npy");
        let samples: Vec<u8> = (0..2 * 3 * 4 * 2).flat_map(|v: i16| v.to_le_bytes()).collect();
        let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3, 4, 2), }\n";
        std::fs::write(&path, file(header, &samples)).unwrap();
        let dataset = gdal::Dataset::open(description(&path).unwrap()).unwrap();
        assert_eq!((dataset.raster_size(), dataset.raster_count()), ((4, 3), 4));
        let read =
            |band| dataset.rasterband(band).unwrap().read_as::<i16>((1, 2), (2, 1), (2, 1), None).unwrap();
        // Step 1, band 0, row 2, columns 1 and 2.
        assert_eq!(read(3).data(), [24 + 2 * 8 + 2, 24 + 2 * 8 + 4]);
        assert_eq!(read(2).data(), [2 * 8 + 3, 2 * 8 + 5]);
        std::fs::write(&path, file(header, &samples[1..])).unwrap();
        assert!(description(&path).unwrap_err().to_string().contains("it may be truncated"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_no_such_file_is_told() {
        let error = |text: &str| super::header(&file(text, &[])).unwrap_err();
        assert!(
            error("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }")
                .contains("its samples are \"|O\"")
        );
        assert!(error("{'descr': '<i2', 'fortran_order': True, 'shape': (2,), }").contains("Fortran order"));
        assert!(error("{'descr': '<i2', }").contains("has no fortran_order"));
        assert!(super::header(b"PK").unwrap_err().contains("it is no NPY file"));
        assert!(super::header(b"\x93NUMPY\x01\x00\xff\xff").unwrap_err().contains("would end at byte 65545"));
    }
}
