//! The ledger of an unfinished output: which chunks are complete, and what they were made from.
//!
//! A line is added once a chunk stands under its name. A later run keeps a chunk only if its file is, byte for byte, the one of
//! its line, if the array's metadata are those of that time, and if the samples are the same: either the input's
//! [`Fingerprint`] says so, or they are read again and compared. Every other chunk is written again. So nothing stays of
//! another input, of other options, or of a file that the system lost the end of.

use crate::error::{Context, Result};
use crate::store::files::{OWN, Stored};
use crate::write::fingerprint::Fingerprint;
use crate::write::share::Share;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The name of a ledger; that of a share adds which one it is.
const NAME: &str = "chunks";

/// A complete chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// The CRC-32C of its array's metadata.
    pub(crate) metadata: u32,
    /// The CRC-32C of the samples that it was made from.
    pub(crate) samples: u32,
    /// Its file; none where it holds nothing but fill value.
    pub(crate) file: Option<Stored>,
}

/// A line of a ledger.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    /// What follows was read from this input.
    Input { input: String },
    /// Nothing is known any more of the chunk whose file has this path.
    Forgotten { forgotten: String },
    /// A chunk, by the path of its file in the output.
    Chunk(String, Chunk),
}

/// The ledger of one output, or of one share of it.
pub(crate) struct Ledger {
    path: PathBuf,
    file: Mutex<File>,
    known: HashMap<String, (Chunk, bool)>,
    input_changed: bool,
}

impl Ledger {
    /// Opens the ledger in a folder, or begins one. Lines of a run that read another input are marked as such; lines that can't be
    /// read are passed over, so that their chunks are written again.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub(crate) fn open(folder: &Path, share: Option<Share>, input: &Fingerprint) -> Result<Self> {
        let path = path_of(folder, share);
        let mut known = HashMap::new();
        let text = match fs::read(&path) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let mut read_from = Fingerprint::none();
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Input { input }) => read_from = Fingerprint::from_text(&input),
                Ok(Line::Chunk(name, chunk)) => {
                    let same = read_from.is(input);
                    known.insert(name, (chunk, same));
                }
                Ok(Line::Forgotten { forgotten }) => {
                    known.remove(&forgotten);
                }
                // It may have been the line that named another input.
                Err(_) => read_from = Fingerprint::none(),
            }
        }
        let input_changed = known.values().any(|(_, same)| !same);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let mut file = opened.with_context(|| format!("opening {}", path.display()))?;
        let line = serde_json::to_string(&Line::Input { input: input.text().to_owned() })?;
        // The last line may have been cut short.
        let begun = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        file.seek(SeekFrom::End(0))
            .and_then(|_| file.write_all(format!("{begun}{line}\n").as_bytes()))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(Self { path, file: Mutex::new(file), known, input_changed })
    }

    /// Whether there is a ledger in a folder.
    pub(crate) fn is_in(folder: &Path) -> bool {
        path_of(folder, None).is_file()
    }

    /// Whether chunks are known that were made from another input than this run's.
    pub(crate) fn input_changed(&self) -> bool {
        self.input_changed
    }

    /// A chunk as an earlier run left it, and whether its samples are certainly those of this run's input.
    pub(crate) fn known(&self, name: &str) -> Option<&(Chunk, bool)> {
        self.known.get(name)
    }

    /// Adds a chunk whose file stands under its name.
    ///
    /// # Errors
    /// When the ledger can't be written.
    pub(crate) fn add(&self, name: &str, chunk: Chunk) -> Result<()> {
        self.write(&Line::Chunk(name.to_owned(), chunk))
    }

    /// Notes that a chunk that an earlier run left is not part of the output any more. Called before its file is removed, so that no
    /// run finds a line without its file.
    ///
    /// # Errors
    /// When the ledger can't be written.
    pub(crate) fn forget(&self, name: &str) -> Result<()> {
        self.write(&Line::Forgotten { forgotten: name.to_owned() })
    }

    /// The files that an earlier run wrote of an array, and that are not among those of `kept` chunks, in the order of their names.
    pub(crate) fn others(&self, array: &str, kept: &HashSet<String>) -> Vec<&str> {
        let is_of = |name: &str| {
            array.is_empty() || name.strip_prefix(array).is_some_and(|rest| rest.starts_with('/'))
        };
        let written = self.known.iter().filter(|(_, (chunk, _))| chunk.file.is_some());
        let mut others: Vec<&str> = written
            .map(|(name, _)| name.as_str())
            .filter(|name| is_of(name) && !kept.contains(*name))
            .collect();
        others.sort_unstable();
        others
    }

    fn write(&self, line: &Line) -> Result<()> {
        let line = format!("{}\n", serde_json::to_string(line)?);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).with_context(|| format!("writing {}", self.path.display()))
    }
}

/// The first chunk of a share's ledger whose file is not there, or has another length.
///
/// # Errors
/// When the ledger can't be read.
pub(crate) fn missing(folder: &Path, share: Share) -> Result<Option<String>> {
    let path = path_of(folder, Some(share));
    let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut last = HashMap::new();
    for line in String::from_utf8_lossy(&text).lines() {
        match serde_json::from_str(line) {
            Ok(Line::Chunk(name, chunk)) => {
                last.insert(name, chunk.file);
            }
            Ok(Line::Forgotten { forgotten }) => {
                last.remove(&forgotten);
            }
            Ok(Line::Input { .. }) | Err(_) => {}
        }
    }
    let is_there = |name: &str, file: &Option<Stored>| {
        let found = fs::metadata(folder.join(name)).ok().filter(fs::Metadata::is_file);
        found.map(|found| found.len()) == file.map(|Stored(length, _)| length)
    };
    Ok(last.into_iter().filter(|(name, file)| !is_there(name, file)).map(|(name, _)| name).min())
}

