"""What a reader must refuse: damaged chunks, foreign fields, and models that hold what they may not."""

import base64
import copy
import io
import json
import tempfile
import unittest
import zipfile
from pathlib import Path

import google_crc32c
import numpy as np
import onnx
import vqvae
from golden import archives, chunks, configuration_of
from onnx import TensorProto, helper
from vqvae.configuration import Configuration
from vqvae.container import read_chunk
from vqvae.counters import SQUASH, STRETCH
from vqvae.cursor import Cursor
from vqvae.graphs import FLOAT, Graph
from vqvae.lz4 import unpack
from vqvae.mask import read_mask
from vqvae.model import package_hash, read_entries, read_manifest
from vqvae.priors import IndexPriors, ScalarPriors
from vqvae.rans import Rans
from vqvae.restore import nodata_of, restore
from vqvae.tiling import Images, cut

PLAIN = [path for path in archives() if "sharded" not in path.name]


def archive(name):
    return next(path for path in PLAIN if path.name == f"{name}.zarr")


def smallest_chunk(path):
    return min(chunks(path), key=lambda chunk: len(chunk[0]))


def crc(data):
    return google_crc32c.value(data).to_bytes(4, "little")


class Damage(unittest.TestCase):
    def setUp(self):
        self.cases = [(path.name, *smallest_chunk(path), Configuration.parse(configuration_of(path))) for path in PLAIN]

    def refused(self, data, shape, dtype, configuration):
        with self.assertRaises(vqvae.Refused):
            vqvae.decode_chunk(data, shape, dtype, 0, configuration)

    def test_any_flipped_bit(self):
        for name, data, *rest in self.cases:
            with self.subTest(name):
                # All bits of the header and of small chunks, every 17th of the rest.
                bits = [*range(min(len(data), 200) * 8), *range(1600, len(data) * 8, 17)]
                for bit in bits:
                    damaged = bytearray(data)
                    damaged[bit // 8] ^= 1 << bit % 8
                    self.refused(bytes(damaged), *rest)

    def test_any_truncation_and_anything_appended(self):
        for name, data, *rest in self.cases:
            with self.subTest(name):
                for length in range(len(data)):
                    self.refused(data[:length], *rest)
                self.refused(data + b"\0", *rest)

    def test_flipped_bits_under_a_right_checksum_are_refused_or_decoded_but_nothing_else(self):
        refused = tried = 0
        for name, data, shape, dtype, configuration in self.cases:
            if len(data) > 300:
                continue
            header = 5 + data[4]
            images = Images(configuration.axes, shape)
            _, tiles = read_chunk(data, images, np.dtype(dtype), configuration.model())
            for at in [*range(5, header), *range(header + 4, len(data) - 4)]:
                with self.subTest(name, at=at):
                    damaged = bytearray(data)
                    damaged[at] ^= 1 << at % 8
                    if at < header:
                        damaged[header : header + 4] = crc(bytes(damaged[:header]))
                    else:
                        self.mend_tile(damaged, at, header + 4, tiles)
                    tried += 1
                    try:
                        samples = vqvae.decode_chunk(bytes(damaged), shape, dtype, 0, configuration)
                        self.assertEqual(samples.shape, tuple(shape))
                    except vqvae.Refused:
                        refused += 1
        self.assertGreater(tried, 500)
        self.assertGreater(refused / tried, 0.5)

    def mend_tile(self, damaged, at, start, tiles):
        for _, content in tiles:
            end = start + len(content) - 4
            if start <= at < end:
                damaged[end : end + 4] = crc(bytes(damaged[start:end]))
            start += len(content)


class Header(unittest.TestCase):
    """Fields of the header, each changed alone, under a right checksum."""

    def setUp(self):
        path = archive("uint8-lz4")
        self.data, self.shape, self.dtype = smallest_chunk(path)
        self.configuration = Configuration.parse(configuration_of(path))

    def with_body(self, change):
        body = bytearray(self.data[5 : 5 + self.data[4]])
        change(body)
        start = self.data[:4] + bytes([len(body)]) + bytes(body)
        return start + crc(start) + self.data[9 + self.data[4] :]

    def assert_refused(self, data, message):
        with self.assertRaisesRegex(vqvae.Refused, message):
            vqvae.decode_chunk(data, self.shape, self.dtype, 0, self.configuration)

    def test_untouched(self):
        vqvae.decode_chunk(self.with_body(lambda body: None), self.shape, self.dtype, 0, self.configuration)

    def test_fields(self):
        def put(at, value):
            return lambda body: body.__setitem__(at, value)

        # flags, model, step, rows, columns, patterns, valid samples (2 bytes), errors, one length
        self.assert_refused(self.with_body(put(0, 5)), "unknown flags")
        self.assert_refused(self.with_body(put(0, 3)), "left over")
        self.assert_refused(self.with_body(put(1, 0)), "written with model")
        self.assert_refused(self.with_body(put(7, 65)), "rows is above 64")
        self.assert_refused(self.with_body(put(8, 49)), "columns is above 48")
        self.assert_refused(self.with_body(put(9, 255)), "bit patterns")
        self.assert_refused(self.with_body(put(11, 127)), "valid samples is above")
        self.assert_refused(self.with_body(put(11, 12)), "samples are valid, the header states")
        self.assert_refused(self.with_body(lambda body: body.append(0)), "left over")
        self.assert_refused(self.with_body(lambda body: body.pop()), "length of a tile|too early")
        self.assert_refused(self.with_body(put(-2, 0x80)), "follow the header")

    def test_repeated_patterns(self):
        def repeat(body):
            body[9:10] = b"\x02\x07\x07"

        self.assert_refused(self.with_body(repeat), "stands in it twice")

    def test_versions_have_an_error_of_their_own(self):
        with self.assertRaises(vqvae.UnsupportedVersion):
            data = self.data[:3] + b"\1" + self.data[4:]
            vqvae.decode_chunk(data, self.shape, self.dtype, 0, self.configuration)

    def test_bands_other_than_the_models(self):
        with self.assertRaisesRegex(vqvae.Refused, "the chunk has 2 bands, the model takes 3"):
            vqvae.decode_chunk(self.data, (2, 64, 48), self.dtype, 0, self.configuration)

    def test_data_types(self):
        with self.assertRaisesRegex(vqvae.Refused, "data type int8"):
            vqvae.decode_chunk(self.data, self.shape, np.int8, 0, self.configuration)


class Streams(unittest.TestCase):
    def test_varints_take_the_fewest_bytes(self):
        self.assertEqual(Cursor(b"\x80\x02", "x").varint("n", 1000), 256)
        for bad in (b"\x80\x00", b"\x80", b"", b"\xff\xff\x7f"):
            with self.assertRaises(vqvae.Refused):
                Cursor(bad, "x").varint("n", 1000)

    def test_rans(self):
        for bad in (b"", b"\0\0\0", b"\xff\xff\x7f\x00", b"\0\0\0\x80"):
            with self.assertRaises(vqvae.Refused):
                Rans(bad)
        Rans((1 << 23).to_bytes(4, "little")).finish()
        with self.assertRaisesRegex(vqvae.Refused, "left over"):
            Rans((1 << 23).to_bytes(4, "little") + b"\0").finish()
        with self.assertRaisesRegex(vqvae.Refused, "another state"):
            Rans(((1 << 23) + 1).to_bytes(4, "little")).finish()
        with self.assertRaisesRegex(vqvae.Refused, "runs out"):
            Rans((1 << 23).to_bytes(4, "little")).number(9)

    def test_tables(self):
        self.assertEqual((SQUASH[2048], SQUASH[4095], SQUASH[0]), (32768, 65513, 22))
        self.assertTrue(all(a <= b for a, b in zip(SQUASH, SQUASH[1:])))
        self.assertTrue(all(a <= b for a, b in zip(STRETCH, STRETCH[1:])))

    def test_lz4(self):
        self.assertEqual(unpack(b"\x00", 0), b"")
        self.assertEqual(unpack(b"\x30abc", 3), b"abc")
        self.assertEqual(unpack(b"\x14a\x01\x00\x10b", 10), b"a" * 9 + b"b")
        self.assertEqual(unpack(b"\x25ab\x02\x00\x00", 11), b"ababababa" + b"ba")
        for bad, size in ((b"", 0), (b"\x30ab", 3), (b"\x30abc", 4), (b"\x30abc", 2), (b"\x10a\x02\x00\x00", 5)):
            with self.assertRaises(vqvae.Refused):
                unpack(bad, size)
        for bad in (b"\x10a\x00\x00\x00", b"\x1fa\x01\x00" + b"\xff" * 9, b"\xf0" + b"\xff" * 9, b"\x10a\x01"):
            with self.assertRaises(vqvae.Refused):
                unpack(bad, 20)

    def test_noise_is_no_mask(self):
        random = np.random.default_rng(0)
        for _ in range(100):
            with self.assertRaises(vqvae.Refused):
                read_mask(random.bytes(3) + b"\x40" + random.bytes(20), 1, 16, 16, 1)


class Restoring(unittest.TestCase):
    def restored(self, v, dtype, nodata):
        dtype = np.dtype(dtype)
        v = np.array(v, np.float32).reshape(1, 1, -1)

        class Content:
            classes = np.zeros(v.shape, np.uint8)
            valid = classes == 0
            escapes = np.zeros(0, dtype)

        return restore(v, Content, np.zeros(0, dtype), nodata_of(nodata, dtype)).ravel().tolist()

    def test_integers(self):
        self.assertEqual(self.restored([0.5, 1.5, 2.5, -3, 300], "u1", []), [0, 2, 2, 0, 255])
        self.assertEqual(self.restored([3e9, -3e9], "i4", []), [2**31 - 1, -(2**31)])

    def test_nodata_is_stepped_aside(self):
        self.assertEqual(self.restored([-3, 0, 0.4], "u1", [0]), [1, 1, 1])
        self.assertEqual(self.restored([6.8, 7, 7.2, 8], "u1", [7]), [6, 8, 8, 8])
        self.assertEqual(self.restored([6.8, 7, 7.2], "u1", [7, 8]), [6, 6, 6])
        self.assertEqual(self.restored([300], "u1", [255, 254]), [253])
        self.assertEqual(self.restored([1], "u1", [1.5, -1, 300, float("nan")]), [1])
        self.assertEqual(self.restored([5], "f4", [5]), [float(np.nextafter(np.float32(5), np.float32(6)))])
        self.assertEqual(self.restored([0], "f4", [0]), [float(np.float32(1e-45))])

    def test_floats_are_finite(self):
        most = float(np.finfo(np.float32).max)
        self.assertEqual(self.restored([np.inf, -np.inf], "f8", []), [most, -most])

    def test_tiles(self):
        self.assertEqual(cut(0, 8), [])
        self.assertEqual([(s.start, s.stop) for s, _ in cut(264, 8)], [(0, 136), (136, 264)])
        self.assertEqual([(s.start, s.stop) for s, _ in cut(257, 32)], [(0, 160), (160, 257)])


class Configurations(unittest.TestCase):
    def setUp(self):
        self.valid = configuration_of(archive("int16-nodata-time"))

    def assert_refused(self, message, **changes):
        changed = {**copy.deepcopy(self.valid), **changes}
        with self.assertRaisesRegex(vqvae.Refused, message):
            Configuration.parse(changed).model()

    def test_what_is_refused(self):
        self.assert_refused("unknown keys", other=1)
        self.assert_refused("unknown keys", model={**self.valid["model"], "other": 1})
        self.assert_refused("quality", quality=201)
        self.assert_refused("quality", quality="45")
        self.assert_refused("entropy", entropy="zstd")
        self.assert_refused("promise", promise={"kind": "error"})
        self.assert_refused("nodata", nodata=["nan"])
        self.assert_refused("nodata", nodata=-9999)
        for axes in (["y"], ["y", "y"], ["band", "x"], ["band", "band", "y", "x"], list("abcdeyx"), "yx"):
            self.assert_refused("axes", axes=axes)
        self.assert_refused("lack|object", model="test")
        self.assert_refused("sha256", model={**self.valid["model"], "sha256": "0" * 63})
        self.assert_refused("base64", model={**self.valid["model"], "decoder": "!"})
        self.assert_refused("unpacked", model={**self.valid["model"], "decoder": "AAAA"})
        self.assert_refused("its hash is", model={**self.valid["model"], "sha256": "0" * 64})
        with self.assertRaises(vqvae.MissingModel):
            Configuration.parse({**self.valid, "model": {"name": "none", "sha256": "0" * 64}}).model()

    def test_models_are_found_in_folders(self):
        import os
        from unittest import mock

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
        return vqvae.load_package(file.getvalue())

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
            with self.assertRaisesRegex(vqvae.Refused, message):
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
        ):
            with self.subTest(changes), self.assertRaises(vqvae.Refused):
                read_manifest(self.manifest(**changes))
        with self.assertRaises(vqvae.Refused):
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
            with self.assertRaisesRegex(vqvae.Refused, message):
                self.load(decoder_onnx=changed(change))

    def test_priors(self):
        codebooks = self.load().codebooks
        good = self.entries["priors.bin"]
        IndexPriors(good, codebooks, True)
        for bad in (good[:-1], good + b"\0", b"VQZP" + good[4:], good[:4] + b"\1" + good[5:], good[:8] + b"\0" + good[9:]):
            with self.assertRaises(vqvae.Refused):
                IndexPriors(bad, codebooks, True)

    def test_scalar_priors(self):
        configuration = configuration_of(archive("uint8-large-tiles"))
        good = read_entries(base64.b64decode(configuration["model"]["decoder"]))["priors.bin"]
        ScalarPriors(good, 64)
        damaged = [good[:at] for at in range(0, len(good), 997)] + [good + b"\0", good[:7] + good[8:9] + good[8:]]
        damaged += [good[:6] + b"\3" + good[7:], good[:7] + b"\x40" + good[8:]]
        for bad in damaged:
            with self.assertRaises(vqvae.Refused):
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
        with self.assertRaisesRegex(vqvae.Refused, message):
            Graph(model.SerializeToString(), "graph", list(inputs))

    def test_what_is_allowed(self):
        graph = Graph(self.graph().SerializeToString(), "graph", [FLOAT])
        x = np.array([-1, 2], np.float32)
        self.assertEqual(graph.run(x, shape=(2,)).tolist(), [0, 2])
        with self.assertRaisesRegex(vqvae.Refused, "gives"):
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
        with self.assertRaisesRegex(vqvae.Refused, "not an ONNX file"):
            Graph(b"\xff\xff", "graph", [FLOAT])


if __name__ == "__main__":
    unittest.main()
