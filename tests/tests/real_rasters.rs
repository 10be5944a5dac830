//! The sample that ships with the repository, through the model that ships with it.

use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder};
use vqz_tests::arrays::extract;
use vqz_tests::{Random, repository, skipped};
use vqz_zarr::models;
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::node::{Node, NodeMetadata};
use zarrs::plugin::ExtensionName;
use zarrs::storage::store::MemoryStore;

/// The paths of all arrays below a node.
fn arrays(node: &Node, paths: &mut Vec<String>) {
    if matches!(node.metadata(), NodeMetadata::Array(_)) {
        paths.push(node.path().to_string());
    }
    node.children().iter().for_each(|child| arrays(child, paths));
}

fn open(folder: &Path) -> Option<(Array<FilesystemStore>, Vec<String>)> {
    let store = Arc::new(FilesystemStore::new(folder).ok()?);
    let mut paths = Vec::new();
    arrays(&Node::open(&store, "/").ok()?, &mut paths);
    for path in paths {
        let array = Array::open(Arc::clone(&store), &path).expect("the sample opens");
        let names: Option<Vec<String>> =
            array.dimension_names().as_ref().and_then(|names| names.iter().cloned().collect());
        if let Some(names) = names.filter(|names| Axes::from_names(names).is_ok()) {
            return Some((array, names));
        }
    }
    None
}

fn floats(bytes: &[u8], data_type: &str) -> Vec<f64> {
    match data_type {
        "uint16" => bytes.chunks_exact(2).map(|b| f64::from(u16::from_ne_bytes([b[0], b[1]]))).collect(),
        "int16" => bytes.chunks_exact(2).map(|b| f64::from(i16::from_ne_bytes([b[0], b[1]]))).collect(),
        other => panic!("the sample is {other}, uint16 or int16 was expected"),
    }
}

#[test]
fn the_sample_keeps_its_quality() {
    let test = "the_sample_keeps_its_quality";
    let folder = repository().join("sample/sentinel2-l2a.zarr");
    let package = repository().join("models/sentinel2-l2a.vqm");
    if !folder.is_dir() || !package.is_file() {
        return skipped(test, "sample/sentinel2-l2a.zarr or models/sentinel2-l2a.vqm is not there");
    }
    let (sample, names) = open(&folder).expect("the sample holds an image with named dimensions");
    let model = Arc::new(models::open(&package).expect("the shipped model opens"));
    models::register(Arc::clone(&model));
    let peak = model.manifest().peak;
    let shape = sample.shape().to_vec();
    let data_type = sample.data_type().name_v3().expect("the type has a name").into_owned();
    let original: ArrayBytes<'static> =
        sample.retrieve_array_subset(&sample.subset_all()).expect("the sample reads");
    let original = original.into_fixed().expect("samples have a fixed length").into_owned();
    let wanted = floats(&original, &data_type);

    let mut last_bits = 0.0;
    for quality in [39.0, 42.0, 46.0, 50.0, 55.0] {
        let configuration = Configuration::new(Axes::from_names(&names).expect("the names were tried"))
            .with_model(model.reference().expect("the model can be embedded"))
            .with_quality(quality)
            .with_entropy(EntropyCoder::Rans);
        let metadata: ArrayMetadata = serde_json::from_value(json!({
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": data_type,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0, "codecs": [{"name": "vqz", "configuration": configuration}], "attributes": {},
        }))
        .expect("the metadata is sound");
        let array =
            Array::new_with_metadata(Arc::new(MemoryStore::new()), "/a", metadata).expect("zarrs takes it");
        array
            .store_array_subset(&array.subset_all(), ArrayBytes::new_flen(original.clone()))
            .expect("the sample can be stored");
        let chunk = vec![0; shape.len()];
        let encoded =
            array.retrieve_encoded_chunk(&chunk).expect("the store answers").expect("the chunk is there");
        let whole: ArrayBytes<'static> = array.retrieve_chunk(&chunk).expect("the chunk decodes");
        let whole = whole.into_fixed().expect("samples have a fixed length");
        let squares: f64 = wanted.iter().zip(floats(&whole, &data_type)).map(|(a, b)| (a - b).powi(2)).sum();
        let psnr = 10.0 * (peak * peak * wanted.len() as f64 / squares).log10();
        let bits = encoded.len() as f64 * 8.0 / wanted.len() as f64;
        println!("quality {quality}: {psnr:.2} dB, {bits:.3} bits per sample");
        // The sample shows a place on which the model was not fitted.
        assert!(psnr > quality - 4.0, "quality {quality} gave {psnr:.2} dB");
        assert!(bits > last_bits && bits < 4.0, "quality {quality} took {bits:.3} bits per sample");
        last_bits = bits;

        let mut random = Random::new(1);
        for _ in 0..10 {
            let region: Vec<_> = shape.iter().map(|extent| random.part(*extent)).collect();
            let part: ArrayBytes<'static> =
                array.retrieve_array_subset(&ArraySubset::new_with_ranges(&region)).expect("a part decodes");
            let part = part.into_fixed().expect("samples have a fixed length");
            assert!(
                *part == extract(&whole, &shape, 2, &region),
                "{region:?} differs from the same part of the whole"
            );
        }
    }
}
