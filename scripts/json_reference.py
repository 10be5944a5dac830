#!/usr/bin/env python3
"""Writes the tables of docs/reference/json.md from the schemas in cli/schema, below the line that says so.

    scripts/json_reference.py            writes the page
    scripts/json_reference.py --check    fails if the page is not as it would be written
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "cli/schema"
PAGE = ROOT / "docs/reference/json.md"
LINE = "<!-- Made by scripts/json_reference.py from cli/schema; do not edit below this line. -->\n"

# The titles of the definitions that several commands share.
TITLES = {
    "remark": "Remark", "lost_chunks": "Lost chunks", "stored": "Stored size", "promise": "Promise", "record": "Record",
    "georeference": "Georeference", "share": "Share of the work", "encode": "Encoded archive", "encoded_array": "Encoded array",
    "target": "Target", "band_comparison": "Band comparison", "raster_comparison": "Raster comparison",
    "codebooks": "Codebooks", "calibration": "Calibration point", "cube_array": "Cube array",
}  # fmt: skip
# Their text stands where they are used.
INLINE = {"remarks", "nodata", "quantiser", "stored_alone"}


def anchor(name):
    return TITLES[name].lower().replace(" ", "-")


def kind(schema, own):
    """The type of a value, in words, with a link to the table of an object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name == "remarks":
            return f"list of [remark](#{anchor('remark')})"
        if name in ("nodata",):
            return "list of number or text"
        if name == "quantiser":
            return "text"
        if name == "stored_alone":
            return f"[stored size](#{anchor('stored')})"
        title = own.get(name) or TITLES[name]
        return f"[{title[0].lower() + title[1:]}](#{title.lower().replace(' ', '-')})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "anyOf" in schema or "oneOf" in schema:
        members = schema.get("anyOf") or schema.get("oneOf")
        return " or ".join(kind(member, own) for member in members)
    types = schema.get("type")
    if types is None:
        return "text" if "enum" in schema else "any"
    words = []
    for name in types if isinstance(types, list) else [types]:
        if name == "array":
            words.append("list of " + kind(schema["items"], own))
        else:
            words.append({"string": "text", "integer": "integer", "number": "number", "boolean": "boolean", "null": "null"}.get(name, name))
    return " or ".join(words)


def meaning(schema, shared):
    text = schema.get("description", "")
    if not text and "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        text = shared.get(name, {}).get("description", "")
    values = [f"`{value}`" for value in schema.get("enum", []) if value is not None]
    if values:
        text += f" One of {', '.join(values)}."
    return text.replace("|", "\\|")


def rows(properties, required, own, shared, prefix=""):
    """The rows of a table, with those of lists of small objects below their key."""
    for key, schema in properties.items():
        inner = schema.get("items", {}) if schema.get("type") == "array" else schema
        objects = [inner] if "properties" in inner else inner.get("oneOf") or inner.get("anyOf") or []
        objects = [each for each in objects if "properties" in each]
        name = f"`{prefix}{key}`" + ("" if key in required else " (optional)")
        if objects:
            listed = "list of object" if schema.get("type") == "array" else "object"
            if {"type": "null"} in inner.get("anyOf", []):
                listed += " or null"
            yield f"| {name} | {listed} | {meaning(schema, shared)} |"
            merged, always = {}, None
            for each in objects:
                merged.update({k: v for k, v in each["properties"].items() if k not in merged})
                always = set(each["required"]) if always is None else always & set(each["required"])
            states = [each["properties"]["state"]["const"] for each in objects if "state" in each["properties"]]
            if states:
                merged["state"] = {"type": "string", "enum": states, "description": "The outcome."}
            yield from rows(merged, always, own, shared, f"{prefix}{key}.")
        else:
            yield f"| {name} | {kind(schema, own)} | {meaning(schema, shared)} |"


def table(schema, own, shared):
    lines = [schema["description"], ""]
    if "oneOf" in schema and "properties" not in schema:
        lines += ["| `kind` | other keys | meaning |", "|---|---|---|"]
        for member in schema["oneOf"]:
            others = {k: v for k, v in member["properties"].items() if k != "kind"}
            keys = ", ".join(f"`{k}`: {kind(v, own)}. {meaning(v, shared)}" for k, v in others.items())
            lines.append(f"| `{member['properties']['kind']['const']}` | {keys} | {member['description']} |")
        return lines
    lines += ["| key | type | meaning |", "|---|---|---|"]
    for each in schema.get("allOf", []):
        name = each["$ref"].rpartition("/")[2]
        lines.append(f"| {', '.join(f'`{key}`' for key in shared[name]['properties'])} | | see [stored size](#{anchor(name)}) |")
    lines += rows(schema["properties"], schema["required"], own, shared)
    return lines


def page():
    shared = json.loads((SCHEMAS / "shared.json").read_text())
    lines = []
    for file in sorted(SCHEMAS.glob("*.json")):
        if file.stem == "shared":
            continue
        schema = json.loads(file.read_text())
        definitions = schema.pop("$defs", {})
        own = {name: f"{file.stem}: {name.replace('_', ' ')}".replace(":", "") for name in definitions}
        lines += [f"## vqz {file.stem}", ""]
        if "properties" in schema:
            lines += [*table(schema, own, shared), ""]
        else:
            members = ", or ".join(kind(member, own) for member in schema["anyOf"])
            lines += [schema["description"], "", f"This is {members}.", ""]
        for name, definition in definitions.items():
            title = own[name]
            lines += [f"### {title[0].upper() + title[1:]}", "", *table(definition, own, shared), ""]
    lines += ["## Objects that several commands print", ""]
    for name, definition in shared.items():
        if name not in INLINE:
            lines += [f"### {TITLES[name]}", "", *table(definition, {}, shared), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    before, line, _ = PAGE.read_text().partition(LINE)
    if not line:
        sys.exit(f"{PAGE} has no line that says where the tables begin")
    text = before + LINE + "\n" + page()
    if sys.argv[1:] == ["--check"]:
        if text != PAGE.read_text():
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what the schemas say; run scripts/json_reference.py")
    else:
        PAGE.write_text(text)
