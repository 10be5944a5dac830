"""Configurations, packages and graphs that a reader must refuse."""

import base64
import copy
import io
import json
import os
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import vqz
from golden import archive, configuration_of
from onnx import TensorProto, helper
from vqz.configuration import Configuration
from vqz.graphs import FLOAT, Graph
from vqz.manifest import read_manifest
from vqz.model import package_hash, read_entries
from vqz.priors import IndexPriors, ScalarPriors


class Configurations(unittest.TestCase):
    def setUp(self):
        self.valid = configuration_of(archive("int16-nodata-time"))

    def assert_refused(self, message, **changes):
        changed = {**copy.deepcopy(self.valid), **changes}
        with self.assertRaisesRegex(vqz.Refused, message):
            Configuration.parse(changed).model()

    def test_what_is_refused(self):
        self.assert_refused("unknown keys", other=1)
        self.assert_refused("unknown keys", model={**self.valid["model"], "other": 1})
        self.assert_refused("quality", quality=201)
        self.assert_refused("quality", quality="45")
        self.assert_refused("entropy", entropy="zstd")
        self.assert_refused("promise", promise={"kind": "error"})
        self.assert_refused("unknown keys", promise={"kind": "lossless", "bound": [1]})
        self.assert_refused("lacks", promise={"kind": "max_error"})
        self.assert_refused("stable", promise={"kind": "max_error", "bound": [1], "stable": 1})
        for bound in (1, []):
            self.assert_refused("no array", promise={"kind": "max_error", "bound": bound})
        for bound in ("1", True, float("inf"), -1):
            self.assert_refused("a bound", promise={"kind": "max_error", "bound": [1, bound]})
        self.assert_refused("nodata", nodata=["nan"])
        self.assert_refused("nodata", nodata=-9999)
        for axes in (["y"], ["y", "y"], ["band", "x"], ["band", "band", "y", "x"], list("abcdeyx"), "yx"):
            self.assert_refused("axes", axes=axes)
        for order in ([0, 0], [1, 2], [-1, 0], [0, 1, 3]):
            self.assert_refused("each band once", band_order=order)
        for order in ("01", [0, "1"], [0, True], [0.0, 1]):
            self.assert_refused("integers", band_order=order)
        self.assert_refused("lack|object", model="test")
        self.assert_refused("sha256", model={**self.valid["model"], "sha256": "0" * 63})
        self.assert_refused("base64", model={**self.valid["model"], "decoder": "!"})
        self.assert_refused("unpacked", model={**self.valid["model"], "decoder": "AAAA"})
        self.assert_refused("its hash is", model={**self.valid["model"], "sha256": "0" * 64})
        with self.assertRaises(vqz.MissingModel):
            Configuration.parse({**self.valid, "model": {"name": "none", "sha256": "0" * 64}}).model()

    def test_models_are_needed_where_nothing_is_promised(self):
        del self.valid["model"], self.valid["quality"]
        self.assert_refused("lacks a model", promise={"kind": "quality"})
        for promise in ({"kind": "lossless"}, {"kind": "max_error", "bound": [0.5], "stable": True}):
            self.assertIsNone(Configuration.parse({**self.valid, "promise": promise}).model())

    def test_models_are_found_in_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "broken.vqm").write_bytes(b"no zip")
            (Path(folder) / "model.vqm").write_bytes(base64.b64decode(self.valid["model"]["decoder"]))
            model = {key: self.valid["model"][key] for key in ("name", "sha256")}
            with mock.patch.dict(os.environ, VQZ_MODEL_PATH=f"/nowhere{os.pathsep}{folder}"):
                found = Configuration.parse({**self.valid, "model": model}).model()
        self.assertEqual(found.hash, model["sha256"])


