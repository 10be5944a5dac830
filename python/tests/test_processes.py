"""Processes: forked, spawned, killed, and a cluster of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import unittest
import warnings

import numpy as np
import xarray as xr
import zarr
from support import SAMPLE, Case, cube

import vqz

AXES = ["time", "band", "y", "x"]


def total(path: str) -> int:
    return int(zarr.open_array(path, mode="r")[:].sum())


class Processes(Case):
    def archive(self):
        samples = cube().values
        path = str(self.folder / "out.zarr")
        array = zarr.create_array(
            path,
            shape=samples.shape,
            dtype=samples.dtype,
            chunks=(1, 12, 192, 192),
            serializer=vqz.Vqz("sentinel2-l2a", axes=AXES),
            compressors=None,
        )
        array[:] = samples
        return path

    def test_every_way_to_start_a_process(self):
        path = self.archive()
        wanted = total(path)  # The pool of this process runs by now.
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                # zarr-python's own loop does not survive a fork, so the child of a fork decodes by the native part alone.
                context = multiprocessing.get_context(method)
                work, argument = (decoded_alone, path) if method == "fork" else (total, path)
                with context.Pool(1) as pool:
                    self.assertEqual(pool.apply_async(work, (argument,)).get(120), wanted)

    def test_calls_of_one_thread_survive_a_fork(self):
        script = (
            "import os, sys, vqz\n"
            "sample = sys.argv[1]\n"
            "vqz.info(sample)\n"
            "vqz.verify(sys.argv[2])\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    os._exit(0 if vqz.verify(sys.argv[2])['holds'] else 1)\n"
            "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        )
        archive = self.archive()
        for threads in ("1", "2"):
            environment = {**os.environ, "VQZ_NUM_THREADS": threads}
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", script, str(SAMPLE), archive], env=environment, timeout=120
            )
            self.assertEqual(done.returncode, 0)

    def test_codecs_are_passed_on_without_their_model(self):
        # As by a scheduler, which unpickles and pickles what it does not run.
        codec = vqz.Vqz("naip", axes=["band", "y", "x"], embed=False)
        sent = pickle.dumps(codec)
        script = "import pickle, sys; codec = pickle.loads(sys.stdin.buffer.read()); sys.stdout.buffer.write(pickle.dumps(codec))"
        done = subprocess.run([sys.executable, "-c", script], input=sent, capture_output=True, timeout=120, check=True)
        self.assertEqual(pickle.loads(done.stdout), codec)
        # A model that no other process has travels with a codec that does not embed it.
        mine = vqz.fit(cube(), name="mine", patch=8)
        sent = pickle.dumps(vqz.Vqz(mine, axes=AXES, embed=False))
        script = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()).model.sha256)"
        done = subprocess.run([sys.executable, "-c", script], input=sent, capture_output=True, timeout=120, check=True)
        self.assertEqual(done.stdout.decode().strip(), mine.sha256)

    def test_an_interrupt_ends_a_call_and_the_next_goes_on(self):
        class Interrupting:
            """Sends Ctrl-C once, and takes its time."""

            steps = 0

            def started(self, what, steps):
                self.sent = False

            def advanced(self, steps):
                Interrupting.steps += 1
                if not self.sent:
                    self.sent = True
                    os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.2)

            def finished(self):
                pass

        # In the background of a shell, Python starts with interrupts ignored.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        out = self.folder / "out.zarr"
        with self.assertRaises(KeyboardInterrupt):
            vqz.encode(SAMPLE, out, lossless=True, chunk_size=32, progress=Interrupting())
        self.assertFalse(out.exists())
        self.assertLess(Interrupting.steps, 4 * 36)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It says that it goes on.
            summary = vqz.encode(SAMPLE, out, lossless=True, chunk_size=32)
        self.assertGreater(summary["chunks_kept"], 0)
        np.testing.assert_array_equal(zarr.open_array(out, mode="r")[:], cube().values)

    def test_threads(self):
        before = vqz.get_threads()
        try:
            vqz.set_threads(3)
            self.assertEqual(vqz.get_threads(), 3)
            vqz.set_threads(100_000)
            self.assertLessEqual(vqz.get_threads(), 4 * (os.cpu_count() or 1))
        finally:
            vqz.set_threads()
        self.assertEqual(vqz.get_threads(), before)
        for variables, wanted in [({"VQZ_NUM_THREADS": "5"}, 5), ({"OMP_NUM_THREADS": "1"}, 1), ({"OMP_NUM_THREADS": "1", "VQZ_NUM_THREADS": "2"}, 2)]:
            environment = {**os.environ, **variables}
            found = subprocess.run(
                [sys.executable, "-c", "import vqz; print(vqz.get_threads())"], env=environment, capture_output=True, text=True, check=True
            )
            self.assertEqual(int(found.stdout), wanted)

    def test_the_command_is_there(self):
        done = subprocess.run([sys.executable, "-m", "vqz", "--help"], capture_output=True, text=True, check=True)
        for command in ("encode", "decode", "verify", "compare", "fit", "info", "report"):
            self.assertIn(command, done.stdout)
        done = subprocess.run([sys.executable, "-m", "vqz", "info", str(self.folder / "none.zarr")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("does not exist", done.stderr)


def decoded_alone(path: str) -> int:
    from vqz._vqz import Codec  # noqa: F401

    import json
    from pathlib import Path

    document = json.loads((Path(path) / "zarr.json").read_text())
    codec = vqz.Vqz.from_dict(document["codecs"][0])
    sum_ = 0
    for chunk in sorted((Path(path) / "c").rglob("*")):
        if chunk.is_file():
            out = np.empty((1, 12, 192, 192), document["data_type"])
            fill = np.zeros((), document["data_type"]).tobytes()
            bytes_ = np.frombuffer(chunk.read_bytes(), np.uint8)
            codec._native.decode(([1, 12, 192, 192], document["data_type"], fill), bytes_, out.reshape(-1).view(np.uint8))
            sum_ += int(out.sum())
    return sum_


class Cluster(Case):
    def test_a_cluster_writes_and_fits(self):
        import distributed

        from vqz.dask import ModelPlugin

        ds = cube().pad(x=(0, 320), y=(0, 320), mode="wrap").chunk(time=1, y=256, x=256).to_dataset(name="r")
        model = vqz.fit(cube(), name="cluster", patch=8)
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
            client.register_plugin(ModelPlugin(model))
            self.assertEqual(set(client.run(vqz.get_threads).values()), {1})
            encoding = vqz.encoding(ds, model=model, quality=46, chunks={"y": 128, "x": 128}, shards={"y": 256, "x": 256})
            path = self.folder / "out.zarr"
            delayed = ds.to_zarr(path, encoding=encoding, compute=False)
            # The samples of this data set are in memory, and travel; the array with its codecs must be small.
            array = zarr.open_array(path, path="r", mode="r+")
            self.assertIn("decoder", json.dumps(array.metadata.to_dict()["codecs"], default=str))
            self.assertLess(len(pickle.dumps(array)), 5000)
            self.assertEqual(pickle.loads(pickle.dumps(array)).metadata, array.metadata)
            delayed.compute()
            self.assertEqual(vqz.fit(ds, patch=8, samples=1e6).summary["samples"] > 0, True)
        found, wanted = xr.open_zarr(path).r.values, ds.r.values
        error = np.sqrt(np.mean((found.astype(float) - wanted) ** 2))
        self.assertLess(error, 10000 / 10 ** (44 / 20))
        vqz.seal(path)
        self.assertTrue(vqz.verify(path)["holds"])

    def test_killed_workers_do_no_harm(self):
        import distributed

        from vqz.dask import ModelPlugin

        ds = cube().pad(x=(0, 320), y=(0, 320), mode="wrap").chunk(time=1, y=128, x=128).to_dataset(name="r")
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
            client.register_plugin(ModelPlugin("sentinel2-l2a"))
            path = self.folder / "out.zarr"
            encoding = vqz.encoding(ds, model="sentinel2-l2a", quality=50)
            future = client.compute(ds.to_zarr(path, encoding=encoding, compute=False))
            worker = next(iter(client.run(os.getpid).values()))
            os.kill(worker, signal.SIGKILL)
            future.result(timeout=300)
        whole = self.folder / "whole.zarr"
        ds.to_zarr(whole, encoding=encoding)
        np.testing.assert_array_equal(xr.open_zarr(path).r.values, xr.open_zarr(whole).r.values)


if __name__ == "__main__":
    unittest.main()
