//! Hostile models with codebooks: shapes, entries, graphs and priors that do not fit each other.

mod packages;

use packages::{altered_of, entry, manifest};
use prost::Message;
use serde_json::{Value, json};
use vqz_codec::Error;
use vqz_codec::authoring::pb::{ModelProto, TensorProto};
use vqz_codec::model::{Model, Priors, Quantiser};
use vqz_tests::models::{model, model_of};

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
