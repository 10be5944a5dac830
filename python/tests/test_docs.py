"""The examples of the guide run, in order, in one process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unittest

import zarr
from support import ROOT, Case


class Guide(Case):
    def test_its_examples_run(self):
        page = (ROOT / "docs/guides/python.md").read_text()
        blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.S | re.M)
        self.assertGreater(len(blocks), 4)
        shutil.copytree(ROOT / "sample", self.folder / "sample")
        script = self.folder / "guide.py"
        # Processes of a cluster import the script: what it does stands where only the first process goes.
        body = "".join(f"    {line}" for block in blocks for line in block.splitlines(keepends=True))
        script.write_text(f'if __name__ == "__main__":\n{body}')
        done = subprocess.run(
            [sys.executable, "-W", "ignore", script], cwd=self.folder, capture_output=True, text=True, timeout=600, env=os.environ
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(zarr.open_array(self.folder / "cluster.zarr/reflectance", mode="r").shape, (4, 12, 192, 192))


class Notebook(Case):
    def test_its_cells_run(self):
        import json

        notebook = json.loads((ROOT / "docs/notebooks/ndvi.ipynb").read_text())
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        shutil.copytree(ROOT / "sample", self.folder / "sample")
        script = self.folder / "notebook.py"
        script.write_text("\n\n".join(cells))
        done = subprocess.run(
            [sys.executable, "-W", "ignore", script], cwd=self.folder, capture_output=True, text=True, timeout=600, env=os.environ
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2012-07-31  NDVI", done.stdout)
        self.assertTrue((self.folder / "naip.html").stat().st_size > 10000)


if __name__ == "__main__":
    unittest.main()
