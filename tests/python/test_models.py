"""The shipped models, as programs see them that know nothing of vqz: zip, JSON, ONNX."""

import hashlib
import json
import unittest
import zipfile

import numpy as np
import onnx
import onnx.reference
import onnxruntime

from support import MODEL, ROOT, Case, configuration, sample


class Models(Case):
    def packages(self):
        packages = sorted((ROOT / "models").glob("*.vqm"))
        self.assertTrue(packages, "models/ holds packages")
        return packages

    def test_packages_are_plain_zip_archives(self):
        for package in self.packages():
            with self.subTest(package=package.name), zipfile.ZipFile(package) as archive:
                self.assertIsNone(archive.testzip())
                names = [entry.filename for entry in archive.infolist()]
                corrects = "conv" in package.name
                wanted = ["card.md", *["correction.onnx"] * corrects, "decoder.onnx", "encoder.onnx", "model.json", "priors.bin"]
                self.assertEqual(sorted(names), wanted)
                self.assertTrue(all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist()))
                manifest = json.loads(archive.read("model.json"))
                self.assertEqual(manifest["format"], "vqz-model")
                self.assertEqual(hashlib.sha256(archive.read("encoder.onnx")).hexdigest(), manifest["encoder_sha256"])
                for key in ("licence", "training_data"):
                    self.assertTrue(manifest[key], f"{key} is stated")

    def test_the_hash_in_an_archive_is_that_of_the_package(self):
        image, _ = sample()
        source = self.write("source.zarr", image, ["band", "y", "x"], chunks=(12, 256, 256), fill_value=0)
        archive = self.folder / "archive.zarr"
        self.vqz("encode", source, archive, "--model", MODEL, "--quality", 40)
        sha = hashlib.sha256()
        with zipfile.ZipFile(MODEL) as package:
            self.assertNotIn("correction.onnx", package.namelist())
            for name in ("model.json", "decoder.onnx", "priors.bin"):
                content = package.read(name)
                for part in (name.encode(), content):
                    sha.update(len(part).to_bytes(8, "little"))
                    sha.update(part)
        self.assertEqual(configuration(archive)["model"]["sha256"], sha.hexdigest())

    def test_graphs_pass_the_onnx_checker(self):
        for package in self.packages():
            with zipfile.ZipFile(package) as archive:
                for name in (name for name in archive.namelist() if name.endswith(".onnx")):
                    with self.subTest(package=package.name, graph=name):
                        graph = onnx.load_from_string(archive.read(name))
                        onnx.checker.check_model(graph, full_check=True)

    def test_onnxruntime_and_the_reference_evaluator_agree(self):
        for package in self.packages():
            with self.subTest(package=package.name), zipfile.ZipFile(package) as archive:
                manifest = json.loads(archive.read("model.json"))
                decoder = archive.read("decoder.onnx")
                session = onnxruntime.InferenceSession(decoder, providers=["CPUExecutionProvider"])
                self.assertEqual([i.name for i in session.get_inputs()], ["codes", "step"])
                random = np.random.default_rng(1)
                bands, patch = len(manifest["bands"]), manifest["patch"]
                codes = np.round(random.laplace(scale=0.3, size=(1, manifest["planes"], 3, 4)))
                # The first planes are the patches' means.
                codes[:, :bands] = np.round(random.normal(scale=30, size=codes[:, :bands].shape))
                feed = {"codes": codes.astype(np.int32), "step": np.array([0.02], dtype=np.float32)}
                (by_runtime,) = session.run(None, feed)
                (by_reference,) = onnx.reference.ReferenceEvaluator(onnx.load_from_string(decoder)).run(None, feed)
                self.assertEqual(by_runtime.shape, (1, bands, 3 * patch, 4 * patch))
                worst = np.abs(by_runtime.astype(np.float64) - by_reference).max()
                self.assertLessEqual(worst, manifest["tolerance"], "the two differ by more than the model states")
                stated = manifest["tolerance"]
                print(f"{package.name}: onnxruntime and the reference differ by {worst:.2e}, {stated:.2e} is stated")
                if "correction.onnx" not in archive.namelist():
                    continue
                correction = archive.read("correction.onnx")
                session = onnxruntime.InferenceSession(correction, providers=["CPUExecutionProvider"])
                self.assertEqual([i.name for i in session.get_inputs()], ["picture", "step"])
                feed = {"picture": by_runtime, "step": feed["step"]}
                (by_runtime,) = session.run(None, feed)
                (by_reference,) = onnx.reference.ReferenceEvaluator(onnx.load_from_string(correction)).run(None, feed)
                self.assertEqual(by_runtime.shape, feed["picture"].shape)
                self.assertGreater(np.abs(by_runtime - feed["picture"]).max(), 0, "it corrects something")
                self.assertLessEqual(np.abs(by_runtime.astype(np.float64) - by_reference).max(), stated)


if __name__ == "__main__":
    unittest.main()
