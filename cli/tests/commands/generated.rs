//! What is generated from the command line's own definition: completions, manual pages and schemas.

use crate::common::{call, folder, succeed};

const COMMANDS: [&str; 15] = [
    "ingest",
    "fit",
    "encode",
    "decode",
    "export",
    "info",
    "verify",
    "repair",
    "compare",
    "report",
    "bench",
    "demo",
    "completions",
    "man",
    "schema",
];

#[test]
fn shells_get_completions() {
    let folder = folder("completions");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = succeed(&folder, &["completions", shell]);
        for word in COMMANDS.into_iter().chain(["max-error", "quiet"]) {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    let (code, _, err) = call(&folder, &["completions", "tcsh"]);
    assert!(code == 2 && err.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{err}");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = folder("man");
    let page = succeed(&folder, &["man"]);
    assert!(page.contains(".TH vqz 1") && page.contains("Exit codes:"), "{page}");
    let listed = succeed(&folder, &["man", "pages/man1"]);
    assert_eq!(listed.lines().count(), COMMANDS.len() + 1, "{listed}");
    for command in COMMANDS {
        let page = std::fs::read_to_string(folder.join(format!("pages/man1/vqz-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH vqz-{command} 1")), "{page}");
        assert!(
            page.contains(&format!("vqz {command}")) || page.contains(&format!("vqz\\-{command}")),
            "{page}"
        );
    }
    assert!(folder.join("pages/man1/vqz.1").is_file());
    // Pages that are there are replaced.
    succeed(&folder, &["man", "pages/man1"]);
}

#[test]
fn commands_with_json_have_a_schema() {
    let folder = folder("schema");
    let listed = succeed(&folder, &["schema"]);
    for command in COMMANDS {
        let (_, help, _) = call(&folder, &[command, "--help"]);
        // Without GDAL, `ingest` has no options at all.
        let wanted = (help.contains("--json") && command != "schema") || command == "ingest";
        assert_eq!(listed.lines().any(|line| line == command), wanted, "{command}: {listed}");
        if wanted {
            let schema: serde_json::Value =
                serde_json::from_str(&succeed(&folder, &["schema", command])).unwrap();
            assert_eq!(schema["title"], format!("vqz {command} --json"));
        }
    }
}

/// Advice must not lead to an option or a command that is not there. (Without GDAL, `ingest` has no options at all.)
#[cfg(feature = "gdal")]
#[test]
fn messages_name_options_and_commands_that_exist() {
    let folder = folder("options");
    let mut known = String::new();
    for command in COMMANDS {
        known += &succeed(&folder, &[command, "--help"]);
    }
    // Options of cargo, of the trainer and of tools for JSON.
    known += "--features --path --output --schemafile";
    let mut messages = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                messages.extend(code.map(str::to_owned));
            }
        }
    }
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    let (mut options, mut commands) = (0, 0);
    for line in &messages {
        for (at, _) in line.match_indices("--").filter(|(at, _)| !line[..*at].ends_with('-')) {
            let name: String = line[at + 2..].chars().take_while(|c| is_part(*c)).collect();
            if name.starts_with(|c: char| c.is_ascii_lowercase()) {
                assert!(known.contains(&format!("--{name}")), "--{name} is no option: {line}");
                options += 1;
            }
        }
        for (at, start) in line.match_indices("`vqz ") {
            let name: String = line[at + start.len()..].chars().take_while(|c| is_part(*c)).collect();
            assert!(name.is_empty() || COMMANDS.contains(&&*name), "`vqz {name}` is no command: {line}");
            commands += 1;
        }
    }
    assert!(options > 50 && commands > 5, "{options} options and {commands} commands were found");
}
