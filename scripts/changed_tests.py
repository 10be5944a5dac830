#!/usr/bin/env python3
"""Runs the unit tests of the crates that changed; for scripts/check.sh.

Standard input is what `cargo test --no-run --message-format=json` prints. A crate has changed if a file in its folder
differs from the branch main, is new, or is not committed. With the argument `all`, every crate counts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def git(*arguments):
    """The lines that git prints; none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_folders():
    """The first parts of the paths of all files that changed."""
    base = git("merge-base", "main", "HEAD") or git("merge-base", "origin/main", "HEAD")
    head = git("rev-parse", "HEAD")
    if base == head:
        base = git("rev-parse", "HEAD~1")
    files = git("diff", "--name-only", *base[:1]) + git("ls-files", "--others", "--exclude-standard")
    return {name.split("/", 1)[0] for name in files}


def main():
    messages = [json.loads(line) for line in sys.stdin if line.startswith("{")]
    if not any(message["reason"] == "build-finished" and message["success"] for message in messages):
        return 1
    everything = sys.argv[1:] == ["all"]
    folders = changed_folders()
    if "Cargo.lock" in folders:
        everything = True
    ran, failed = [], []
    for message in messages:
        if message["reason"] != "compiler-artifact" or not message.get("executable"):
            continue
        if not message["profile"]["test"]:
            continue
        folder = Path(message["manifest_path"]).parent
        crate = folder.relative_to(ROOT).parts[0]
        if not everything and crate not in folders:
            continue
        name = f"{crate} ({message['target']['name']})"
        # As cargo would call it: from the crate's folder.
        environment = {**os.environ, "CARGO_MANIFEST_DIR": str(folder)}
        done = subprocess.run([message["executable"], "--quiet"], cwd=folder, env=environment, check=False)
        ran.append(name)
        if done.returncode:
            failed.append(name)
    print(f"unit tests of {', '.join(ran) or 'no crate: none changed'}{'; FAILED: ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
