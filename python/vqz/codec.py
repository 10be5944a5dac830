"""The codec as zarr-python takes it: an array-to-bytes codec that decodes parts of chunks."""

from __future__ import annotations

import asyncio
import copy
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from zarr.abc.codec import ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin, BytesBytesCodec
from zarr.abc.store import RangeByteRequest
from zarr.storage import StorePath

from vqz import _rewrites
from vqz._sources import ROLES
from vqz._vqz import NAME, Codec, CorruptError, PartialRead, VqzError
from vqz.models import Model, find_model, known_elsewhere
from vqz.options import Quality, nodata_json
from vqz.warnings import CompressorWarning

if TYPE_CHECKING:
    from zarr.abc.store import ByteGetter
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["Vqz"]

# Of a region that is at least this part of its chunk, the whole chunk is fetched, in one request.
_NEARLY_ALL = 0.6

# As many samples are decoded sooner than a thread takes them up.
_FEW = 1 << 14

_TYPES = ("uint8", "int16", "uint16", "int32", "float32", "float64")


class Vqz(ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin):
    """The ``vqz`` codec of one array, to be given as ``serializer`` of a Zarr v3 array.

    A codec is immutable, and its pickle is small: where the model is known to the other process (see :class:`vqz.dask.ModelPlugin`),
    it is sent as a hash.

    Parameters
    ----------
    model : Model, str or path, optional
        The fitted model: a :class:`vqz.Model`, the name of one that ships with vqz, or the path of a ``.vqm`` file. It may be left
        out where ``max_error`` or ``lossless`` is given.
    axes : sequence of str
        What each dimension is, in the array's order: ``"time"``, ``"band"``, ``"y"``, ``"x"``, or any other name for a dimension that
        is looped over. Exactly one ``y`` and one ``x`` are needed.
    quality : float, optional
        The nominal PSNR in dB which data like the model's training data reach; 42 unless given. :func:`vqz.encoding` searches for a
        true PSNR, for bits or for a ratio.
    max_error : float or sequence of float, optional
        The promise that no valid sample is off by more, in the units of the stored samples: one for all bands, or one for each.
    stable : bool, default False
        Whether decoded samples can be coded again with the same ``max_error`` without any change.
    lossless : bool, default False
        The promise that every sample comes back bit for bit.
    nodata : number, str or sequence of these, optional
        Values that mean "no data": restored exactly, and never made out of valid samples.
    entropy : {"rans", "lz4"}, default "rans"
        ``rans`` is smallest, ``lz4`` is fastest.
    band_order : sequence of int, optional
        For each of the model's bands, the array's band, from 0, where the two have another order.
    embed : bool, default True
        Whether the decoding half of the model travels in the array's metadata. Without it, readers have to find the model, by
        :meth:`vqz.Model.register` or in a folder that ``VQZ_MODEL_PATH`` names.

    Raises
    ------
    VqzError
        For arguments that are out of range or contradict each other.
    """

    is_fixed_size = False

    _configuration: dict[str, Any]
    # Whether the model's decoding half travels in metadata, and its text; None until it is asked for.
    _embedded: bool
    _decoder: str | None
    _made: Codec | None
    # The whole model, where it was sent along.
    _package: bytes | None = None

    def __init__(
        self,
        model: Model | str | None = None,
        *,
        axes: Sequence[str] | None = None,
        quality: float | None = None,
        max_error: float | Sequence[float] | None = None,
        stable: bool = False,
        lossless: bool = False,
        nodata: Any = None,
        entropy: str = "rans",
        band_order: Sequence[int] | None = None,
        embed: bool = True,
    ) -> None:
        if axes is None:
            raise VqzError(
                "nothing says what the dimensions are; give axes=, such as axes=[\"time\", \"band\", \"y\", \"x\"], in the array's order"
            )
        asked = Quality(quality=quality, max_error=max_error, stable=stable, lossless=lossless, entropy=entropy)
        configuration: dict[str, Any] = {}
        whole = None if model is None else find_model(model)
        if whole is not None:
            configuration["model"] = whole.reference(embed=embed)
            whole.register()
        configuration["axes"] = list(axes)
        if band_order is not None and len(band_order):
            configuration["band_order"] = [int(band) for band in band_order]
        if whole is not None:
            if not 0 <= asked.nominal() <= 200:
                raise VqzError(f"quality is {quality}, 0 to 200 dB are allowed; 40 to 55 is usual")
            configuration["quality"] = asked.nominal()
        configuration["entropy"] = entropy
        if (values := nodata_json(nodata)):
            configuration["nodata"] = values
        configuration["promise"] = asked.promise()
        self._set(configuration)

    def _set(self, configuration: Mapping[str, Any]) -> None:
        without = dict(configuration)
        decoder = None
        if isinstance(without.get("model"), Mapping):
            without["model"] = dict(without["model"])
            decoder = without["model"].pop("decoder", None)
        self._configuration = without
        self._decoder = decoder
        self._embedded = decoder is not None
        self._made = Codec(json.dumps(without), decoder)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vqz:
        """The codec of an entry of ``codecs`` in an array's metadata.

        Parameters
        ----------
        data : dict
            The entry: ``name`` and ``configuration``.

        Raises
        ------
        MissingModelError
            When the model is neither embedded nor found.
        VqzError
            For a configuration that is not allowed.
        """
        configuration = data.get("configuration")
        if not isinstance(configuration, Mapping):
            raise VqzError(f"codec {NAME} has no configuration in the array's metadata; restore the metadata")
        codec = cls.__new__(cls)
        codec._set(configuration)
        return codec

    def to_dict(self) -> dict[str, Any]:
        """The entry of ``codecs`` in an array's metadata."""
        if _shards_are_pickled():
            # They take codecs as well as entries, and a codec's own pickle is small.
            return self  # type: ignore[return-value]
        return {"name": NAME, "configuration": self.configuration}

    @property
    def configuration(self) -> dict[str, Any]:
        """The configuration as it stands in an array's metadata."""
        configuration = copy.deepcopy(self._configuration)
        if self._embedded:
            configuration["model"]["decoder"] = self._embedded_decoder()
        return configuration

    def _embedded_decoder(self) -> str:
        """The text that travels in metadata; of a codec that was sent as a hash, this process has it from its own model."""
        if self._decoder is None:
            self._decoder = find_model(self._configuration["model"]["sha256"]).reference(embed=True)["decoder"]
        return self._decoder

    @property
    def _native(self) -> Codec:
        # A process that only passes a codec on, such as a scheduler, needs no model.
        if self._made is None:
            if self._package is not None:
                Model.from_bytes(self._package).register()
            self._made = Codec(json.dumps(self._configuration), self._embedded_decoder() if self._embedded else None)
        return self._made

    @property
    def model(self) -> Model | None:
        """The model, if the array has one."""
        native = self._native.model
        return None if native is None else Model(native)

    @property
    def axes(self) -> tuple[str, ...]:
        """What each dimension is."""
        return tuple(self._configuration["axes"])

    def __repr__(self) -> str:
        model = self._configuration.get("model")
        parts = [f"model={model['name']!r}, quality={self._configuration.get('quality', 0):g}"] if model else []
        promise = self._configuration.get("promise", {})
        if promise.get("kind") == "lossless":
            parts.append("lossless=True")
        elif promise.get("kind") == "max_error":
            bound = promise["bound"]
            parts.append(f"max_error={bound[0] if len(bound) == 1 else bound!r}")
        return f"Vqz({', '.join([*parts, f'axes={list(self.axes)!r}'])})"

    def _identity(self) -> tuple[str, bool]:
        return json.dumps(self._configuration, sort_keys=True), self._embedded

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vqz) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[Any, ...]:
        if self._made is None:
            # Passed on as it came.
            return _restore, (self._configuration, self._decoder, self._embedded, self._package)
        model = self._configuration.get("model")
        if model is None or known_elsewhere(model["sha256"]):
            return _restore, (self._configuration, None, self._embedded, None)
        # What is not embedded is not to be found elsewhere either.
        package = None if self._embedded else self.model.to_bytes()
        return _restore, (self._configuration, self._embedded_decoder() if self._embedded else None, self._embedded, package)

    # What zarr-python asks of a codec.

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Not known before a chunk is encoded."""
        raise NotImplementedError

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Refuse arrays that the codec can't hold."""
        _warn_of_compressors()
        native = dtype.to_native_dtype()
        if native.name not in _TYPES:
            raise VqzError(f"the array's data type is {native}, the codec takes {', '.join(_TYPES)}; convert the array first")
        chunk = getattr(chunk_grid, "chunk_shape", None)
        if len(shape) != len(self.axes):
            raise VqzError(
                f"the array has {len(shape)} dimensions, the codec was given axes {list(self.axes)}; give one for each dimension. If the "
                "codec came with data that were opened from an archive, call .drop_encoding() on them first"
            )
        _check_names(self.axes)
        # A grid of chunks of several sizes is checked chunk by chunk.
        if isinstance(chunk, tuple) and all(isinstance(extent, int) for extent in chunk) and all(chunk):
            if "model" in self._configuration and "band" in self.axes:
                at = self.axes.index("band")
                if chunk[at] > shape[at]:
                    raise VqzError(
                        f"the array has {shape[at]} bands, its chunks {chunk[at]}: bands were left out after it was opened, and the model "
                        "would take others for them; call .drop_encoding() on the data first"
                    )
            self._native.check((list(chunk), native.name, bytes(native.itemsize)))

    async def _encode_single(self, chunk_data: NDBuffer, chunk_spec: ArraySpec) -> Buffer | None:
        native = chunk_spec.dtype.to_native_dtype().newbyteorder("=")
        # Big-endian samples, views with strides and read-only memory are all the user's: only a copy is changed.
        samples = np.ascontiguousarray(chunk_data.as_numpy_array(), dtype=native)
        if not self._native.is_stable:
            _rewrites.about_to_encode(samples)
        bytes_ = await asyncio.to_thread(
            self._native.encode, _described(chunk_spec, native), samples.reshape(-1).view(np.uint8)
        )
        return chunk_spec.prototype.buffer.from_bytes(bytes_)

    async def _decode_single(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        return chunk_spec.prototype.nd_buffer.from_numpy_array(await self._decode_apart(chunk_data, chunk_spec))

    async def _decode_apart(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> np.ndarray:
        if np.prod(chunk_spec.shape, dtype=float) <= _FEW:
            return self._decode_whole(chunk_data, chunk_spec)
        return await asyncio.to_thread(self._decode_whole, chunk_data, chunk_spec)

    def _decode_whole(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> np.ndarray:
        native = chunk_spec.dtype.to_native_dtype().newbyteorder("=")
        out = np.empty(chunk_spec.shape, dtype=native)
        self._native.decode(_described(chunk_spec, native), _bytes(chunk_data), out.reshape(-1).view(np.uint8))
        if not self._native.is_stable:
            _rewrites.decoded(out)
        return out

    async def _decode_partial_single(
        self, byte_getter: ByteGetter, selection: Any, chunk_spec: ArraySpec
    ) -> NDBuffer | None:
        try:
            samples = await self._samples(byte_getter, selection, chunk_spec)
        except CorruptError as error:
            if isinstance(byte_getter, StorePath):
                raise CorruptError(f"chunk {byte_getter}: {error}") from error
            if (place := getattr(byte_getter, "chunk_coords", None)) is not None:
                raise CorruptError(f"inner chunk {'/'.join(map(str, place))} of a shard: {error}") from error
            raise
        return None if samples is None else chunk_spec.prototype.nd_buffer.from_numpy_array(samples)

    async def _samples(self, getter: ByteGetter, selection: Any, spec: ArraySpec) -> np.ndarray | None:
        """The selected samples of a chunk, or None if there is no chunk."""
        region, selected = _region(selection, spec.shape)
        extents = [end - start for start, end in region]
        native = spec.dtype.to_native_dtype().newbyteorder("=")
        if 0 in extents:
            return np.empty(extents, dtype=native)[selected]
        size = int(np.prod(spec.shape, dtype=np.int64))
        nearly_all = int(np.prod(extents, dtype=np.int64)) >= _NEARLY_ALL * size
        if nearly_all:
            chunk = await getter.get(prototype=spec.prototype)
            if chunk is None:
                return None
            whole = await self._decode_apart(chunk, spec)
            return whole[tuple(slice(start, end) for start, end in region)][selected]
        read = self._native.read(_described(spec, native), region)
        out = np.empty(extents, dtype=native)
        # What lies in a shard was fetched with the chunk, and can't be fetched in parts.
        parts = await _parts(getter, read, spec) if isinstance(getter, StorePath) else None
        if parts is None:
            chunk = await getter.get(prototype=spec.prototype)
            if chunk is None:
                return None
            read.whole(_bytes(chunk))
            parts = []
        await asyncio.to_thread(read.decode, parts, out.reshape(-1).view(np.uint8))
        return out[selected]


def _warn_of_compressors() -> None:
    """Warn if a compressor stands behind the codec in the metadata that are being validated.

    zarr-python appends zstd unless told not to.
    """
    metadata = _metadata_being_validated()
    behind = [codec for codec in getattr(metadata, "codecs", ()) if isinstance(codec, BytesBytesCodec)]
    if behind:
        warnings.warn(
            CompressorWarning(
                f"{', '.join(type(codec).__name__ for codec in behind)} stands behind the codec vqz, whose bytes no compressor makes "
                "smaller; it costs time, and parts of chunks can't be read. Give compressors=None when you create the array"
            ),
            stacklevel=4,
        )


def _shards_are_pickled() -> bool:
    """Whether zarr-python's codec of shards asks for the entry of a codec in it to put that into its pickle."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name in ("<genexpr>", "to_dict"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name == "__getstate__"


def _metadata_being_validated() -> Any:
    """The metadata that ask a codec for its opinion, two calls up; zarr-python does not hand them over. None, or anything, where a
    release of zarr-python looks different."""
    return sys._getframe(3).f_locals.get("self")


def _check_names(axes: tuple[str, ...]) -> None:
    """Refuse an array whose dimensions are called otherwise than the codec's axes: it was transposed after it was opened."""
    names = getattr(_metadata_being_validated(), "dimension_names", None)
    for name, axis in zip(names or (), axes, strict=False):
        role = ROLES.get(str(name).lower())
        if role is not None and axis in ("time", "band", "y", "x") and role != axis:
            raise VqzError(
                f"the array's dimensions are {list(names)}, the codec was made for axes {list(axes)}, so rows, columns and bands would be "
                "taken for each other. If the codec came with data that were opened from an archive, call .drop_encoding() on them first"
            )


async def _parts(getter: StorePath, read: PartialRead, spec: ArraySpec) -> list[np.ndarray] | None:
    """Fetch the bytes that a read of a region needs. None where the store can't give ranges, or the chunk is not there."""

    async def fetch(start: int, end: int) -> np.ndarray | None:
        try:
            part = await getter.get(prototype=spec.prototype, byte_range=RangeByteRequest(start, end))
        except Exception:
            # Some stores refuse a range that reaches beyond the end of an object, each with an exception of its own. Whatever
            # else went wrong, fetching the whole object tells.
            return None
        return None if part is None else _bytes(part)

    needed: int | None = PartialRead.FIRST_READ
    while needed is not None:
        asked = needed
        head = await fetch(0, asked)
        if head is None:
            return None
        if len(head) < asked:
            # The object is no longer than this.
            read.whole(head)
            return []
        needed = read.start(head)
    missing = read.missing()
    parts = await asyncio.gather(*(fetch(start, end) for start, end in missing))
    if any(part is None or len(part) != end - start for part, (start, end) in zip(parts, missing, strict=True)):
        return None
    return list(parts)


def _region(selection: Any, shape: tuple[int, ...]) -> tuple[list[tuple[int, int]], Any]:
    """The smallest region of a chunk that holds a selection, and the selection within that region.

    Selections are what zarr-python's indexers make: slices with positive steps, integers, and arrays of integers, which may be
    negative nowhere.
    """
    if not isinstance(selection, tuple):
        selection = (selection,)
    if any(part is Ellipsis for part in selection):
        at = next(i for i, part in enumerate(selection) if part is Ellipsis)
        fill = len(shape) - len(selection) + 1
        selection = selection[:at] + (slice(None),) * fill + selection[at + 1 :]
    selection += (slice(None),) * (len(shape) - len(selection))
    region: list[tuple[int, int]] = []
    within: list[Any] = []
    for part, extent in zip(selection, shape, strict=True):
        if isinstance(part, slice):
            start, stop, step = part.indices(extent)
            count = len(range(start, stop, step))
            low = start if count else 0
            high = start + (count - 1) * step + 1 if count else 0
            region.append((low, high))
            within.append(slice(0, high - low, step))
        elif isinstance(part, (int, np.integer)):
            region.append((int(part), int(part) + 1))
            within.append(0)
        else:
            index = np.asarray(part)
            if index.dtype == bool:
                index = np.flatnonzero(index)
            low, high = (int(index.min()), int(index.max()) + 1) if index.size else (0, 0)
            region.append((low, high))
            within.append(index - low)
    return region, tuple(within)


def _described(spec: ArraySpec, native: np.dtype) -> tuple[list[int], str, bytes]:
    """A chunk as the native codec takes it."""
    fill = np.zeros((), dtype=native) if spec.fill_value is None else np.asarray(spec.fill_value, dtype=native)
    return list(spec.shape), native.name, fill.tobytes()


def _bytes(buffer: Buffer) -> np.ndarray:
    return np.ascontiguousarray(buffer.as_numpy_array()).view(np.uint8)


def _restore(configuration: dict[str, Any], decoder: str | None, embedded: bool, package: bytes | None) -> Vqz:
    """A codec that was pickled."""
    codec = Vqz.__new__(Vqz)
    codec._configuration, codec._decoder, codec._embedded = configuration, decoder, embedded
    codec._made, codec._package = None, package
    return codec
