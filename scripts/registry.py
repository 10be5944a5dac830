#!/usr/bin/env python3
"""Assembles the folder that is submitted to the registry of Zarr extensions, as its `codecs/vqz`.

    scripts/registry.py FOLDER

The pages, the schema and the examples are those of spec/. The sample data are golden archives: their chunks are copied
unchanged, and the codec gets its present name in their metadata, where archives from before the first release have the
former one.
"""

import json
import re
import shutil
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parent.parent / "spec"
NAME, FORMER_NAME = "vqz", "vqvae"


def sample_names():
    """The golden archives of version 1 that the page about sample data lists."""
    return re.findall(r"^\| `([\w-]+)` \|", (SPEC / "sample_data/README.md").read_text(), re.MULTILINE)


def renamed(codecs):
    """The same codecs, with this one under its present name, inside shards as well."""
    for codec in codecs:
        if codec["name"] == FORMER_NAME:
            codec["name"] = NAME
        renamed(codec.get("configuration", {}).get("codecs", []))
    return codecs


def copy_array(source, target):
    shutil.copytree(source, target)
    path = target / "zarr.json"
    metadata = json.loads(path.read_text())
    metadata["codecs"] = renamed(metadata["codecs"])
    path.write_text(json.dumps(metadata, indent=2) + "\n")


def assemble(folder):
    folder.mkdir(parents=True)
    for file in ("README.md", "schema.json"):
        shutil.copy(SPEC / file, folder / file)
    for pages in ("format", "examples", "sample_data"):
        shutil.copytree(SPEC / pages, folder / pages)
    for name in sample_names():
        arrays = sorted((SPEC / "golden/v1").glob(f"{name}.*zarr"))
        if not arrays:
            raise SystemExit(f"spec/sample_data/README.md lists {name}, which is not in spec/golden/v1")
        for array in arrays:
            copy_array(array, folder / "sample_data" / array.name)


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: scripts/registry.py FOLDER")
    folder = Path(sys.argv[1])
    if folder.exists():
        raise SystemExit(f"{folder} exists; name a folder that does not, or remove it first")
    assemble(folder)
    print(f"assembled {folder}: copy it to codecs/{NAME} of the registry")


if __name__ == "__main__":
    main()
