//! Hostile metadata and models: configurations that can't be, models that are missing, altered, or would do harm.

use prost::Message;
use serde_json::{Value, json};
use std::io::{Cursor, Read, Write};
use vqz_codec::Error;
use vqz_codec::model::onnx::pb::{ModelProto, NodeProto, StringStringEntryProto, TensorProto};
use vqz_codec::model::{Model, Priors, Quantiser};
use vqz_tests::arrays::Case;
use vqz_tests::models::{fit, model, model_of};
use zarrs::array::codec::api::Codec;
use zarrs::metadata::v3::MetadataV3;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What zarrs says of a codec with this configuration.
fn refusal(configuration: &Value) -> String {
    let metadata: MetadataV3 =
        serde_json::from_value(json!({"name": "vqvae", "configuration": configuration}))
            .expect("it has a name");
    match Codec::from_metadata(&metadata) {
        Ok(_) => panic!("{configuration} was taken"),
        Err(error) => error.to_string(),
    }
}

fn configuration() -> Value {
    serde_json::to_value(Case::default().configuration()).expect("a configuration is JSON")
}

#[test]
fn configurations_that_can_not_be_are_refused() {
    let change = |path: &str, value: Value| {
        let mut configuration = configuration();
        *configuration.pointer_mut(path).expect("the key is there") = value;
        refusal(&configuration)
    };
    let cases = [
        ("/axes", json!(["band", "y", "z"]), "axes are (band, y, z), exactly one must be `x`"),
        ("/axes", json!(["y", "y", "x"]), "exactly one must be `y`"),
        ("/axes", json!(["band", "band", "y", "x"]), "at most one may be `band`"),
        ("/axes", json!(["x"]), "the array has 1 dimensions, the codec takes 2 to 6"),
        ("/axes", json!(["a", "b", "c", "d", "e", "y", "x"]), "the array has 7 dimensions"),
        ("/axes", json!("yx"), "invalid type"),
        ("/quality", json!("high"), "invalid type"),
        ("/entropy", json!("huffman"), "unknown variant `huffman`, expected `rans` or `lz4`"),
        ("/promise", json!({"kind": "exact"}), "unknown variant `exact`"),
        (
            "/model/sha256",
            json!("abc"),
            "the model's sha256 is \"abc\", 64 lower-case hexadecimal digits are needed",
        ),
        ("/model/sha256", json!("G".repeat(64)), "64 lower-case hexadecimal digits are needed"),
    ];
    for (path, value, wanted) in cases {
        let found = change(path, value);
        assert!(found.starts_with("invalid argument: "), "{path}: {found}");
        assert!(found.contains(wanted), "{path}: {found}");
    }
    for key in ["model", "axes", "quality"] {
        let mut configuration = configuration();
        configuration.as_object_mut().expect("it is an object").remove(key);
        assert!(refusal(&configuration).contains(&format!("missing field `{key}`")), "{key}");
    }
    let mut more = configuration();
    more["speed"] = json!(9);
    assert!(refusal(&more).contains("unknown field `speed`, expected one of `model`, `axes`"));
    let mut more = configuration();
    more["model"]["url"] = json!("somewhere");
    assert!(refusal(&more).contains("unknown field `url`"));
    assert!(refusal(&json!({})).contains("missing field"));
}

#[test]
fn a_model_that_is_not_there_is_named_with_what_to_do() {
    let mut configuration = configuration();
    configuration["model"] = json!({"name": "lost", "sha256": "ab".repeat(32)});
    let found = refusal(&configuration);
    assert!(found.starts_with("missing model: the array needs model lost with SHA-256 abab"), "{found}");
    assert!(found.contains("VQZ_MODEL_PATH"), "{found}");
}

#[test]
fn an_embedded_model_must_have_the_hash_that_names_it() {
    let mut configuration = configuration();
    configuration["model"]["sha256"] = json!("12".repeat(32));
    let found = refusal(&configuration);
    assert!(found.starts_with("invalid model: the embedded model has SHA-256 "), "{found}");
    assert!(found.contains(&"12".repeat(32)), "{found}");

    configuration["model"]["decoder"] = json!("%%%");
    assert!(refusal(&configuration).starts_with("invalid model: the embedded model is not base64"));
    configuration["model"]["decoder"] = json!("UEsDBA==");
    assert!(refusal(&configuration).starts_with("invalid model: not a model package"));
    configuration["model"]["decoder"] = json!("A".repeat(8 << 20));
    assert!(
        refusal(&configuration).starts_with("over the limit: the embedded model takes 8388608 characters")
    );
}

type Entries = Vec<(String, Vec<u8>)>;

