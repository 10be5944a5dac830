"""Models: those that ship with vqz, files, and what this process and others know."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from vqz import _vqz
from vqz._vqz import MissingModelError, VqzError

__all__ = ["Model", "shipped"]

# Hashes of models that all workers know, so that pickles need not hold them.
_elsewhere: set[str] = set()


class Model:
    """A fitted model: a transform, a quantiser and the statistics of an entropy coder.

    Models come from :func:`vqz.fit`, from :meth:`open`, or from vqz itself: ``Model.open("sentinel2-l2a")``.
    """

    def __init__(self, native: _vqz.Model) -> None:
        self._native = native
        self._manifest: dict[str, Any] = json.loads(native.manifest)
        self.summary: dict[str, Any] | None = None
        """What a fit reports, for a model that was fitted in this process."""

    @classmethod
    def open(cls, model: str | os.PathLike[str]) -> Model:
        """Open a package.

        Parameters
        ----------
        model : str or path
            The path of a ``.vqm`` file, or the name of a model that ships with vqz.

        Raises
        ------
        MissingModelError
            When there is none.
        CorruptError
            When the file is damaged.
        """
        path = Path(model)
        if path.suffix != ".vqm" and path.parent == Path("."):
            # A folder of the same name is none.
            found = _vqz.open_shipped(path.name)
            if found is not None:
                return cls(found)
            if not path.is_file():
                raise MissingModelError(
                    f"no model {model} ships with vqz; give {', '.join(shipped())}, or the path of a .vqm file"
                )
        return cls(_vqz.Model.open(path))

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Read a package from its bytes."""
        return cls(_vqz.Model.from_bytes(data))

    def to_bytes(self) -> bytes:
        """The package, as a ``.vqm`` file holds it."""
        return self._native.to_bytes()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the package to a file that ends in ``.vqm``.

        Raises
        ------
        FileExistsError
            When the file exists, unless ``overwrite`` is true.
        """
        path = Path(path)
        if path.suffix != ".vqm":
            raise VqzError(f"models end in .vqm, such as {path.with_suffix('.vqm')}")
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} exists; choose another file, or give overwrite=True to replace it")
        self._native.save(path)
        return path

    def register(self) -> Model:
        """Make the model known to this process: arrays that name it find it, and so do those who write to such arrays."""
        self._native.register()
        return self

    def reference(self, *, embed: bool = True) -> dict[str, Any]:
        """The reference to the model that an array's metadata hold."""
        return json.loads(self._native.reference(embed))

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self._manifest["name"])

    @property
    def sha256(self) -> str:
        """The hash that names the model: 64 hexadecimal digits."""
        return self._native.sha256

    @property
    def bands(self) -> list[str]:
        """The names of its bands, in its order."""
        return [band["name"] for band in self._manifest["bands"]]

    @property
    def peak(self) -> float:
        """The value that PSNR is stated against, in data units."""
        return float(self._manifest["peak"])

    @property
    def card(self) -> str | None:
        """The model card, as Markdown."""
        return self._native.card

    @property
    def manifest(self) -> Mapping[str, Any]:
        """All that the model states about itself."""
        return self._manifest

    @property
    def can_encode(self) -> bool:
        """Whether it holds, or needs, no more to encode. Archives carry the half that decodes; of linear models, that suffices."""
        return self._native.can_encode

    def __repr__(self) -> str:
        bands = self.bands
        shown = ", ".join(bands) if len(bands) <= 6 else f"{', '.join(bands[:5])}, … {len(bands)} in all"
        half = "" if self.can_encode else ", decoding half"
        return f"<vqz.Model {self.name!r}: {self._manifest['architecture']}, bands {shown}, {self.sha256[:12]}{half}>"

    def _repr_html_(self) -> str:
        manifest = self._manifest
        rows = [
            ("architecture", manifest["architecture"]),
            ("bands", ", ".join(self.bands)),
            ("peak", f"{self.peak:g}"),
            ("patch", f"{manifest['patch']} pixels"),
            ("qualities", self._qualities()),
            ("licence", manifest.get("licence", "")),
            ("training data", manifest.get("training_data", "")),
            ("SHA-256", self.sha256),
        ]
        table = "".join(
            f"<tr><th style='text-align:left'>{escape(str(name))}</th><td style='text-align:left'>{escape(str(value))}</td></tr>"
            for name, value in rows
            if value
        )
        return f"<div><b>vqz.Model {escape(self.name)}</b><table>{table}</table></div>"

    def _qualities(self) -> str:
        measured = [point["psnr_db"] for point in self._manifest["calibration"]]
        return f"{min(measured):.0f} to {max(measured):.0f} dB on the training data" if measured else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, ...]:
        if known_elsewhere(self.sha256):
            return find_model, (self.sha256,)
        return Model.from_bytes, (self.to_bytes(),)


def shipped() -> list[str]:
    """The names of the models that ship with vqz."""
    return _vqz.shipped()


def find_model(model: Model | str | os.PathLike[str]) -> Model:
    """A model, by itself, by its name or path, or by its hash.

    Raises
    ------
    MissingModelError
        When there is none.
    """
    if isinstance(model, Model):
        return model
    text = os.fspath(model)
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        native = _vqz.Model.find(text)
        if native is None:
            raise MissingModelError(
                f"this process does not know model {text}; open it with vqz.Model.open(…).register(), name its folder in "
                "VQZ_MODEL_PATH, or give dask's workers a vqz.dask.ModelPlugin"
            )
        return Model(native)
    return Model.open(model)


def known_elsewhere(sha256: str) -> bool:
    """Whether the processes that pickles are sent to know a model: it ships with vqz, or a plugin brought it to all workers."""
    return sha256 in _elsewhere or sha256 in _shipped_hashes()


def tell_elsewhere(models: Iterator[Model] | list[Model]) -> None:
    """From now on, pickles hold only the hashes of these models."""
    _elsewhere.update(model.sha256 for model in models)


def _shipped_hashes() -> set[str]:
    global _hashes
    if _hashes is None:
        _hashes = set(_vqz.shipped_hashes())
    return _hashes


_hashes: set[str] | None = None
