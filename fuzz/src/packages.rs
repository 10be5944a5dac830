//! Model packages that are changed entry by entry, with the hash made right that a package holds of itself.

use crate::{graphs, json, mutate};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read, Write};
use vqz_tests::Random;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Entries of a package, by name.
pub type Entries = Vec<(String, Vec<u8>)>;

/// More than the seeds hold, less than what would make a mutation slow.
const MAX_ENTRY: u64 = 1 << 20;

/// The entries of a package, if it is one.
#[must_use]
pub fn unpack(package: &[u8]) -> Option<Entries> {
    let mut archive = ZipArchive::new(Cursor::new(package)).ok()?;
    (0..archive.len())
        .map(|i| {
            let file = archive.by_index(i).ok()?;
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            let mut content = Vec::new();
            file.take(MAX_ENTRY).read_to_end(&mut content).ok()?;
            Some((name, content))
        })
        .collect()
}

/// A package of these entries.
#[must_use]
pub fn pack(entries: &Entries) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, content) in entries {
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(content).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

/// Changes one entry by what it is, then makes the encoder's hash right.
pub fn change(entries: &mut Entries, random: &mut Random) {
    if entries.is_empty() {
        return;
    }
    let at = random.below(entries.len() as u64) as usize;
    let (name, content) = &mut entries[at];
    let room = content.len() + 64;
    let by_structure = random.below(4) != 0;
    match name.as_str() {
        "model.json" if by_structure => {
            if let Ok(mut manifest) = serde_json::from_slice::<Value>(content) {
                json::mutate(&mut manifest, random);
                *content = manifest.to_string().into_bytes();
            }
        }
        name if name.ends_with(".onnx") && by_structure => {
            if let Some(changed) = graphs::mutate(content, random) {
                *content = changed;
            }
        }
        _ => mutate(content, room),
    }
    match random.below(40) {
        0 => drop(entries.remove(at)),
        1 => entries.swap(at, 0),
        2 => {
            let other = random.below(entries.len() as u64) as usize;
            entries[at].1 = entries[other].1.clone();
        }
        _ => {}
    }
    seal(entries);
}

/// Writes the encoder's hash into `model.json`.
fn seal(entries: &mut Entries) {
    let find = |name: &str| entries.iter().position(|(found, _)| found == name);
    let (Some(manifest), Some(encoder)) = (find("model.json"), find("encoder.onnx")) else { return };
    let digest: String =
        Sha256::digest(&entries[encoder].1).iter().map(|byte| format!("{byte:02x}")).collect();
    if let Ok(mut value) = serde_json::from_slice::<Value>(&entries[manifest].1)
        && let Some(place) = value.get_mut("encoder_sha256")
        && place.as_str() != Some(&digest)
    {
        *place = json!(digest);
        entries[manifest].1 = value.to_string().into_bytes();
    }
}
