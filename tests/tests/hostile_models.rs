//! Hostile metadata and models: impossible configurations, and models that are missing, altered or harmful.

mod packages;

use packages::{altered, entry, manifest, pack, unpack};
use prost::Message;
use serde_json::{Value, json};
use vqz_codec::Error;
use vqz_codec::authoring::pb::{
    AttributeProto, ModelProto, NodeProto, StringStringEntryProto, attribute_type,
};
use vqz_codec::model::Model;
use vqz_tests::arrays::Case;
use vqz_tests::models::{fit, model};
use zarrs::array::codec::api::Codec;
use zarrs::metadata::v3::MetadataV3;
use zip::CompressionMethod;

/// What zarrs says of a codec with this configuration.
fn refusal(configuration: &Value) -> String {
    let metadata: MetadataV3 = serde_json::from_value(json!({"name": "vqz", "configuration": configuration}))
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
    for (key, wanted) in [("model", "names no model and promises nothing"), ("axes", "missing field `axes`")]
    {
        let mut configuration = configuration();
        configuration.as_object_mut().expect("it is an object").remove(key);
        assert!(refusal(&configuration).contains(wanted), "{key}");
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

    // Found by fuzzing: tract loops for ever on such a permutation, with growing memory.
    let twice = with_graph(|model| {
        let transpose = NodeProto {
            op_type: Some("Transpose".to_owned()),
            input: vec!["codes".to_owned()],
            output: vec!["twice".to_owned()],
            attribute: vec![AttributeProto {
                name: Some("perm".to_owned()),
                r#type: Some(attribute_type::INTS),
                ints: vec![0, 1, 1, 2],
                ..AttributeProto::default()
            }],
            ..NodeProto::default()
        };
        model.graph.as_mut().expect("there is a graph").node.insert(0, transpose);
    });
    assert!(twice.contains("permutes axes by [0, 1, 1, 2]; each from 0 on is allowed once"), "{twice}");

    let error = altered(|entries| *entry(entries, "decoder.onnx") = vec![0xff; 100]);
    assert!(matches!(error, Error::InvalidModel(_)), "{error}");
}
