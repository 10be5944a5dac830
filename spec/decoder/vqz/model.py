"""The model package: which entries it holds, its hash, where it is found, and running it.

What decodes is the decoding half (manifest, decoder, correction, priors); the hash covers exactly that.
"""

import hashlib
import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .graphs import FLOAT, INT32, Graph
from .manifest import read_manifest
from .priors import IndexPriors, ScalarPriors
from .refusal import MissingModel, Refused, refuse_unless

HASHED = ("model.json", "decoder.onnx", "correction.onnx", "priors.bin")
ENCODING = ("encoder.onnx", "card.md")
OPTIONAL = ("correction.onnx", *ENCODING)
# What a package may unpack to.
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Codebooks:
    groups: int
    stages: int
    size: int
    width: int


class Model:
    """A model that decodes; made by `load_package` or `find_model`."""

    def __init__(self, entries):
        self.hash = package_hash(entries)
        manifest = self.manifest = read_manifest(entries["model.json"])
        self.name = manifest["name"]
        self.bands = len(manifest["bands"])
        self.patch = manifest["patch"]
        self.planes = manifest["planes"]
        self.quantiser = manifest["quantiser"]
        self.peak = manifest["peak"]
        self.tolerance = manifest["tolerance"]
        self.codebooks = Codebooks(**manifest["codebooks"]) if self.has_codebooks else None
        step = [] if self.has_codebooks else [FLOAT]
        self._decoder = Graph(entries["decoder.onnx"], "decoder.onnx", [INT32, *step])
        self._correction = None
        if "correction.onnx" in entries:
            self._correction = Graph(entries["correction.onnx"], "correction.onnx", [FLOAT, *step])
        if self.has_codebooks:
            self.priors = IndexPriors(entries["priors.bin"], self.codebooks, self.residual)
            self._decoder.codebooks(self.planes, self.codebooks.size, self.codebooks.width, self.residual)
        else:
            self.priors = ScalarPriors(entries["priors.bin"], self.planes)

    @property
    def has_codebooks(self):
        return self.quantiser != "fsq"

    @property
    def residual(self):
        return self.quantiser == "rvq"

    @property
    def corrects(self):
        return self._correction is not None

    def _step(self, step):
        return [] if self.has_codebooks else [np.array([2.0 ** (step / 256)], np.float32)]

    def decode(self, codes, step):
        """Codes `[planes, rows, columns]` to samples, float32 `[bands, rows × patch, columns × patch]`."""
        _, rows, columns = codes.shape
        shape = (1, self.bands, rows * self.patch, columns * self.patch)
        return self._decoder.run(codes[None].astype(np.int32), *self._step(step), shape=shape)[0]

    def correct(self, picture, step):
        """A picture as `decode` gives it, corrected."""
        return self._correction.run(picture[None], *self._step(step), shape=(1, *picture.shape))[0]


def package_hash(entries):
    """SHA-256 over what decodes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in HASHED:
        if name in entries:
            for part in (name.encode(), entries[name]):
                digest.update(len(part).to_bytes(8, "little"))
                digest.update(part)
    return digest.hexdigest()


def read_entries(package):
    """The entries of a package or of a decoding half, by name."""
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            refuse_unless(len(set(names)) == len(names), "package: an entry stands in it twice")
            unknown = set(names) - set(HASHED) - set(ENCODING)
            refuse_unless(not unknown, f"package: unknown entries {sorted(unknown)}")
            missing = set(HASHED) - set(OPTIONAL) - set(names)
            refuse_unless(not missing, f"package: lacks {sorted(missing)}")
            methods = {info.compress_type for info in infos}
            refuse_unless(methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}, "package: neither stored nor deflated")
            size = sum(info.file_size for info in infos)
            refuse_unless(size <= MOST_BYTES, f"package: unpacks to {size} bytes, at most {MOST_BYTES} are read")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise Refused(f"package: cannot be unpacked: {error}") from None


def load_package(package):
    """A model from the bytes of a package or decoding half."""
    entries = read_entries(package)
    model = Model(entries)
    if "encoder.onnx" in entries:
        right = hashlib.sha256(entries["encoder.onnx"]).hexdigest() == model.manifest["encoder_sha256"]
        refuse_unless(right, "package: the encoder is not the one that the manifest names")
    return model


@lru_cache(maxsize=16)
def load_embedded(package, sha256):
    """The model that an array's metadata embeds."""
    entries = read_entries(package)
    refuse_unless(not set(entries) & set(ENCODING), "package: more than the decoding half is embedded")
    found = package_hash(entries)
    refuse_unless(found == sha256, f"package: its hash is {found}, the metadata names {sha256}")
    return Model(entries)


@lru_cache(maxsize=16)
def find_model(sha256):
    """The model with this hash, in the folders where models are looked for."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    folders = [folder for folder in os.environ.get("VQZ_MODEL_PATH", "").split(os.pathsep) if folder]
    for folder in (*folders, Path(data) / "vqz" / "models"):
        for path in sorted(Path(folder).glob("*.vqm")):
            try:
                if package_hash(read_entries(path.read_bytes())) == sha256:
                    return load_package(path.read_bytes())
            except (Refused, OSError):
                continue  # another file may be the model
    raise MissingModel(f"no model with the hash {sha256} is embedded or found; set VQZ_MODEL_PATH to its folder")