fn path_of(folder: &Path, share: Option<Share>) -> PathBuf {
    folder.join(match share {
        Some(share) => format!("{OWN}{NAME}-{}", share.file_name()),
        None => format!("{OWN}{NAME}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vqz-ledger-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn chunk(samples: u32) -> Chunk {
        Chunk { metadata: 1, samples, file: Some(Stored(3, 9)) }
    }

    #[test]
    fn chunks_are_known_again_with_the_input_they_were_made_from() {
        let folder = folder("again");
        let (first, second) = (Fingerprint::from_text("first"), Fingerprint::from_text("second"));
        let ledger = Ledger::open(&folder, None, &first).unwrap();
        assert!(ledger.known("c/0").is_none() && !ledger.input_changed());
        ledger.add("c/0", chunk(5)).unwrap();
        ledger.add("c/1", Chunk { file: None, ..chunk(6) }).unwrap();
        drop(ledger);
        let ledger = Ledger::open(&folder, None, &first).unwrap();
        assert_eq!(ledger.known("c/0"), Some(&(chunk(5), true)));
        assert!(!ledger.input_changed());
        drop(ledger);
        let ledger = Ledger::open(&folder, None, &second).unwrap();
        assert_eq!(ledger.known("c/1"), Some(&(Chunk { file: None, ..chunk(6) }, false)));
        assert!(ledger.input_changed());
        ledger.add("c/1", chunk(6)).unwrap();
        drop(ledger);
        // What was compared and kept counts as read from the new input; the rest still does not.
        let ledger = Ledger::open(&folder, None, &second).unwrap();
        assert_eq!(ledger.known("c/1"), Some(&(chunk(6), true)));
        assert_eq!(ledger.known("c/0"), Some(&(chunk(5), false)));
        // Of an input that nothing identifies, everything is compared.
        let unknown = Ledger::open(&folder, None, &Fingerprint::none()).unwrap();
        assert_eq!(unknown.known("c/1"), Some(&(chunk(6), false)));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn damaged_lines_are_passed_over() {
        let folder = folder("damaged");
        let input = Fingerprint::from_text("input");
        let ledger = Ledger::open(&folder, None, &input).unwrap();
        ledger.add("c/0", chunk(5)).unwrap();
        ledger.add("c/1", chunk(6)).unwrap();
        drop(ledger);
        let path = folder.join(".vqz-chunks");
        let text = fs::read_to_string(&path).unwrap();
        // Cut within the last line, and rubbish before it.
        fs::write(&path, format!("\u{0}rubbish\n{}", &text[..text.len() - 7])).unwrap();
        let ledger = Ledger::open(&folder, None, &input).unwrap();
        assert!(ledger.known("c/0").is_some() && ledger.known("c/1").is_none());
        ledger.add("c/2", chunk(7)).unwrap();
        drop(ledger);
        let ledger = Ledger::open(&folder, None, &input).unwrap();
        assert_eq!(ledger.known("c/2"), Some(&(chunk(7), true)));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_share_lost_is_noticed() {
        let folder = folder("lost");
        let share: Share = "1/4".parse().unwrap();
        let ledger = Ledger::open(&folder, Some(share), &Fingerprint::from_text("input")).unwrap();
        fs::create_dir(folder.join("c")).unwrap();
        for (name, bytes) in [("c/1", "abc"), ("c/5", "defg")] {
            fs::write(folder.join(name), bytes).unwrap();
            let file = Some(Stored::of(bytes.as_bytes()));
            ledger.add(name, Chunk { metadata: 1, samples: 2, file }).unwrap();
        }
        ledger.add("c/9", Chunk { metadata: 1, samples: 2, file: None }).unwrap();
        assert_eq!(missing(&folder, share).unwrap(), None);
        fs::write(folder.join("c/5"), "def").unwrap();
        assert_eq!(missing(&folder, share).unwrap().as_deref(), Some("c/5"));
        fs::remove_file(folder.join("c/1")).unwrap();
        assert_eq!(missing(&folder, share).unwrap().as_deref(), Some("c/1"));
        // Where the input holds nothing any more, nothing is missing.
        let ledger = Ledger::open(&folder, Some(share), &Fingerprint::from_text("other")).unwrap();
        assert_eq!(ledger.others("", &HashSet::from(["c/5".to_owned()])), ["c/1"]);
        assert!(ledger.others("d", &HashSet::new()).is_empty());
        assert_eq!(ledger.others("c", &HashSet::new()), ["c/1", "c/5"]);
        ledger.forget("c/1").unwrap();
        assert_eq!(missing(&folder, share).unwrap().as_deref(), Some("c/5"));
        ledger.forget("c/5").unwrap();
        assert_eq!(missing(&folder, share).unwrap(), None);
        let ledger = Ledger::open(&folder, Some(share), &Fingerprint::from_text("other")).unwrap();
        assert!(ledger.known("c/1").is_none() && ledger.known("c/9").is_some());
        fs::remove_dir_all(&folder).unwrap();
    }
}
