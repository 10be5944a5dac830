//! Packages taken apart, changed and put together again.

#![allow(dead_code, reason = "each test file uses a part")]

use serde_json::Value;
use std::io::{Cursor, Read, Write};
use vqz_codec::Error;
use vqz_codec::model::{Model, Quantiser};
use vqz_tests::models::model_of;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

pub(crate) type Entries = Vec<(String, Vec<u8>)>;

pub(crate) fn unpack(package: &[u8]) -> Entries {
    let mut archive = ZipArchive::new(Cursor::new(package)).expect("a package is a zip archive");
    (0..archive.len())
        .map(|i| {
            let mut file = archive.by_index(i).expect("the entry is there");
            let mut content = Vec::new();
            file.read_to_end(&mut content).expect("the entry can be read");
            let name = file.name().expect("names are text").into_owned();
            (name, content)
        })
        .collect()
}

pub(crate) fn pack(entries: &Entries, method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(name.as_str(), options).expect("an entry can be started");
        archive.write_all(content).expect("an entry can be written");
    }
    archive.finish().expect("the archive can be written").into_inner()
}

/// What is said of a sound package after `change`.
pub(crate) fn altered(change: impl FnOnce(&mut Entries)) -> Error {
    altered_of(Quantiser::Fsq, change)
}

pub(crate) fn altered_of(quantiser: Quantiser, change: impl FnOnce(&mut Entries)) -> Error {
    let mut entries = unpack(&model_of(quantiser, 2).to_bytes().expect("a model can be packed"));
    change(&mut entries);
    match Model::from_bytes(&pack(&entries, CompressionMethod::Stored)) {
        Ok(_) => panic!("an altered package was taken"),
        Err(error) => error,
    }
}

pub(crate) fn entry<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(found, _)| found == name).expect("the entry is there").1
}

pub(crate) fn manifest(entries: &mut Entries, change: impl FnOnce(&mut Value)) {
    let json = entry(entries, "model.json");
    let mut manifest = serde_json::from_slice(json).expect("the manifest is JSON");
    change(&mut manifest);
    *json = serde_json::to_vec(&manifest).expect("a manifest is JSON");
}