class Packages(unittest.TestCase):
    def setUp(self):
        configuration = configuration_of(archive("uint16-rvq"))
        self.entries = read_entries(base64.b64decode(configuration["model"]["decoder"]))

    def load(self, **changes):
        """The model of these entries; a dot in an entry's name is `_` here, and None leaves the entry out."""
        entries = {**self.entries, **{name.replace("_", "."): content for name, content in changes.items()}}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive_:
            for name, content in entries.items():
                if content is not None:
                    archive_.writestr(name, content)
        return vqz.load_package(file.getvalue())

    def manifest(self, **changes):
        changed = {**json.loads(self.entries["model.json"]), **changes}
        return json.dumps({key: value for key, value in changed.items() if value is not None}).encode()

    def test_untouched(self):
        self.assertEqual(self.load().hash, package_hash(self.entries))

    def test_entries(self):
        for changes, message in (
            ({"readme_txt": b""}, "unknown entries"),
            ({"priors_bin": None}, "lacks"),
            ({"encoder_onnx": b"other"}, "not the one that the manifest names"),
        ):
            with self.assertRaisesRegex(vqz.Refused, message):
                self.load(**changes)

    def test_manifest(self):
        for changes in (
            {"other": 1},
            {"name": None},
            {"format": "other"},
            {"version": 1},
            {"patch": 12},
            {"window": 2},
            {"planes": 15},
            {"quantiser": "none"},
            {"quantiser": "fsq"},
            {"codebooks": None},
            {"codebooks": {"groups": 2, "stages": 8, "size": 1, "width": 8}},
            {"codebooks": {"groups": 2, "stages": 8, "size": 48, "width": 8, "depth": 1}},
            {"bands": []},
            {"bands": [{"name": "B01", "offset": 0, "scale": 0}]},
            {"calibration": [{"step": 1}]},
            {"calibration": [{"step": 1, "psnr_db": 40}]},
            {"calibration": [{"step": 1, "psnr_db": 40}, {"step": 2, "psnr_db": 45}]},
            {"tolerance": -1},
            {"planes": 65537},
            {"peak": 0},
        ):
            with self.subTest(changes), self.assertRaises(vqz.Refused):
                read_manifest(self.manifest(**changes))
        with self.assertRaises(vqz.Refused):
            read_manifest(b"{")

    def test_codebooks(self):
        def changed(change):
            model = onnx.load_model_from_string(self.entries["decoder.onnx"])
            tensor = next(t for t in model.graph.initializer if t.name == "codebooks")
            entries = np.frombuffer(tensor.raw_data, np.float16).reshape(16, 48, 8).copy()
            change(tensor, entries)
            return model.SerializeToString()

        def put(value, *at):
            def change(tensor, entries):
                entries[at] = value
                tensor.raw_data = entries.tobytes()

            return change

        def rename(tensor, _):
            tensor.name = "books"

        self.load(decoder_onnx=changed(put(1, 0, 1)))
        for change, message in (
            (put(1, 3, 0, 2), "first entry"),
            (put(np.inf, 0, 1, 0), "not finite"),
            (put(np.nan, 0, 1, 0), "not finite"),
            (rename, "no initialiser|cannot be loaded"),
        ):
            with self.assertRaisesRegex(vqz.Refused, message):
                self.load(decoder_onnx=changed(change))

    def test_priors(self):
        codebooks = self.load().codebooks
        good = self.entries["priors.bin"]
        IndexPriors(good, codebooks, True)
        other = [b"VQZP" + good[4:], good[:4] + b"\1" + good[5:], good[:8] + b"\0" + good[9:]]
        for bad in (good[:-1], good + b"\0", *other):
            with self.assertRaises(vqz.Refused):
                IndexPriors(bad, codebooks, True)

    def test_scalar_priors(self):
        configuration = configuration_of(archive("uint8-large-tiles"))
        good = read_entries(base64.b64decode(configuration["model"]["decoder"]))["priors.bin"]
        ScalarPriors(good, 64)
        damaged = [good[:at] for at in range(0, len(good), 997)] + [good + b"\0", good[:7] + good[8:9] + good[8:]]
        damaged += [good[:6] + b"\3" + good[7:], good[:7] + b"\x40" + good[8:]]
        for bad in damaged:
            with self.assertRaises(vqz.Refused):
                ScalarPriors(bad, 64)


class Graphs(unittest.TestCase):
    """Graphs that a model may not hold."""

    def graph(self, nodes=None, opset=17, domain="", initialisers=(), functions=(), ir=8):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])
        nodes = nodes or [helper.make_node("Relu", ["x"], ["y"])]
        graph = helper.make_graph(nodes, "graph", [x], [y], list(initialisers))
        opsets = [helper.make_opsetid(domain, opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=ir, functions=list(functions))

    def assert_refused(self, message, model, inputs=(FLOAT,)):
        with self.assertRaisesRegex(vqz.Refused, message):
            Graph(model.SerializeToString(), "graph", list(inputs))

    def test_what_is_allowed(self):
        graph = Graph(self.graph().SerializeToString(), "graph", [FLOAT])
        x = np.array([-1, 2], np.float32)
        self.assertEqual(graph.run(x, shape=(2,)).tolist(), [0, 2])
        with self.assertRaisesRegex(vqz.Refused, "gives"):
            graph.run(x, shape=(3,))

    def test_what_is_not(self):
        self.assert_refused("not allowed", self.graph([helper.make_node("RandomNormalLike", ["x"], ["y"])]))
        self.assert_refused("domain", self.graph([helper.make_node("Relu", ["x"], ["y"], domain="com.microsoft")]))
        self.assert_refused("operators of other sets", self.graph(opset=22))
        self.assert_refused("operators of other sets", self.graph(domain="other"))
        self.assert_refused("IR version", self.graph(ir=11))
        self.assert_refused("inputs of the element types", self.graph(), [FLOAT, FLOAT])
        body = helper.make_graph([], "body", [], [])
        self.assert_refused("subgraph", self.graph([helper.make_node("Relu", ["x"], ["y"], body=body)]))
        function = helper.make_function("other", "f", ["a"], ["b"], [], [helper.make_opsetid("", 17)])
        self.assert_refused("functions", self.graph(functions=[function]))
        outside = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
        outside.data_location = TensorProto.EXTERNAL
        outside.external_data.add(key="location", value="/etc/passwd")
        self.assert_refused("another file", self.graph(initialisers=[outside]))
        with self.assertRaisesRegex(vqz.Refused, "not an ONNX file"):
            Graph(b"\xff\xff", "graph", [FLOAT])


if __name__ == "__main__":
    unittest.main()
