"""The codec under zarr-python: whole chunks, selections, shards, pipelines, types."""

from __future__ import annotations

import itertools
import json
import pickle
import unittest
import warnings

import numpy as np
import zarr
from support import SAMPLE, Case, Counting, cube
from zarr.storage import MemoryStore

import vqz

AXES = ["time", "band", "y", "x"]


def pipelines():
    """The pipelines of this release of zarr-python."""
    yield "zarr.core.codec_pipeline.BatchedCodecPipeline"
    import zarr.core.codec_pipeline as module

    if hasattr(module, "FusedCodecPipeline"):
        yield "zarr.core.codec_pipeline.FusedCodecPipeline"


def created(store, samples, codec, chunks=(1, 12, 96, 96), shards=None, **more):
    array = zarr.create_array(
        store, shape=samples.shape, dtype=samples.dtype, chunks=chunks, shards=shards, serializer=codec, compressors=None, **more
    )
    array[:] = samples
    return array


class Selections(Case):
    """Every selection gives what numpy gives of the whole array."""

    def selections(self):
        generator = np.random.default_rng(1)
        yield "basic", np.s_[:]
        yield "basic", np.s_[1]
        yield "basic", np.s_[1, 3, 17:40, 100:101]
        yield "basic", np.s_[..., 5]
        yield "basic", np.s_[::3, 2::4, 10:150:7, 3::50]
        yield "basic", np.s_[0, 0, 191, 0]
        yield "oindex", (np.array([3, 0]), slice(None), np.array([5, 100, 101]), slice(90, 100))
        yield "oindex", (slice(None), np.array([11, 0, 3]), 5, np.array([0, 191]))
        yield "oindex", (0, np.arange(12) % 3 == 0, slice(None), generator.random(192) > 0.9)
        yield "vindex", tuple(generator.integers(0, extent, 20) for extent in (4, 12, 192, 192))
        yield "basic", np.s_[2:2, :, :, :]

    def test_all_ways_to_select(self):
        samples = cube().values
        codec = vqz.Vqz("sentinel2-l2a", axes=AXES, quality=42)
        for pipeline, shards in itertools.product(pipelines(), (None, (1, 12, 192, 192))):
            with zarr.config.set({"codec_pipeline.path": pipeline}):
                store = MemoryStore()
                created(store, samples, codec, shards=shards)
                array = zarr.open_array(store, mode="r")
                whole = array[:]
                error = np.sqrt(np.mean((whole.astype(float) - samples) ** 2))
                self.assertLess(error, 10000 / 10 ** (40 / 20))
                for kind, selection in self.selections():
                    with self.subTest(pipeline=pipeline, shards=shards, kind=kind, selection=str(selection)[:60]):
                        if kind == "basic":
                            wanted, found = whole[selection], array[selection]
                        elif kind == "oindex":
                            wanted, found = self.orthogonal(whole, selection), array.oindex[selection]
                        else:
                            wanted, found = whole[selection], array.vindex[selection]
                        np.testing.assert_array_equal(found, wanted)

    def orthogonal(self, whole, selection):
        out = whole
        for axis in reversed(range(len(selection))):
            part = selection[axis]
            if isinstance(part, slice):
                out = out[(slice(None),) * axis + (part,)]
            else:
                index = np.flatnonzero(part) if getattr(part, "dtype", None) == bool else part
                out = np.take(out, index, axis=axis)
        return out

    def test_a_mask_selects(self):
        samples = cube().values
        store = MemoryStore()
        created(store, samples, vqz.Vqz(axes=AXES, lossless=True))
        array = zarr.open_array(store, mode="r")
        mask = samples > 6000
        np.testing.assert_array_equal(array.get_mask_selection(mask), samples[mask])


