"""The folder for the registry of Zarr extensions: schema, examples, links and sample data are sound."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema
import zarr
from golden import FOLDER, broken_promises, compare, open_pair

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "spec/schema.json").read_text())
NAMES = SCHEMA["properties"]["name"]["enum"]


def codecs_of(value):
    """Every codec object of this codec in some JSON, at any depth."""
    if isinstance(value, dict):
        if value.get("name") in NAMES:
            yield value
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from codecs_of(item)


def anchors(page):
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Schema(unittest.TestCase):
    def setUp(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def validate(self, text, what):
        found = list(codecs_of(json.loads(text)))
        self.assertTrue(found, f"{what} holds no codec of this name")
        for codec in found:
            self.validator.validate(codec)

    def test_examples_are_valid(self):
        examples = sorted((ROOT / "spec/examples").glob("*.json"))
        self.assertGreaterEqual(len(examples), 4)
        for path in examples:
            with self.subTest(path.name):
                self.validate(path.read_text(), path.name)

    def test_examples_in_the_text_are_valid(self):
        blocks = re.findall(r"```json\n(.*?)```", (ROOT / "spec/README.md").read_text(), re.DOTALL)
        self.assertTrue(blocks)
        for block in blocks:
            self.validate(block, block)

    def test_golden_archives_are_valid(self):
        beside = re.compile(r"\.(decoded|source)\.zarr$")
        archives = [path for path in FOLDER.glob("*/*/zarr.json") if not beside.search(path.parent.name)]
        self.assertGreaterEqual(len(archives), 30)
        for path in archives:
            with self.subTest(path.parent.name):
                self.validate(path.read_text(), path)

    def test_what_the_text_forbids_is_not_valid(self):
        axes, lossless = ["y", "x"], {"kind": "lossless"}
        model = {"name": "any", "sha256": "0" * 64}
        for configuration in (
            {"axes": axes},
            {"axes": axes, "promise": {"kind": "quality"}},
            {"axes": ["y", "y", "x"], "promise": lossless},
            {"axes": ["band", "y"], "promise": lossless},
            {"axes": ["x", "y", "band", "band"], "promise": lossless},
            {"axes": [*"yxabcde"], "promise": lossless},
            {"axes": axes, "promise": {"kind": "max_error"}},
            {"axes": axes, "promise": {"kind": "max_error", "bound": []}},
            {"axes": axes, "promise": {"kind": "max_error", "bound": [-1]}},
            {"axes": axes, "promise": {"kind": "lossless", "bound": [1]}},
            {"axes": axes, "promise": lossless, "nodata": ["none"]},
            {"axes": axes, "promise": lossless, "colour": 1},
            {"axes": axes, "model": model, "quality": 201},
            {"axes": axes, "model": model | {"sha256": "0" * 63}},
            {"axes": axes, "model": model | {"licence": "none"}},
            {"axes": axes, "model": model, "entropy": "zstd"},
        ):
            with self.subTest(configuration):
                codec = {"name": "vqz", "configuration": configuration}
                self.assertFalse(self.validator.is_valid(codec))
        sound = {"axes": axes, "promise": lossless}
        self.assertTrue(self.validator.is_valid({"name": "vqz", "configuration": sound}))
        self.assertFalse(self.validator.is_valid({"name": "vqgan", "configuration": sound}))


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name) / "codecs/vqz"
        cls.assemble(cls.folder)

    @staticmethod
    def assemble(folder):
        command = [sys.executable, ROOT / "scripts/registry.py", folder]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    def test_links_lead_somewhere(self):
        pages = sorted(self.folder.rglob("*.md"))
        self.assertGreaterEqual(len(pages), 9)
        for page in pages:
            for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if link.startswith("https://"):
                    continue
                with self.subTest(page=page.name, link=link):
                    path, _, anchor = link.partition("#")
                    target = page.parent / path if path else page
                    self.assertTrue(target.exists())
                    self.assertTrue(target.resolve().is_relative_to(self.folder.resolve()), "leads out of the folder")
                    if anchor:
                        self.assertIn(anchor, anchors(target))

    def test_sample_data_decode_under_the_present_name(self):
        arrays = sorted(path.parent for path in self.folder.glob("sample_data/*/zarr.json"))
        encoded = [path for path in arrays if not path.name.endswith((".decoded.zarr", ".source.zarr"))]
        self.assertGreaterEqual(len(encoded), 9)
        for path in encoded:
            with self.subTest(path.name):
                (codec,) = codecs_of(json.loads((path / "zarr.json").read_text()))
                self.assertEqual(codec["name"], "vqz")
                found, expected, nodata, tolerance = open_pair(path)
                samples = found[...]
                self.assertEqual(compare(samples, expected[...], nodata, tolerance)[0], [])
                self.assertEqual(broken_promises(path, samples), [])

    def test_sample_data_are_small(self):
        size = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        self.assertLess(size, 600_000)

    def test_a_folder_that_exists_is_left_alone(self):
        with self.assertRaises(subprocess.CalledProcessError) as refused:
            self.assemble(self.folder)
        self.assertIn("exists", refused.exception.stderr)


class Name(unittest.TestCase):
    def test_the_name_that_was_read_is_kept(self):
        for path in FOLDER.glob("v1/uint8-*.zarr"):
            if path.name.endswith((".decoded.zarr", ".source.zarr")):
                continue
            written = list(codecs_of(json.loads((path / "zarr.json").read_text())))
            again = list(codecs_of(zarr.open_array(path, mode="r").metadata.to_dict()))
            self.assertEqual([codec["name"] for codec in again], [codec["name"] for codec in written])

    def test_other_names_are_refused(self):
        metadata = json.loads((FOLDER / "v1/uint8-lossless-classes.zarr/zarr.json").read_text())
        metadata["codecs"][0]["name"] = "vqgan"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "zarr.json").write_text(json.dumps(metadata))
            with self.assertRaisesRegex(Exception, "vqgan"):
                zarr.open_array(folder, mode="r")


if __name__ == "__main__":
    unittest.main()
