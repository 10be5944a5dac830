//! The fingerprint of an input: whether its files are those that an earlier run read.
//!
//! It covers the name, the size and the times of every file. Where a file system keeps no times, it covers the content instead.
//! Two inputs with the same fingerprint are taken for equal; with different ones, samples are compared (see
//! [`Ledger`](crate::write::ledger::Ledger)).

use crate::error::{Context, Result};
use crate::store::files;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Times before this many seconds after 1970-01-01 are those of file systems that keep none.
const NO_TIME: u64 = 86_400;

/// Bytes that are read at one go where the content counts.
const BLOCK: usize = 1 << 20;

/// What is added to the names of rasters by the files in which their masks, places and overviews are kept.
const BESIDE: [&str; 3] = [".aux.xml", ".msk", ".ovr"];

/// The endings of files that describe a raster of the same stem.
const DESCRIBING: [&str; 8] = ["tfw", "wld", "prj", "hdr", "imd", "rpb", "dbf", "shx"];

/// The endings of files that hold their samples themselves: nothing has to be asked which others they are read from.
const WHOLE: [&str; 20] = [
    "tif", "tiff", "nc", "nc4", "cdf", "h5", "hdf", "hdf5", "he5", "jp2", "png", "jpg", "jpeg", "npy",
    "grib", "grib2", "grb", "grb2", "csv", "parquet",
];

/// The fingerprint of an input, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of files, of those that they are read from, and of everything within folders. Where one of them is no file on
    /// disk, it is [that of nothing](Self::none).
    ///
    /// # Errors
    /// When a folder can't be listed, or a file without a time can't be read.
    pub(crate) fn of(inputs: &[PathBuf]) -> Result<Self> {
        let mut digest = Sha256::new();
        for input in inputs {
            if input.is_dir() {
                for file in files::files_of_store(input)? {
                    let name = file.strip_prefix(input).unwrap_or(&file).to_path_buf();
                    add(&mut digest, &name, &file)?;
                }
            } else {
                let Some(files) = files_of(input)? else { return Ok(Self::none()) };
                for file in files {
                    let place = file.canonicalize().unwrap_or_else(|_| file.clone());
                    add(&mut digest, &place, &file)?;
                }
            }
        }
        Ok(Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// For an input that is not on disk: nothing tells whether it is the same, so every sample that was read is compared.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    /// One that was written down.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it is written down.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether the input is certainly the one that was read.
    pub(crate) fn is(&self, other: &Self) -> bool {
        !self.0.is_empty() && self == other
    }
}

/// Files beside a raster file that change how it is read.
fn beside(file: &Path) -> impl Iterator<Item = PathBuf> {
    let named = BESIDE.map(|suffix| files::with_suffix(file, suffix));
    let described = DESCRIBING.map(|ending| file.with_extension(ending));
    named.into_iter().chain(described).filter(|file| file.is_file())
}

/// The files that a raster file is read from: itself, those beside it, and those that it names, which may name others. None where
/// one of them is no file on disk, such as one on a server or within an archive: then nothing tells whether it was changed.
///
/// # Errors
/// When a folder among them can't be listed.
fn files_of(input: &Path) -> Result<Option<Vec<PathBuf>>> {
    let (mut files, mut seen, mut next) = (Vec::new(), HashSet::new(), vec![input.to_path_buf()]);
    while let Some(path) = next.pop() {
        let Ok(place) = path.canonicalize() else { return Ok(None) };
        if !seen.insert(place) {
            continue;
        }
        if path.is_dir() {
            files.extend(files::files_of_store(&path)?);
            continue;
        }
        let Some(named) = named_in(&path) else { return Ok(None) };
        next.extend(named);
        files.extend(beside(&path));
        files.push(path);
    }
    Ok(Some(files))
}

/// The other files that a raster file names. None where it names something else, or can't be read.
fn named_in(file: &Path) -> Option<Vec<PathBuf>> {
    let end = file.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_index =
        |name: &OsStr| name.to_string_lossy().to_lowercase().split('.').skip(1).any(|part| part == "gti");
    match end.as_str() {
        // An index of tiles, which are named in its own way.
        _ if file.file_name().is_some_and(is_index) => None,
        "vrt" => named_in_virtual(file),
        end if WHOLE.contains(&end) => Some(Vec::new()),
        _ => Some(read_with(file)),
    }
}

/// The files that a virtual raster is made of.
fn named_in_virtual(file: &Path) -> Option<Vec<PathBuf>> {
    let text = String::from_utf8_lossy(&fs::read(file).ok()?).into_owned();
    let folder = file.parent().unwrap_or(Path::new(""));
    let elements = ["<SourceFilename", "<SourceDataset"].into_iter().flat_map(|tag| text.split(tag).skip(1));
    let named = elements.map(|element| {
        let (attributes, rest) = element.split_once('>')?;
        let name = unescaped(rest.split_once('<')?.0.trim());
        let attributes = attributes.replace('\'', "\"").replace(' ', "");
        let relative = attributes.contains("relativeToVRT=\"1\"");
        (!name.is_empty()).then(|| if relative { folder.join(name) } else { PathBuf::from(name) })
    });
    named.collect()
}

/// A text of XML without its entities.
fn unescaped(text: &str) -> String {
    // The ampersand comes last, for it may stand before what looks like another entity then.
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// The files of a raster in another format, as GDAL lists them: a header and its samples, or an index and its tiles.
#[cfg(feature = "gdal")]
fn read_with(file: &Path) -> Vec<PathBuf> {
    vqz_raster::ingest::files_of_raster(file).into_iter().filter(|other| other != file).collect()
}

/// Without GDAL, no such format is read.
#[cfg(not(feature = "gdal"))]
fn read_with(_: &Path) -> Vec<PathBuf> {
    Vec::new()
}

fn add(digest: &mut Sha256, name: &Path, file: &Path) -> Result<()> {
    digest.update(name.as_os_str().as_encoded_bytes());
    digest.update([0]);
    let Ok(found) = fs::metadata(file) else {
        // A link to nothing, or a file that is not there: the same as long as it stays so.
        digest.update([0]);
        return Ok(());
    };
    digest.update([1]);
    digest.update(found.len().to_le_bytes());
    match times(&found) {
        Some(times) => digest.update(times),
        None if found.is_file() => {
            content(digest, file).with_context(|| format!("reading {}", file.display()))?;
        }
        None => {}
    }
    Ok(())
}

fn content(digest: &mut Sha256, file: &Path) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(()),
            length => digest.update(&block[..length]),
        }
    }
}