fn unpack(package: &[u8]) -> Entries {
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

fn pack(entries: &Entries, method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(name.as_str(), options).expect("an entry can be started");
        archive.write_all(content).expect("an entry can be written");
    }
    archive.finish().expect("the archive can be written").into_inner()
}

/// What is said of a sound package after `change`.
fn altered(change: impl FnOnce(&mut Entries)) -> Error {
    altered_of(Quantiser::Fsq, change)
}

fn altered_of(quantiser: Quantiser, change: impl FnOnce(&mut Entries)) -> Error {
    let mut entries = unpack(&model_of(quantiser, 2).to_bytes().expect("a model can be packed"));
    change(&mut entries);
    match Model::from_bytes(&pack(&entries, CompressionMethod::Stored)) {
        Ok(_) => panic!("an altered package was taken"),
        Err(error) => error,
    }
}

fn entry<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(found, _)| found == name).expect("the entry is there").1
}

fn manifest(entries: &mut Entries, change: impl FnOnce(&mut Value)) {
    let json = entry(entries, "model.json");
    let mut manifest = serde_json::from_slice(json).expect("the manifest is JSON");
    change(&mut manifest);
    *json = serde_json::to_vec(&manifest).expect("a manifest is JSON");
}

#[test]
fn packages_round_trip_and_their_hash_holds() {
    let model = fit(2, "another");
    let bytes = model.to_bytes().expect("a model can be packed");
    let again = Model::from_bytes(&bytes).expect("a package opens");
    assert_eq!(again.sha256(), model.sha256());
    assert_eq!(again.to_bytes().expect("a model can be packed"), bytes);
    let repacked = pack(&unpack(&bytes), CompressionMethod::Deflated);
    let repacked = Model::from_bytes(&repacked).expect("compression changes nothing");
    assert_eq!(repacked.sha256(), model.sha256());
}

#[test]
fn altered_packages_are_refused() {
    let says = |error: Error, wanted: &str| {
        assert!(error.to_string().contains(wanted), "\"{error}\" does not say \"{wanted}\"");
    };
    says(altered(|entries| entries.retain(|(name, _)| name != "priors.bin")), "the package lacks priors.bin");
    says(altered(|entries| entries.push(("run.sh".to_owned(), vec![1]))), "the package holds \"run.sh\"");
    says(
        altered(|entries| manifest(entries, |m| m["version"] = json!(9))),
        "the model package has version 9",
    );
    says(altered(|entries| manifest(entries, |m| m["format"] = json!("zip"))), "format is \"zip\"");
    says(altered(|entries| manifest(entries, |m| m["hook"] = json!(1))), "unknown field `hook`");
    says(
        altered(|entries| manifest(entries, |m| m["patch"] = json!(0))),
        "patch is 0, allowed are 8, 16 and 32",
    );
    says(altered(|entries| manifest(entries, |m| m["planes"] = json!(1u64 << 40))), "planes");
    says(altered(|entries| manifest(entries, |m| m["bands"] = json!([]))), "0 bands");
    says(altered(|entries| manifest(entries, |m| m["bands"][0]["scale"] = json!(0.0))), "scale 0");
    says(
        altered(|entries| manifest(entries, |m| m["encoder_sha256"] = json!("00"))),
        "encoder.onnx has SHA-256",
    );
    says(altered(|entries| entry(entries, "model.json").clear()), "model.json: EOF");
    says(altered(|entries| entry(entries, "priors.bin").clear()), "priors.bin");
    says(altered(|entries| entry(entries, "priors.bin").push(0)), "priors.bin");
    assert!(matches!(Model::from_bytes(b"nothing"), Err(Error::InvalidModel(_))));
    for name in ["model.json", "decoder.onnx", "priors.bin"] {
        for bit in (0..200).chain([999, 4001]) {
            let mut entries = unpack(&model(2).to_bytes().expect("a model can be packed"));
            let content = entry(&mut entries, name);
            let at = bit * content.len() / 4002;
            content[at] ^= 1 << (bit % 8);
            // Other weights may be a sound model, but never one of the same name.
            if let Ok(other) = Model::from_bytes(&pack(&entries, CompressionMethod::Stored)) {
                assert_ne!(other.sha256(), model(2).sha256(), "{name}, bit {bit}");
            }
        }
    }
}

/// What is said of a package whose decoder's graph was changed.
fn with_graph(change: impl FnOnce(&mut ModelProto)) -> String {
    let error = altered(|entries| {
        let decoder = entry(entries, "decoder.onnx");
        let mut graph = ModelProto::decode(decoder.as_slice()).expect("the decoder is ONNX");
        change(&mut graph);
        *decoder = graph.encode_to_vec();
    });
    assert!(matches!(error, Error::InvalidModel(_) | Error::Limit(_) | Error::Unsupported(_)), "{error}");
    error.to_string()
}

