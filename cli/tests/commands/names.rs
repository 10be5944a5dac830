//! Archives from before the first release, whose metadata call the codec, and the record of its chunks, `vqvae`.

use crate::common::{as_u16, call, figures, folder, landscape, plain, read_array, succeed, write};
use serde_json::Value;
use std::path::Path;

fn metadata(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path.join("zarr.json")).unwrap()).unwrap()
}

/// Gives an archive the metadata that a former release wrote.
fn under_the_former_name(archive: &Path) {
    let path = archive.join("zarr.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\"vqz\"").count(), 2, "the codec's name, and that of the record");
    std::fs::write(path, text.replace("\"vqz\"", "\"vqvae\"")).unwrap();
}

#[test]
fn archives_under_the_former_name_are_read_and_written_under_the_present_one() {
    let folder = folder("former-name");
    write(
        &folder.join("in.zarr"),
        &plain(&[2, 130, 140], &[2, 130, 140]),
        as_u16(&landscape(2, 130, 140, 3)),
    );
    for (name, shards) in [("plain", &[][..]), ("sharded", &["--shard-size", "128"][..])] {
        let archive = format!("{name}.zarr");
        let encode = ["encode", "in.zarr", &archive, "--lossless", "--chunk-size", "64"];
        succeed(&folder, &[&encode[..], shards].concat());
        under_the_former_name(&folder.join(&archive));

        assert_eq!(figures(&folder, &["info", &archive])["arrays"][0]["encoding"]["chunks"], 9, "{name}");
        let verified = figures(&folder, &["verify", &archive, "--against", "in.zarr"]);
        assert_eq!(verified["holds"], true, "{name}");
        let decoded = format!("{name}-decoded.zarr");
        succeed(&folder, &["decode", &archive, &decoded]);
        assert_eq!(read_array(&folder.join(&decoded)), read_array(&folder.join("in.zarr")), "{name}");
        // The record is about the chunks of the archive alone.
        let attributes = |path: &str| metadata(&folder.join(path))["attributes"].clone();
        assert_eq!(attributes(&decoded), attributes("in.zarr"), "{name}");

        let again = format!("{name}-again.zarr");
        succeed(
            &folder,
            &[&["encode", &archive, &again, "--lossless", "--chunk-size", "64"][..], shards].concat(),
        );
        let text = metadata(&folder.join(&again)).to_string();
        assert!(text.contains("\"vqz\"") && !text.contains("vqvae"), "{text}");
    }

    // The record under the former name counts: a lost chunk is noticed.
    std::fs::remove_file(folder.join("plain.zarr/c/0/0/0")).unwrap();
    let (code, out, _) = call(&folder, &["verify", "plain.zarr"]);
    assert_eq!(code, 1);
    assert!(out.contains("  chunk 0/0/0 of plain.zarr: it is lost: all chunks were written\n"), "{out}");
}
