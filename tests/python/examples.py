"""Runs the examples of the documentation: the ```sh blocks of a page, in order, in a folder of its own.

Blocks that are marked ```bash are shown only: they install something, or need files that are not there.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from support import ROOT, VQZ

# Pages with blocks that run.
PAGES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))]


def blocks(page):
    """The blocks of a page that run."""
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), flags=re.S | re.M)


def run(page):
    """Runs the blocks of a page; returns the folder they ran in, which the caller removes, and what each printed."""
    folder = Path(tempfile.mkdtemp(prefix="vqz-docs-"))
    environment = {**os.environ, "PATH": f"{VQZ.parent}:{os.environ['PATH']}"}
    try:
        for name in ["sample", "models"]:
            shutil.copytree(ROOT / name, folder / name)
        printed = []
        for block in blocks(page):
            done = subprocess.run(["sh", "-e", "-c", block], cwd=folder, env=environment, text=True,
                                  capture_output=True, timeout=600)
            if done.returncode:
                raise AssertionError(f"{page}:\n{block}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
            printed.append(done.stdout)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder, printed
