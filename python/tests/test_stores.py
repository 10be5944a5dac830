"""Stores beyond a folder: S3 on loopback through obstore and fsspec, and icechunk."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
import unittest
from pathlib import Path

import numpy as np
import xarray as xr
import zarr
from support import ROOT, Case, cube

import vqz


def server() -> str | None:
    """The program that serves S3 on loopback, in an environment of its own; or None."""
    found = ROOT / ".deps-python/s3/bin/moto_server"
    return str(found) if found.exists() else shutil.which("moto_server")


def missing(*modules: str) -> str | None:
    lacking = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{', '.join(lacking)} not installed" if lacking else None


@unittest.skipIf(server() is None, "no moto_server serves S3 here")
class Buckets(Case):
    """An archive in a bucket."""

    @classmethod
    def setUpClass(cls) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cls.endpoint = f"http://127.0.0.1:{port}"
        program = server()
        python = Path(program).with_name("python")
        command = [python, "-m", "moto.server"] if python.exists() else [program]
        cls.process = subprocess.Popen(
            [*command, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.terminate)
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        else:
            raise AssertionError("the server of S3 does not answer")
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ.update(keys)
        import urllib.request

        request = urllib.request.Request(f"{cls.endpoint}/bucket", method="PUT")
        urllib.request.urlopen(request).read()

    def both_ways(self, store):
        ds = cube().to_dataset()
        asked = dict(model="sentinel2-l2a", quality=46, chunks={"y": 96, "x": 96}, shards={"y": 192, "x": 192})
        ds.to_zarr(store, encoding=vqz.encoding(ds, **asked), zarr_format=3, mode="w", consolidated=False)
        local = self.folder / "local.zarr"
        ds.to_zarr(local, encoding=vqz.encoding(ds, **asked))
        self.assertEqual(vqz.seal(store), vqz.seal(local))
        recorded = [dict(zarr.open_group(of, mode="r").attrs)["vqz"] for of in (store, local)]
        self.assertEqual(recorded[0], recorded[1])
        back = xr.open_zarr(store, consolidated=False).reflectance
        np.testing.assert_array_equal(back.values, xr.open_zarr(local).reflectance.values)
        np.testing.assert_array_equal(
            back[1, 2:5, 30:50, 100:180].values, xr.open_zarr(local).reflectance[1, 2:5, 30:50, 100:180].values
        )

    def unsharded(self, store):
        samples = cube().values[:1]
        array = zarr.create_array(
            store,
            shape=samples.shape,
            dtype=samples.dtype,
            chunks=(1, 12, 192, 192),
            serializer=vqz.Vqz("sentinel2-l2a", axes=["time", "band", "y", "x"], quality=50),
            compressors=None,
        )
        array[:] = samples
        array = zarr.open_array(store, mode="r")
        # A window is read by ranges; those beyond the end of an object are refused by some stores.
        np.testing.assert_array_equal(array[0, :, 5:9, 5:9], array[:][0, :, 5:9, 5:9])

    @unittest.skipIf(missing("obstore"), "obstore is not installed")
    def test_obstore(self):
        from obstore.store import S3Store
        from zarr.storage import ObjectStore

        def store(prefix):
            made = S3Store(
                "bucket", prefix=prefix, endpoint=self.endpoint, region="us-east-1", client_options={"allow_http": True},
                access_key_id="test", secret_access_key="test", virtual_hosted_style_request=False,
            )
            return ObjectStore(made)

        self.both_ways(store("obstore.zarr"))
        self.unsharded(store("obstore-array.zarr"))

    @unittest.skipIf(missing("s3fs"), "s3fs is not installed")
    def test_fsspec(self):
        from zarr.storage import FsspecStore

        options = {"endpoint_url": self.endpoint, "key": "test", "secret": "test"}
        self.both_ways(FsspecStore.from_url("s3://bucket/fsspec.zarr", storage_options=options))
        self.unsharded(FsspecStore.from_url("s3://bucket/fsspec-array.zarr", storage_options=options))


class Seals(Case):
    """What can't be sealed is left as it was."""

    def test_what_is_no_archive_is_refused(self):
        store = zarr.storage.MemoryStore()
        cube().to_dataset().to_zarr(store, zarr_format=3, consolidated=False)
        with self.assertRaisesRegex(vqz.VqzError, "holds no vqz archive"):
            vqz.seal(store)
        path = self.folder / "out.zarr"
        cube().to_dataset().to_zarr(path, encoding=vqz.encoding(cube().to_dataset(), lossless=True))
        with self.assertRaisesRegex(vqz.VqzError, "for reading only"):
            vqz.seal(zarr.storage.LocalStore(path, read_only=True))
        with self.assertRaisesRegex(vqz.VqzError, "max_error names variables"):
            vqz.encode(path, self.folder / "other.zarr", max_error={"reflectance": 3})
        self.assertNotIn("vqz", zarr.open_array(path / "reflectance", mode="r").attrs)

    def test_damage_is_noticed_before_anything_is_written(self):
        for shards in (None, {"y": 192, "x": 192}):
            with self.subTest(shards):
                kept: dict = {}
                store = zarr.storage.MemoryStore(kept)
                ds = cube().to_dataset()
                encoding = vqz.encoding(ds, model="sentinel2-l2a", quality=46, chunks={"y": 96, "x": 96}, shards=shards)
                ds.to_zarr(store, encoding=encoding, zarr_format=3, consolidated=False)
                key = next(key for key in kept if key.startswith("reflectance/c/3/"))
                kept[key] = kept[key][:10]
                with self.assertRaisesRegex(vqz.CorruptError, key):
                    vqz.seal(store)
                self.assertNotIn("vqz", zarr.open_array(store, path="reflectance", mode="r").attrs)

    def test_an_index_at_the_start_is_read(self):
        store = zarr.storage.MemoryStore()
        codec = vqz.Vqz("sentinel2-l2a", axes=["time", "band", "y", "x"])
        sharding = zarr.codecs.ShardingCodec(chunk_shape=(1, 12, 96, 96), codecs=[codec], index_location="start")
        samples = cube().values
        array = zarr.create_array(
            store, shape=samples.shape, dtype=samples.dtype, chunks=(1, 12, 192, 192), serializer=sharding, compressors=None
        )
        array[:] = samples
        record = vqz.seal(store)[""]
        self.assertEqual((record["chunks"], record["valid_samples"], record["shape"]), (16, samples.size, list(samples.shape)))

    def test_a_store_and_a_folder_are_recorded_alike(self):
        for name, shards, nodata in [("plain", None, None), ("sharded", {"y": 192, "x": 192}, [-9999, 7])]:
            with self.subTest(name):
                kept: dict = {}
                store = zarr.storage.MemoryStore(kept)
                ds = cube().to_dataset()
                encoding = vqz.encoding(
                    ds, model="sentinel2-l2a", quality=46, chunks={"y": 96, "x": 96}, shards=shards, nodata=nodata
                )
                ds.to_zarr(store, encoding=encoding, zarr_format=3, consolidated=False)
                for key, value in kept.items():
                    path = self.folder / name / key
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(value.to_bytes())
                self.assertEqual(vqz.seal(store), vqz.seal(self.folder / name))
                self.assertTrue(vqz.verify(self.folder / name)["holds"])


