//! `vqz schema`: the JSON Schema of what a command prints with `--json`.

use crate::output;
use anyhow::{Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz schema encode > encode.schema.json
  vqz encode scene.zarr scene-vqz.zarr --lossless --json | check-jsonschema --schemafile encode.schema.json -

The schema is that of this version and names every key. A later version may add keys.")]
pub(crate) struct Args {
    /// The command. Without it, the commands that have a schema are listed.
    command: Option<String>,
}

/// The schemas of the commands, without the shared definitions.
const SCHEMAS: [(&str, &str); 12] = [
    ("bench", include_str!("../../schema/bench.json")),
    ("compare", include_str!("../../schema/compare.json")),
    ("decode", include_str!("../../schema/decode.json")),
    ("demo", include_str!("../../schema/demo.json")),
    ("encode", include_str!("../../schema/encode.json")),
    ("export", include_str!("../../schema/export.json")),
    ("fit", include_str!("../../schema/fit.json")),
    ("info", include_str!("../../schema/info.json")),
    ("ingest", include_str!("../../schema/ingest.json")),
    ("repair", include_str!("../../schema/repair.json")),
    ("report", include_str!("../../schema/report.json")),
    ("verify", include_str!("../../schema/verify.json")),
];

/// Objects that several commands print, as definitions of a schema.
const SHARED: &str = include_str!("../../schema/shared.json");

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Some(command) => output::line(serde_json::to_string_pretty(&schema(command)?)?),
        None => SCHEMAS.iter().try_for_each(|(command, _)| output::line(command)),
    }
}

/// The schema of a command, with the shared definitions that it refers to.
fn schema(command: &str) -> Result<Value> {
    let Some((_, text)) = SCHEMAS.iter().find(|(name, _)| *name == command) else {
        let names: Vec<&str> = SCHEMAS.iter().map(|(name, _)| *name).collect();
        bail!("`vqz {command}` prints no JSON; commands that do are {}", names.join(", "));
    };
    let mut schema: Map<String, Value> = serde_json::from_str(text)?;
    let mut shared: Map<String, Value> = serde_json::from_str(SHARED)?;
    let mut definitions = match schema.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    loop {
        let mut wanted = BTreeSet::new();
        references(&Value::Object(schema.clone()), &mut wanted);
        definitions.values().for_each(|definition| references(definition, &mut wanted));
        let Some(missing) = wanted.into_iter().find(|name| !definitions.contains_key(name)) else { break };
        let Some(definition) = shared.remove(&missing) else { bail!("the schema lacks {missing}") };
        definitions.insert(missing, definition);
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Ok(Value::Object(schema))
}

/// The names of the definitions that a schema refers to.
fn references(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                names.extend(name.strip_prefix("#/$defs/").map(str::to_owned));
            }
            members.values().for_each(|member| references(member, names));
        }
        Value::Array(members) => members.iter().for_each(|member| references(member, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_holds_all_that_it_refers_to() {
        for (command, _) in SCHEMAS {
            let schema = schema(command).unwrap();
            let mut names = BTreeSet::new();
            references(&schema, &mut names);
            assert!(names.iter().all(|name| schema["$defs"].get(name).is_some()), "{command}");
            assert!(names.contains("remark"), "{command} has no remarks");
        }
        assert!(
            schema("completions").unwrap_err().to_string().starts_with("`vqz completions` prints no JSON; ")
        );
    }
}
