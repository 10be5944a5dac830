//! NumPy's NPY files for GDAL: a VRT describes the raw samples that follow the header.
//!
//! Axes are those of eo-learn: `(y, x)`, `(y, x, band)` or `(time, y, x, band)`, in either order of storage.

use crate::error::{Error, Result};
use crate::ingest::xml::escaped;
use crate::npy::{NpyArray, NpyType};
use std::fmt::Write as _;
use std::path::Path;

/// The largest distance between pixels, and the largest length of a row, that GDAL can read, in bytes.
const REACH: u64 = i32::MAX as u64;

/// The most planes of a file, dates times bands. Each has a description of its own.
const PLANES: u64 = 1 << 16;

/// An axis of the samples: the bytes from one entry to the next, and the number of entries.
#[derive(Clone, Copy, Debug, Default)]
struct Axis {
    extent: u64,
    stride: u64,
}

/// A VRT of the samples of a file: the bands of the first date, then those of the next, and so on.
///
/// # Errors
/// [`Error::Io`] and [`Error::Unreadable`] for files that are not NPY, [`Error::Mismatch`] for types and shapes that no raster
/// has.
pub(crate) fn description(file: &Path) -> Result<String> {
    let array = NpyArray::open(file)?;
    let mismatch = |what: String| Error::Mismatch(format!("{}: {what}", file.display()));
    let axes = axes(&array);
    let one = Axis { extent: 1, stride: 0 };
    let (has_times, [time, y, x, band]) = match axes[..] {
        [y, x] => (false, [one, y, x, one]),
        [y, x, band] => (false, [one, y, x, band]),
        [time, y, x, band] => (true, [time, y, x, band]),
        _ => {
            return Err(mismatch(format!(
                "its shape is {:?}; (y, x), (y, x, band) and (time, y, x, band) are allowed, and lists of pixels with \
                 [input.pixels]",
                array.shape()
            )));
        }
    };
    if axes.iter().any(|axis| axis.extent == 0) {
        return Err(mismatch(format!("its shape is {:?}: it holds no samples", array.shape())));
    }
    if time.extent.saturating_mul(band.extent) > PLANES {
        return Err(mismatch(format!(
            "its shape is {:?}: it has more than {PLANES} planes; store it in parts",
            array.shape()
        )));
    }
    let (gdal_type, metadata) = gdal_type(array.npy_type()).map_err(mismatch)?;
    let size = array.npy_type().size() as u64;
    // GDAL reads whole rows, however far apart their pixels are.
    if (x.extent - 1) * x.stride + size > REACH || y.stride > REACH || y.extent.max(x.extent) > REACH {
        return Err(mismatch(format!(
            "the pixels of a row of shape {:?} span more than 2 GiB; store it in C order (numpy.ascontiguousarray), or in \
             parts",
            array.shape()
        )));
    }
    let path =
        std::path::absolute(file).map_err(|source| Error::Io { path: file.display().to_string(), source })?;
    let path = escaped(&path.to_string_lossy());
    let order = if array.is_swapped() == cfg!(target_endian = "big") { "LSB" } else { "MSB" };
    let mut vrt = format!("<VRTDataset rasterXSize=\"{}\" rasterYSize=\"{}\">", x.extent, y.extent);
    for step in 0..time.extent {
        for number in 0..band.extent {
            let offset = array.offset() + step * time.stride + number * band.stride;
            let step = if has_times {
                format!("<Metadata><MDI key=\"NETCDF_DIM_time\">{step}</MDI></Metadata>")
            } else {
                String::new()
            };
            // Writing to a text does not fail.
            let _ = write!(
                vrt,
                "<VRTRasterBand dataType=\"{gdal_type}\" subClass=\"VRTRawRasterBand\">{step}{metadata}<Description>B{}\
                 </Description><SourceFilename relativeToVRT=\"0\">{path}</SourceFilename><ImageOffset>{offset}\
                 </ImageOffset><PixelOffset>{}</PixelOffset><LineOffset>{}</LineOffset><ByteOrder>{order}</ByteOrder>\
                 </VRTRasterBand>",
                number + 1,
                x.stride.max(size),
                y.stride.max(size),
            );
        }
    }
    vrt.push_str("</VRTDataset>");
    Ok(vrt)
}

fn axes(array: &NpyArray) -> Vec<Axis> {
    let mut axes: Vec<Axis> =
        array.shape().iter().map(|extent| Axis { extent: *extent as u64, stride: 0 }).collect();
    // The product can't overflow, because it is at most the length of the file.
    let mut stride = array.npy_type().size() as u64;
    let mut grow = |axis: &mut Axis| {
        axis.stride = stride;
        stride = stride.saturating_mul(axis.extent);
    };
    if array.is_fortran() {
        axes.iter_mut().for_each(&mut grow)
    } else {
        axes.iter_mut().rev().for_each(&mut grow)
    }
    axes
}