#[test]
fn graphs_that_would_do_harm_are_refused() {
    let node = |operator: &str| NodeProto { op_type: Some(operator.to_owned()), ..NodeProto::default() };
    for operator in ["Loop", "If", "Scan", "RandomNormal", "PyOp", ""] {
        let found = with_graph(|model| {
            model.graph.as_mut().expect("there is a graph").node.insert(0, node(operator));
        });
        assert!(found.contains(operator), "{found}");
    }
    let foreign = with_graph(|model| {
        let nodes = &mut model.graph.as_mut().expect("there is a graph").node;
        nodes[0].domain = Some("com.example".to_owned());
    });
    assert!(foreign.contains("com.example"), "{foreign}");

    let external = with_graph(|model| {
        let weights = &mut model.graph.as_mut().expect("there is a graph").initializer[0];
        weights.data_location = Some(1);
        let entry = |key: &str, value: &str| StringStringEntryProto {
            key: Some(key.to_owned()),
            value: Some(value.to_owned()),
        };
        weights.external_data = vec![entry("location", "/etc/passwd")];
        weights.raw_data = None;
    });
    assert!(external.contains("external"), "{external}");

    let giant = with_graph(|model| {
        let weights = &mut model.graph.as_mut().expect("there is a graph").initializer[0];
        weights.dims = vec![i64::MAX, i64::MAX];
    });
    assert!(!giant.is_empty());
    let negative = with_graph(|model| {
        let weights = &mut model.graph.as_mut().expect("there is a graph").initializer[0];
        weights.dims = vec![-1, 4];
    });
    assert!(!negative.is_empty());
    let empty = with_graph(|model| model.graph = None);
    assert!(empty.contains("graph"), "{empty}");

    let error = altered(|entries| *entry(entries, "decoder.onnx") = vec![0xff; 100]);
    assert!(matches!(error, Error::InvalidModel(_)), "{error}");
}

/// What is said of a package of `rvq` after `change` of its decoder's codebooks.
fn with_codebooks(change: impl FnOnce(&mut TensorProto)) -> String {
    let error = altered_of(Quantiser::Rvq, |entries| {
        let decoder = entry(entries, "decoder.onnx");
        let mut model = ModelProto::decode(decoder.as_slice()).expect("the decoder is ONNX");
        let graph = model.graph.as_mut().expect("there is a graph");
        let tensor = graph.initializer.iter_mut().find(|t| t.name.as_deref() == Some("codebooks"));
        change(tensor.expect("the graph holds codebooks"));
        *decoder = model.encode_to_vec();
    });
    assert!(matches!(error, Error::InvalidModel(_) | Error::Limit(_)), "{error}");
    error.to_string()
}

#[test]
fn codebooks_that_do_not_fit_are_refused() {
    let says =
        |found: String, wanted: &str| assert!(found.contains(wanted), "\"{found}\" lacks \"{wanted}\"");
    let manifest_of = |quantiser, change: fn(&mut Value)| {
        altered_of(quantiser, |entries| manifest(entries, change)).to_string()
    };
    use Quantiser::{Fsq, Rvq, Vq};
    says(
        manifest_of(Fsq, |m| m["quantiser"] = json!("lattice")),
        "unknown variant `lattice`, expected one of `fsq`",
    );
    says(manifest_of(Fsq, |m| m["quantiser"] = json!("rvq")), "rvq takes codebooks, there are none");
    says(manifest_of(Rvq, |m| m["quantiser"] = json!("fsq")), "fsq takes no codebooks");
    says(manifest_of(Rvq, |m| m["quantiser"] = json!("vq")), "vq has 8 stages, allowed is 1");
    says(
        manifest_of(Rvq, |m| m["codebooks"]["size"] = json!(1)),
        "1 entries a codebook, allowed are 2 to 65536",
    );
    says(
        manifest_of(Rvq, |m| m["codebooks"]["width"] = json!(1u64 << 40)),
        "latents an entry, allowed are 1 to 4096",
    );
    says(manifest_of(Rvq, |m| m["codebooks"]["stages"] = json!(7)), "16 planes, 2 groups of 7 stages are 14");
    says(manifest_of(Rvq, |m| m["codebooks"]["beam"] = json!(7)), "unknown field `beam`");
    says(
        manifest_of(Rvq, |m| m["codebooks"]["size"] = json!(47)),
        "model.json says float16 (10) of [16, 47, 8]",
    );
    says(manifest_of(Vq, |m| m["quantiser"] = json!("rvq")), "entry 0 of codebook 0 is not zero");

    says(with_codebooks(|t| t.name = Some("books".to_owned())), "`codebooks`");
    says(with_codebooks(|t| t.dims.swap(0, 1)), "`codebooks` is of type 10 and shape [48, 16, 8]");
    let set = |t: &mut TensorProto, at: usize, bits: u16| {
        t.raw_data.as_mut().expect("it is raw")[2 * at..2 * at + 2].copy_from_slice(&bits.to_le_bytes());
    };
    says(with_codebooks(|t| set(t, 48 * 8 + 17, 0x7e00)), "entry 2 of codebook 1 holds NaN");
    says(with_codebooks(|t| set(t, 3, 0x7c00)), "entry 0 of codebook 0 holds inf");
    says(with_codebooks(|t| set(t, 48 * 8 + 7, 0x0001)), "entry 0 of codebook 1 is not zero");
    says(
        with_codebooks(|t| {
            t.int32_data = vec![0; 16 * 48 * 8];
            t.raw_data = None;
        }),
        "as raw data",
    );
}

