"""The JSON output of every command, checked against the schema that `vqz schema` prints: no key that is not described, none that
is missing, and no number that is not one."""

import json
import subprocess
import sys
import unittest

import jsonschema
import numpy as np

from support import MODEL, ROOT, SAMPLE, VQZ, Case

COMMANDS = ["bench", "compare", "decode", "demo", "encode", "export", "fit", "info", "ingest", "repair", "report", "verify"]


def refuse(name):
    raise AssertionError(f"{name} is no JSON")


def parse(text):
    """Parses JSON strictly: Python would take NaN and Infinity."""
    return json.loads(text, parse_constant=refuse)


def objects(schema):
    """Every description of an object in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


class Schemas(Case):
    programs = (VQZ,)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.validators = {}

    def validator(self, command):
        if command not in self.validators:
            schema = parse(self.vqz("schema", command))
            jsonschema.Draft202012Validator.check_schema(schema)
            self.validators[command] = jsonschema.Draft202012Validator(schema)
        return self.validators[command]

    def json(self, command, *arguments, code=0):
        """Calls a command with --json, holds what it prints against its schema, and returns it."""
        done = self.run_with(command, *arguments, "--json", code=code)
        found = parse(done)
        for error in self.validator(command).iter_errors(found):
            self.fail(f"vqz {command} {' '.join(map(str, arguments))}: {error.json_path}: {error.message}")
        self.assertIsInstance(found["remarks"], list)
        return found

    def run_with(self, *arguments, code=0):
        """Standard output, whatever the exit code."""
        command = [str(VQZ), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, code, f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_every_command_has_a_schema_and_every_key_is_explained(self):
        self.assertEqual(self.vqz("schema").split(), COMMANDS)
        for command in COMMANDS:
            schema = self.validator(command).schema
            definitions = schema["$defs"]
            for described in objects(schema):
                closed = described.get("unevaluatedProperties") is False or described is definitions.get("stored")
                self.assertTrue(closed, f"{command}: an object that takes any key: {list(described['properties'])}")
                for key, value in described["properties"].items():
                    target = definitions[value["$ref"].rpartition("/")[2]] if "$ref" in value else value
                    self.assertTrue({"description", "const"} & target.keys(), f"{command}: {key} is not explained")

    def test_the_page_in_the_book_is_made_from_the_schemas(self):
        script = ROOT / "scripts/json_reference.py"
        done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_undeclared_key_is_noticed(self):
        found = self.json("info", SAMPLE)
        self.assertTrue(self.validator("info").is_valid(found))
        self.assertFalse(self.validator("info").is_valid({**found, "more": 1}))
        found["arrays"][0]["more"] = 1
        self.assertFalse(self.validator("info").is_valid(found))
        encoded = self.json("encode", SAMPLE, self.folder / "a.zarr", "--max-error", 50)
        self.assertFalse(self.validator("encode").is_valid({**encoded, "more": 1}))
        del encoded["data_ratio"]
        self.assertFalse(self.validator("encode").is_valid(encoded))

    def test_an_archive_through_every_command(self):
        a, b, c = (self.folder / name for name in ("a.zarr", "b.zarr", "c.zarr"))
        self.json("encode", SAMPLE, a, "--model", MODEL, "--psnr", 45, "--dates", 2)
        self.json("encode", SAMPLE, b, "--max-error", 20, "--stable")
        self.json("encode", SAMPLE, c, "--lossless")
        open_share = self.json("encode", SAMPLE, self.folder / "shares.zarr", "--lossless", "--shard", "0/2", "--chunk-size", 64)
        self.assertEqual(open_share["open"], [1])
        self.json("encode", SAMPLE, self.folder / "shares.zarr", "--lossless", "--shard", "1/2", "--chunk-size", 64)
        for archive in (a, b, c):
            self.json("info", archive, "--window", "0:64,0:64")
            self.json("verify", archive, "--against", SAMPLE)
            self.json("repair", archive, "--from", SAMPLE)
            self.json("compare", SAMPLE, archive)
            self.json("report", archive, "--against", SAMPLE, "-o", self.folder / f"{archive.stem}.html")
            self.json("report", archive, "-o", self.folder / f"{archive.stem}-alone.html")
            self.json("decode", archive, self.folder / f"{archive.stem}-plain.zarr")
        self.json("info", SAMPLE)
        self.json("info", MODEL)
        self.json("info", "--runtime")
        # An exact archive has no PSNR.
        self.assertIsNone(self.json("compare", SAMPLE, c)["rasters"][0]["overall"]["psnr_db"])

    def test_what_falls_short_is_in_the_json(self):
        a = self.folder / "a.zarr"
        missed = self.json("encode", SAMPLE, a, "--model", MODEL, "--psnr", 150, code=1)
        self.assertIn("target_missed", [remark["kind"] for remark in missed["remarks"]])
        chunk = next(path for path in sorted((a / "c").rglob("*")) if path.is_file())
        chunk.unlink()
        self.assertFalse(self.json("verify", a, code=1)["holds"])
        self.assertIsNotNone(self.json("info", a)["arrays"][0]["encoding"]["lost"])
        for command, more in (("decode", [a, self.folder / "b.zarr"]), ("compare", [SAMPLE, a])):
            (remark,) = [r for r in self.json(command, *more, code=1)["remarks"] if r["kind"] == "chunks_lost"]
            self.assertEqual((remark["lost"]["lost"], len(remark["lost"]["chunks"])), (1, 1))

    def test_models_benchmarks_and_the_demonstration(self):
        model = self.folder / "own.vqm"
        self.json("fit", SAMPLE, "-o", model, "--max-samples", 200000)
        self.json("bench", SAMPLE, "--model", model, "--targets", 42)
        labels = self.write("labels.zarr", np.indices((192, 192)).sum(0).astype(np.uint8) // 64 + 1, ["y", "x"])
        self.json("bench", SAMPLE, "--model", MODEL, "--targets", "42", "--downstream", labels)
        self.json("demo", "--sample", SAMPLE, "--model", MODEL, "--out", self.folder / "demo", "--quality", 45)
        for golden in ("uint16-rvq.zarr", "uint16-vq.zarr"):
            path = ROOT / "spec/golden/v0" / golden
            if path.exists():
                self.json("info", path)
                self.json("verify", path)

    def test_arrays_without_data(self):
        empty = np.full((2, 64, 64), -9999, np.float32)
        source = self.write("empty.zarr", empty, ["band", "y", "x"], fill_value=-9999, attributes={"nodata": -9999})
        archive = self.folder / "a.zarr"
        self.assertIsNone(self.json("encode", source, archive, "--max-error", 1)["rmse"])
        self.json("info", archive, "--window", "0:8,0:8")
        self.json("verify", archive, "--against", source)
        self.json("compare", source, archive, "--peak", 100)

    def test_files_of_rasters(self):
        if "feature gdal" in self.vqz("ingest", "--help").splitlines()[0]:
            self.skipTest("SKIPPED: this build has no GDAL")
        archive, scene = self.folder / "a.zarr", self.folder / "scene.tif"
        self.json("encode", SAMPLE, archive, "--lossless")
        self.json("export", archive, scene, "--dates", 0)
        self.json("export", archive, self.folder / "cube.nc")
        self.json("export", archive, self.folder / "plain.zarr")
        self.json("info", scene)
        cube = self.folder / "cube.zarr"
        quick = ["--name", "{place}.tif", "--nodata", 0]
        self.json("ingest", scene, cube, *quick, "--dry-run")
        self.json("ingest", scene, cube, *quick)
        self.json("ingest", scene, self.folder / "coded.zarr", *quick, "--lossless")
        self.json("export", cube, "--overview")


if __name__ == "__main__":
    unittest.main()
