//! The program reads the golden archives, and says what is wrong with a folder that is none.

use std::path::Path;
use std::process::{Command, Output};

fn read(archive: &Path) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_vqz-consumer")).arg(archive).output();
    program.expect("the program starts")
}

#[test]
fn golden_archives_are_read() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/golden");
    let mut read_archives = 0;
    for version in std::fs::read_dir(&golden).expect("spec/golden is there").flatten() {
        for archive in std::fs::read_dir(version.path()).expect("a version is a folder").flatten() {
            if !archive.path().join("zarr.json").is_file() {
                continue;
            }
            let output = read(&archive.path());
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {said}", archive.path().display());
            read_archives += 1;
        }
    }
    assert!(read_archives > 0, "there are no archives in {}", golden.display());
}

#[test]
fn other_folders_are_named() {
    let output = read(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("holds no zarr.json; give the folder of a Zarr v3 array or group"), "{said}");
}