/// GDAL's name of a type, and metadata that say more about it.
fn gdal_type(found: NpyType) -> std::result::Result<(&'static str, &'static str), String> {
    // GDAL before 3.7 has no type for signed bytes.
    const SIGNED: &str =
        "<Metadata domain=\"IMAGE_STRUCTURE\"><MDI key=\"PIXELTYPE\">SIGNEDBYTE</MDI></Metadata>";
    // Truth has two classes.
    const TRUTH: &str = "<CategoryNames><Category>false</Category><Category>true</Category></CategoryNames>";
    Ok(match found {
        NpyType::Bool => ("Byte", TRUTH),
        NpyType::UInt8 => ("Byte", ""),
        NpyType::Int8 => ("Byte", SIGNED),
        NpyType::Int16 => ("Int16", ""),
        NpyType::UInt16 => ("UInt16", ""),
        NpyType::Int32 => ("Int32", ""),
        NpyType::Float32 => ("Float32", ""),
        NpyType::Float64 => ("Float64", ""),
        NpyType::UInt32 | NpyType::Int64 => {
            return Err(format!(
                "its samples are {}; cubes hold b1, i1, u1, i2, u2, i4, f4 and f8: convert it with astype first",
                found.name()
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::test_files::{Temporary, dictionary, file};
    use gdal::{Dataset, Metadata as _};

    fn open(path: &Temporary) -> Dataset {
        Dataset::open(description(&path.0).unwrap()).unwrap()
    }

    /// A column of two pixels, from row 1 on: of all bands.
    fn column(dataset: &Dataset, column: isize) -> Vec<Vec<f64>> {
        (1..=dataset.raster_count())
            .map(|band| {
                let band = dataset.rasterband(band).unwrap();
                band.read_as::<f64>((column, 1), (1, 2), (1, 2), None).unwrap().data().to_vec()
            })
            .collect()
    }

    #[test]
    fn samples_of_a_band_and_step_are_found_in_either_order() {
        // Each sample is its place in C order: (time, y, x, band) of (2, 3, 4, 2).
        let at = |t: i16, y: i16, x: i16, b: i16| ((t * 3 + y) * 4 + x) * 2 + b;
        let c: Vec<u8> = (0..48i16).flat_map(i16::to_le_bytes).collect();
        let mut fortran = Vec::new();
        for (b, x, y, t) in (0..48).map(|i| (i / 24, i / 6 % 4, i / 2 % 3, i % 2)) {
            fortran.extend(at(t, y, x, b).to_be_bytes());
        }
        let c = Temporary::new("vrt-c.npy", &file(1, &dictionary("<i2", "False", "(2, 3, 4, 2)"), &c));
        let fortran =
            Temporary::new("vrt-f.npy", &file(2, &dictionary(">i2", "True", "(2, 3, 4, 2)"), &fortran));
        for path in [&c, &fortran] {
            let dataset = open(path);
            assert_eq!((dataset.raster_size(), dataset.raster_count()), ((4, 3), 4));
            let expected: Vec<Vec<f64>> = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .map(|(t, b)| vec![f64::from(at(t, 1, 2, b)), f64::from(at(t, 2, 2, b))])
                .to_vec();
            assert_eq!(column(&dataset, 2), expected);
            let third = dataset.rasterband(3).unwrap();
            assert_eq!(third.description().unwrap(), "B1");
            assert_eq!(third.metadata_item("NETCDF_DIM_time", "").as_deref(), Some("1"));
        }
        let plane =
            Temporary::new("vrt-2.npy", &file(1, &dictionary("|u1", "True", "(3, 2)"), &[1, 2, 3, 4, 5, 6]));
        assert_eq!(column(&open(&plane), 1), [[5.0, 6.0]]);
    }

    #[test]
    fn bytes_with_a_sign_and_bools_are_told() {
        let signed =
            Temporary::new("vrt-i1.npy", &file(1, &dictionary("|i1", "False", "(2, 1)"), &[255, 127]));
        let dataset = open(&signed);
        let item = dataset.rasterband(1).unwrap().metadata_item("PIXELTYPE", "IMAGE_STRUCTURE");
        assert_eq!(item.as_deref(), Some("SIGNEDBYTE"));
        let bools = Temporary::new("vrt-b1.npy", &file(1, &dictionary("|b1", "False", "(3, 1)"), &[0, 1, 0]));
        assert_eq!(column(&open(&bools), 0), [[1.0, 0.0]]);
    }

    #[test]
    fn what_no_cube_holds_is_refused() {
        let message = |descr: &str, shape: &str, bytes: usize| {
            let path = Temporary::new(
                &format!("vrt-bad-{}.npy", shape.len()),
                &file(1, &dictionary(descr, "False", shape), &vec![0; bytes]),
            );
            let error = description(&path.0).unwrap_err().to_string();
            error.strip_prefix(&format!("{}: ", path.0.display())).unwrap().to_owned()
        };
        assert!(message("<u4", "(1, 2)", 8).starts_with("its samples are u4; cubes hold b1, i1"));
        assert!(message("<i8", "(1, 2)", 16).starts_with("its samples are i8; cubes hold b1, i1"));
        assert!(message("|u1", "(5,)", 5).starts_with("its shape is [5]; (y, x), (y, x, band) and"));
        assert_eq!(message("|u1", "(0, 3)", 0), "its shape is [0, 3]: it holds no samples");
        assert!(message("<i2", "(2, 2)", 7).ends_with("it is truncated"));
    }
}