class Requests(Case):
    """What is fetched: of a part, its tiles; of a whole chunk, one object."""

    def test_a_part_fetches_its_tiles_and_a_whole_one_request(self):
        samples = np.tile(cube().values[:1], (1, 1, 6, 6))[..., :1024, :1024]
        store = Counting()
        array = created(store, samples, vqz.Vqz("sentinel2-l2a", axes=AXES, quality=50), chunks=(1, 12, 1024, 1024))
        for pipeline in pipelines():
            with self.subTest(pipeline), zarr.config.set({"codec_pipeline.path": pipeline}):
                # Read-only views of a store in memory are stores of their own, which would count for themselves.
                array = zarr.open_array(store, mode="r+")
                store.requests.clear()
                whole = array[:]
                self.assertEqual(len(store.requests), 1)
                size = store.bytes()
                store.requests.clear()
                window = array[0, :, 520:620, 520:620]
                np.testing.assert_array_equal(window, whole[0, :, 520:620, 520:620])
                self.assertGreater(len(store.requests), 1)
                self.assertLess(store.bytes(), size / 8)

    def test_stores_that_refuse_ranges_are_read_whole(self):
        samples = cube().values[:1, :, :96, :96]

        class Refusing(MemoryStore):
            async def get(self, key, prototype, byte_range=None):
                if byte_range is not None:
                    raise RuntimeError("NotPartial")
                return await super().get(key, prototype, byte_range)

        store = Refusing()
        created(store, samples, vqz.Vqz(axes=AXES, lossless=True))
        array = zarr.open_array(store, mode="r")
        np.testing.assert_array_equal(array[0, 2, 3:20, 50:60], samples[0, 2, 3:20, 50:60])


class Samples(Case):
    """Any memory that numpy can hold comes back as it should."""

    def test_types_and_layouts(self):
        generator = np.random.default_rng(5)
        smooth = np.cumsum(generator.integers(-2, 3, (3, 50, 70)), axis=2) + 100
        for dtype in ("uint8", "int16", "uint16", "int32", "float32", "float64"):
            samples = (smooth % 250).astype(dtype)
            read_only = samples.copy()
            read_only.setflags(write=False)
            strided = np.zeros((3, 100, 140), dtype)[:, ::2, ::2]
            strided[...] = samples
            swapped = samples.astype(np.dtype(dtype).newbyteorder(">"))
            for name, given in [("plain", samples), ("read-only", read_only), ("strided", strided), ("big-endian", swapped)]:
                with self.subTest(dtype=dtype, memory=name):
                    before = given.copy()
                    store = MemoryStore()
                    array = zarr.create_array(
                        store,
                        shape=given.shape,
                        dtype=dtype,
                        chunks=(3, 32, 32),
                        serializer=vqz.Vqz(axes=["band", "y", "x"], lossless=True),
                        compressors=None,
                    )
                    array[:] = given
                    np.testing.assert_array_equal(zarr.open_array(store, mode="r")[:], samples)
                    np.testing.assert_array_equal(given, before)

    def test_bounds_hold_and_nodata_is_exact(self):
        samples = cube().values.astype("int16")
        samples[:, :, 30:60, 40:90] = -9999
        for bound in (1, 10, [5, 10, 20] * 4):
            with self.subTest(bound=bound):
                codec = vqz.Vqz(axes=AXES, max_error=bound, nodata=-9999)
                found = created(MemoryStore(), samples, codec, fill_value=-9999)[:]
                np.testing.assert_array_equal(found == -9999, samples == -9999)
                error = np.abs(found.astype(int) - samples).max(axis=(0, 2, 3))
                self.assertTrue((error <= np.broadcast_to(bound, 12)).all(), error)

    def test_edges_and_absent_chunks(self):
        samples = np.zeros((1, 12, 100, 130), "uint16")
        samples[:, :, :50, :50] = cube().values[:1, :, :50, :50]
        store = MemoryStore()
        created(store, samples, vqz.Vqz(axes=AXES, lossless=True), chunks=(1, 12, 64, 64))
        self.assertEqual(len([key for key in store._store_dict if "zarr.json" not in key]), 1)
        np.testing.assert_array_equal(zarr.open_array(store, mode="r")[:], samples)

    def test_parts_of_chunks_are_written(self):
        samples = cube().values
        store = MemoryStore()
        created(store, samples, vqz.Vqz(axes=AXES, lossless=True))
        array = zarr.open_array(store, mode="r+")
        array[2, 5, 10:30, 50:150] = 7
        wanted = samples.copy()
        wanted[2, 5, 10:30, 50:150] = 7
        np.testing.assert_array_equal(zarr.open_array(store, mode="r")[:], wanted)