#[test]
fn graphs_with_other_inputs_are_refused() {
    let swap = |quantiser, name: &'static str, other| {
        let graph = model_of(other, 2);
        let graph =
            if name == "decoder.onnx" { graph.decoder() } else { graph.encoder().unwrap_or_default() }
                .to_vec();
        altered_of(quantiser, |entries| *entry(entries, name) = graph).to_string()
    };
    let found = swap(Quantiser::Rvq, "decoder.onnx", Quantiser::Fsq);
    assert!(found.contains("decoder.onnx takes (codes int32 of 4 axes, step float32 of 1 axes)"), "{found}");
    assert!(found.contains("it must take codes int32 [n, planes, gy, gx] alone, for vq and rvq"), "{found}");
    let found = swap(Quantiser::Fsq, "decoder.onnx", Quantiser::Rvq);
    assert!(found.contains("it must take codes int32 [n, planes, gy, gx] and step float32 [1]"), "{found}");
    let error = altered_of(Quantiser::Rvq, |entries| {
        let decoder = entry(entries, "decoder.onnx").clone();
        *entry(entries, "encoder.onnx") = decoder;
    });
    assert!(error.to_string().contains("encoder.onnx takes (codes int32 of 4 axes)"), "{error}");
}

#[test]
fn priors_are_read_in_one_form_only() {
    for quantiser in [Quantiser::Fsq, Quantiser::Vq, Quantiser::Rvq] {
        let sound = model_of(quantiser, 2).priors().to_bytes();
        assert_eq!(Priors::from_bytes(&sound).expect("the priors are sound").to_bytes(), sound);
        for end in (0..sound.len()).step_by(1 + sound.len() / 3000).chain(0..40) {
            let error = Priors::from_bytes(&sound[..end]).expect_err("they were cut").to_string();
            assert!(error.starts_with("invalid model: priors.bin: "), "{error}");
        }
        for extra in [&[0][..], &sound] {
            assert!(Priors::from_bytes(&[&sound, extra].concat()).is_err());
        }
        for bit in (0..sound.len() * 8).step_by(1 + sound.len() / 400).chain(0..400) {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(priors) = Priors::from_bytes(&bytes) {
                assert!(priors.to_bytes() == bytes, "bit {bit}: what was read is not what is written");
            }
        }
    }
    let foreign = model_of(Quantiser::Vq, 2).priors().to_bytes();
    let error = altered_of(Quantiser::Rvq, |entries| *entry(entries, "priors.bin") = foreign).to_string();
    assert!(error.contains("priors.bin describes 4 planes of indices, model.json says 16 of rvq"), "{error}");
    let foreign = model(2).priors().to_bytes();
    let error = altered_of(Quantiser::Rvq, |entries| *entry(entries, "priors.bin") = foreign).to_string();
    assert!(error.contains("128 planes of scalar codes, model.json says 16 of rvq"), "{error}");
}

#[test]
fn packages_with_codebooks_round_trip() {
    for quantiser in [Quantiser::Vq, Quantiser::Rvq] {
        let model = model_of(quantiser, 2);
        let bytes = model.to_bytes().expect("a model can be packed");
        let again = Model::from_bytes(&bytes).expect("a package opens");
        assert_eq!(again.to_bytes().expect("a model can be packed"), bytes);
        assert_eq!(again.sha256(), model.sha256());
        assert!(again.can_encode() && again.codebooks().is_some());
    }
}