/// When a file was last changed, in nanoseconds: its content, and where the system tells it, anything about it, which a program
/// that sets times can't hide.
fn times(found: &Metadata) -> Option<Vec<u8>> {
    let changed = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    if changed.as_secs() < NO_TIME {
        return None;
    }
    let mut times = changed.as_nanos().to_le_bytes().to_vec();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        times.extend(found.ctime().to_le_bytes());
        times.extend(found.ctime_nsec().to_le_bytes());
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vqz-fingerprint-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("c")).unwrap();
        folder
    }

    fn of(path: &Path) -> Fingerprint {
        Fingerprint::of(&[path.to_path_buf()]).unwrap()
    }

    fn set_time(file: &Path, time: SystemTime) {
        File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn files_that_come_go_or_change_are_noticed() {
        let folder = folder("changes");
        fs::write(folder.join("zarr.json"), "{}").unwrap();
        fs::write(folder.join("c/0"), "samples").unwrap();
        let before = of(&folder);
        assert!(of(&folder).is(&before));
        fs::write(folder.join("c/1"), "more").unwrap();
        assert_ne!(of(&folder), before);
        fs::rename(folder.join("c/1"), folder.join("c/2")).unwrap();
        let moved = of(&folder);
        fs::remove_file(folder.join("c/2")).unwrap();
        assert!(moved != before && of(&folder).is(&before));
        let time = fs::metadata(folder.join("c/0")).unwrap().modified().unwrap();
        set_time(&folder.join("c/0"), time + Duration::from_nanos(1000));
        assert_ne!(of(&folder), before);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn times_that_are_set_back_hide_nothing() {
        let folder = folder("set-back");
        let file = folder.join("c/0");
        fs::write(&file, "samples").unwrap();
        let (before, time) = (of(&folder), fs::metadata(&file).unwrap().modified().unwrap());
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&file, "SAMPLES").unwrap();
        set_time(&file, time);
        assert_ne!(of(&folder), before);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn without_times_the_content_counts() {
        let folder = folder("no-times");
        let file = folder.join("c/0");
        let write = |text: &str| {
            fs::write(&file, text).unwrap();
            set_time(&file, UNIX_EPOCH);
            of(&folder)
        };
        let before = write("samples");
        assert!(write("samples").is(&before));
        assert_ne!(write("SAMPLES"), before);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn nothing_identifies_what_is_no_file_on_disk() {
        let folder = folder("nowhere");
        assert_eq!(of(&folder.join("missing.tif")), Fingerprint::none());
        let file = folder.join("mosaic.vrt");
        for named in ["/vsicurl/https://example.org/a.tif", "NETCDF:a.nc:sst", "missing.tif", ""] {
            let text = format!("<SimpleSource><SourceFilename>{named}</SourceFilename></SimpleSource>");
            fs::write(&file, text).unwrap();
            assert_eq!(of(&file), Fingerprint::none(), "{named}");
        }
        for name in ["tiles.gti", "tiles.gti.gpkg"] {
            fs::write(folder.join(name), "an index").unwrap();
            assert_eq!(of(&folder.join(name)), Fingerprint::none(), "{name}");
        }
        fs::write(&file, "<VRTDataset/>").unwrap();
        assert!(of(&file).is(&of(&file)));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_stands_beside_a_raster_counts() {
        let folder = folder("beside");
        let raster = folder.join("scene.tif");
        fs::write(&raster, "raster").unwrap();
        let before = of(&raster);
        fs::write(folder.join("other.tif"), "another").unwrap();
        assert!(of(&raster).is(&before));
        for name in ["scene.tif.msk", "scene.tfw"] {
            let before = of(&raster);
            fs::write(folder.join(name), "beside").unwrap();
            assert_ne!(of(&raster), before, "{name}");
        }
        let virtual_raster = folder.join("mosaic.vrt");
        let text =
            "<VRTRasterBand><SimpleSource><SourceFilename relativeToVRT=\"1\">other.tif</SourceFilename>";
        fs::write(&virtual_raster, text).unwrap();
        let before = of(&virtual_raster);
        fs::write(folder.join("other.tif"), "changed").unwrap();
        assert_ne!(of(&virtual_raster), before);
        // A virtual raster of that one, named in another way.
        let outer = folder.join("outer.vrt");
        let name = |attributes: &str, name: &str| {
            let text =
                format!("<VRTRasterBand><SimpleSource><SourceFilename {attributes}>{name}</SourceFilename>");
            fs::write(&outer, text).unwrap();
        };
        name("shared='0' relativeToVRT = '1'", "mosaic.vrt");
        let before = of(&outer);
        assert!(of(&outer).is(&before));
        fs::write(folder.join("other.tif"), "changed again").unwrap();
        assert_ne!(of(&outer), before);
        fs::rename(folder.join("other.tif"), folder.join("a & b.tif")).unwrap();
        name("relativeToVRT=\"1\"", "a &amp; b.tif");
        let before = of(&outer);
        assert!(of(&outer).is(&before));
        fs::write(folder.join("a & b.tif"), "changed once more").unwrap();
        assert_ne!(of(&outer), before);
        // One that names itself ends.
        name("relativeToVRT=\"1\"", "outer.vrt");
        assert!(of(&outer).is(&of(&outer)));
        assert!(!Fingerprint::none().is(&Fingerprint::none()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