class Archives(Case):
    """Archives of the command, old ones too."""

    def test_golden_archives_decode_as_they_are_stated(self):
        from support import ROOT

        found = 0
        for folder in sorted((ROOT / "spec/golden").glob("v*/*.zarr")):
            if not (folder / "zarr.json").is_file():
                continue
            document = json.loads((folder / "zarr.json").read_text())
            if document.get("node_type") != "array":
                continue
            with self.subTest(folder.name):
                decoded = zarr.open_array(folder, mode="r")[:]
                self.assertEqual(decoded.shape, tuple(document["shape"]))
                found += 1
        print(f"golden archives: {found}")

    def test_the_command_writes_what_zarr_reads(self):
        archive = self.folder / "out.zarr"
        done = vqz.encode(SAMPLE, archive, model="sentinel2-l2a", psnr=45, shard_size=192, chunk_size=96)
        self.assertAlmostEqual(done["arrays"][0]["psnr_db"], 45, delta=0.15)
        plain = self.folder / "plain.zarr"
        vqz.decode(archive, plain)
        np.testing.assert_array_equal(zarr.open_array(archive, mode="r")[:], zarr.open_array(plain, mode="r")[:])


class Pickles(Case):
    def test_shipped_models_travel_by_hash(self):
        codec = vqz.Vqz("sentinel2-l2a", axes=AXES, quality=42)
        sent = pickle.dumps(codec)
        self.assertLess(len(sent), 1000)
        back = pickle.loads(sent)
        self.assertEqual(back, codec)
        self.assertEqual(back.to_dict(), codec.to_dict())