@unittest.skipIf(missing("icechunk"), "icechunk is not installed")
class Icechunk(Case):
    def test_commits_forks_and_merges(self):
        import icechunk
        from icechunk.xarray import to_icechunk

        repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(self.folder / "repository")))
        ds = cube().to_dataset()
        session = repository.writable_session("main")
        to_icechunk(ds.isel(time=[0, 1]), session, encoding=vqz.encoding(ds.isel(time=[0, 1]), model="sentinel2-l2a", quality=46))
        first = session.commit("two dates")
        session = repository.writable_session("main")
        to_icechunk(ds.isel(time=[2, 3]), session, append_dim="time")
        session.commit("two more")
        old = xr.open_zarr(repository.readonly_session(snapshot_id=first).store, consolidated=False).reflectance
        now = xr.open_zarr(repository.readonly_session("main").store, consolidated=False).reflectance
        self.assertEqual((old.sizes["time"], now.sizes["time"]), (2, 4))
        np.testing.assert_array_equal(now.values[:2], old.values)
        self.assert_within(now.values, ds.reflectance.values, 5000)
        session = repository.writable_session("main")
        self.assertEqual(vqz.seal(session.store)["reflectance"]["valid_samples"], ds.reflectance.size)
        session.commit("sealed")
        # Workers write to forks, which are merged.
        session = repository.writable_session("main")
        fork = session.fork()
        array = zarr.open_array(fork.store, path="reflectance", mode="r+")
        array[3] = ds.reflectance.values[0]
        session.merge(fork)
        session.commit("another last date")
        now = xr.open_zarr(repository.readonly_session("main").store, consolidated=False).reflectance
        np.testing.assert_array_equal(now.values[3], now.values[0])


if __name__ == "__main__":
    unittest.main()
