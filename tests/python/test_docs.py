"""The documentation: its links lead somewhere, and its examples run."""

import shutil
import subprocess
import sys
import unittest

import examples
from support import ROOT, VQZ


class Links(unittest.TestCase):
    def test_links_and_names_lead_somewhere(self):
        done = subprocess.run([sys.executable, ROOT / "scripts/links.py"], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Examples(unittest.TestCase):
    """Every page with examples, but the tutorial, which test_tutorial.py looks at more closely."""

    def test_pages_with_examples_run(self):
        self.assertTrue(VQZ.is_file(), f"{VQZ} is not there; `make test` builds it")
        ran = []
        for page in examples.PAGES:
            if page == "docs/tutorial.md" or not examples.blocks(page):
                continue
            with self.subTest(page=page):
                folder, printed = examples.run(page)
                self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
                self.assertEqual(len(printed), len(examples.blocks(page)))
                ran.append(page)
        for page in ["README.md", "docs/start.md", "docs/guides/fit.md", "docs/guides/nodata.md",
                     "docs/guides/promises.md", "docs/reference/json.md"]:
            self.assertIn(page, ran)


if __name__ == "__main__":
    unittest.main()