class Refusals(Case):
    """Bad input is refused in words, by exceptions of stated classes."""

    def test_arguments(self):
        refused = [
            (dict(), "axes="),
            (dict(axes=AXES), "names no model and promises nothing"),
            (dict(axes=["y", "z"], lossless=True), "exactly one must be `x`"),
            (dict(axes=AXES, model="sentinel2-l2a", quality=400), "quality"),
            (dict(axes=AXES, max_error=-1), "maximum error"),
            (dict(axes=AXES, max_error=float("nan")), "finite"),
            (dict(axes=AXES, max_error=1, lossless=True), "promise one of them"),
            (dict(axes=AXES, lossless=True, entropy="zip"), "rans"),
            (dict(axes=AXES, lossless=True, nodata="none"), "none"),
        ]
        for arguments, words in refused:
            with self.subTest(str(arguments)), self.assertRaises((vqz.VqzError, ValueError)) as caught:
                codec = vqz.Vqz(**arguments)
                created(MemoryStore(), cube().values, codec)
            self.assertIn(words, str(caught.exception))

    def test_models_that_are_not_there(self):
        with self.assertRaises(vqz.MissingModelError) as caught:
            vqz.Vqz("sentinel3", axes=AXES)
        self.assertIn("naip, sentinel2-l2a", str(caught.exception))
        configuration = vqz.Vqz("sentinel2-l2a", axes=AXES, embed=False).configuration
        configuration["model"]["sha256"] = "0" * 64
        with self.assertRaises(vqz.MissingModelError) as caught:
            vqz.Vqz.from_dict({"name": "vqz", "configuration": configuration})
        self.assertIn("VQZ_MODEL_PATH", str(caught.exception))

    def test_shapes_and_types(self):
        codec = vqz.Vqz("sentinel2-l2a", axes=AXES)
        for shape, dtype, chunks, words in [
            ((4, 12, 64, 64), "int64", (1, 12, 64, 64), "int64"),
            ((12, 64, 64), "uint16", (12, 64, 64), "3 dimensions"),
            ((4, 12, 64, 64), "uint16", (1, 6, 64, 64), "6 bands"),
        ]:
            with self.subTest(words), self.assertRaises(ValueError) as caught:
                zarr.create_array(
                    MemoryStore(), shape=shape, dtype=dtype, chunks=chunks, serializer=codec, compressors=None
                )
            self.assertIn(words, str(caught.exception))

    def test_format_2(self):
        with self.assertRaises(ValueError):
            zarr.create_array(
                MemoryStore(), shape=(4, 4), dtype="uint8", zarr_format=2, serializer=vqz.Vqz(axes=["y", "x"], lossless=True)
            )

    def test_damaged_chunks_are_named(self):
        samples = cube().values
        path = self.folder / "damaged.zarr"
        created(path, samples, vqz.Vqz("sentinel2-l2a", axes=AXES))
        chunk = path / "c/2/0/1/0"
        whole = bytearray(chunk.read_bytes())
        for damage in ("cut", "flipped", "empty", "other"):
            damaged = bytearray(whole)
            if damage == "cut":
                damaged = damaged[: len(damaged) // 2]
            elif damage == "flipped":
                damaged[len(damaged) // 2] ^= 0x55
            elif damage == "empty":
                damaged = bytearray()
            else:
                damaged = bytearray(b"not a chunk" * 40)
            chunk.write_bytes(damaged)
            array = zarr.open_array(path, mode="r")
            for selection in (np.s_[:], np.s_[2, :, 96:, :96], np.s_[2, 3, 100:110, 3:9], np.s_[2, 3, 100:192:50, 3:90]):
                with self.subTest(damage, selection=str(selection)), self.assertRaises(vqz.CorruptError) as caught:
                    array[selection]
                self.assertIn("c/2/0/1/0", str(caught.exception))


    def test_arrays_that_were_rearranged_after_they_were_opened(self):
        import xarray as xr

        ds = cube().to_dataset()
        path = self.folder / "a.zarr"
        ds.to_zarr(path, encoding=vqz.encoding(ds, model="sentinel2-l2a"))
        opened = xr.open_zarr(path, chunks=None)
        for changed, words in [
            (opened.transpose("time", "y", "x", "band"), "taken for each other"),
            (opened.isel(band=[0, 1, 2]), "bands were left out"),
            (opened.isel(time=0), "drop_encoding"),
        ]:
            with self.subTest(words), self.assertRaises(vqz.VqzError) as caught:
                changed.to_zarr(self.folder / "b.zarr", mode="w")
            self.assertIn(words, str(caught.exception))

    def test_embedded_models_are_checked_though_their_hash_is_known(self):
        codec = vqz.Vqz("sentinel2-l2a", axes=AXES)
        entry = codec.to_dict()
        other = vqz.Vqz("naip", axes=AXES).configuration["model"]["decoder"]
        for decoder in (entry["configuration"]["model"]["decoder"][:-400], other, "junk"):
            configuration = {**entry["configuration"], "model": {**entry["configuration"]["model"], "decoder": decoder}}
            with self.assertRaises(vqz.CorruptError):
                vqz.Vqz.from_dict({"name": "vqz", "configuration": configuration})

    def test_configurations_are_copies(self):
        codec = vqz.Vqz(axes=AXES, max_error=2)
        codec.configuration["promise"]["kind"] = "lossless"
        self.assertEqual(codec.configuration["promise"]["kind"], "max_error")


class Warns(Case):
    def test_compressors_behind_the_codec(self):
        with self.assertWarns(vqz.CompressorWarning):
            zarr.create_array(
                MemoryStore(), shape=(64, 64), dtype="uint8", chunks=(32, 32), serializer=vqz.Vqz(axes=["y", "x"], lossless=True)
            )

    def test_a_second_coding(self):
        samples = cube().values
        codec = vqz.Vqz("sentinel2-l2a", axes=AXES)
        once = created(MemoryStore(), samples, codec)[:]
        with self.assertWarns(vqz.RewriteWarning):
            created(MemoryStore(), once, codec)
        # A part of a chunk is written, the rest of it is coded again.
        array = created(MemoryStore(), samples, codec)
        with self.assertWarns(vqz.RewriteWarning):
            array[:, :, :48] = samples[:, :, :48]
        # Exactly is no second loss, and other samples are none.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            created(MemoryStore(), once, vqz.Vqz(axes=AXES, lossless=True))
            created(MemoryStore(), samples // 2, codec)


if __name__ == "__main__":
    unittest.main()
