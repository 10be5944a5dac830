"""Puts the Python package together from its sources and a native library that cargo built, as a wheel would install it.

    python3 scripts/python_package.py LIBRARY FOLDER

So that tests run on the one build that all suites share: a wheel would be compiled once more.
"""

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main():
    library, folder = map(Path, sys.argv[1:])
    project = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    package, info = folder / "vqz", folder / f"vqz-{version}.dist-info"
    for old in (package, info):
        if old.exists():
            shutil.rmtree(old)
    shutil.copytree(ROOT / "python/vqz", package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    shutil.copyfile(library, package / "_vqz.abi3.so")
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vqz\nVersion: {version}\n")
    sections = {**project["entry-points"], "console_scripts": project["scripts"]}
    lines = []
    for section, entries in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {place}" for name, place in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
