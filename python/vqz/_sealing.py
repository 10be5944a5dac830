"""Sealing an archive in a store of zarr-python: what its chunks hold is read from their headers alone, and recorded."""

from __future__ import annotations

import asyncio
import hashlib
import re
import warnings
from collections.abc import AsyncIterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import RangeByteRequest, Store, SuffixByteRequest
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from vqz._vqz import NAME, CorruptError, PartialRead, VqzError
from vqz.archives import remark_on_fewer
from vqz.codec import Vqz

# The codec's name in archives of former releases, whose record goes by that name.
_FORMER = "vqvae"

# How many requests are under way at a time.
_AT_ONCE = 32

# Bytes at the end of a chunk that its digest takes: the checksum of its last tile.
_TAIL = 4

# What an index says of an inner chunk that is not stored.
_ABSENT = np.uint64(2**64 - 1)


def seal_store(store: Any, storage_options: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Seal the archive at the root of a store."""
    root = zarr.open(store, mode="r+", zarr_format=3, storage_options=storage_options)
    consolidated = isinstance(root, zarr.Group) and root.metadata.consolidated_metadata is not None
    if consolidated:
        # What was consolidated may be out of date.
        root = zarr.open_group(root.store_path, mode="r+", use_consolidated=False)
    arrays, derived = _arrays(root)
    encoded = {path: codec for path, array in arrays.items() if (codec := _codec(array)) is not None}
    if not set(encoded) - derived:
        raise VqzError(f"{root.store_path} holds no vqz archive; encode it first")
    before = {path: array.attrs.asdict().get(NAME) for path, array in arrays.items()}
    records: dict[str, dict[str, Any]] = {}
    copies: dict[str, int] = {}
    for path, array in sorted(arrays.items()):
        if path in derived:
            continue
        if path in encoded:
            records[path] = sync(_record(array, *encoded[path]))
        else:
            copies[path] = sync(_count(array))
    # Nothing is written before everything was read.
    for path, record in records.items():
        _set(arrays[path], record)
    if isinstance(root, zarr.Group):
        _set(root, {"copies": copies, "encoded": sorted(records)})
    if consolidated:
        with warnings.catch_warnings():
            # That they are no part of the specification was said when they were made.
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(root.store_path)
    remark_on_fewer(before, records)
    return records


def _arrays(root: zarr.Array | zarr.Group) -> tuple[dict[str, zarr.Array], set[str]]:
    """All arrays by path, and the paths of those that are overviews of others, which are made anew without touching the record."""
    if isinstance(root, zarr.Array):
        return {"": root}, set()
    members = dict(root.members(max_depth=None))
    derived = set()
    groups = {"": root} | {path: node for path, node in members.items() if isinstance(node, zarr.Group)}
    for path, group in groups.items():
        pyramid = group.attrs.asdict().get("multiscales")
        levels = pyramid.get("layout", []) if isinstance(pyramid, dict) else []
        for level in levels if isinstance(levels, list) else []:
            if isinstance(level, dict) and "derived_from" in level and isinstance(level.get("asset"), str):
                derived.add(f"{path}/{level['asset']}".strip("/"))
    arrays = {path: node for path, node in members.items() if isinstance(node, zarr.Array)}
    return arrays, {path for path in arrays if any(path == of or path.startswith(f"{of}/") for of in derived)}


def _codec(array: zarr.Array) -> tuple[Vqz, ShardingCodec | None] | None:
    """The codec of an array, and that of its shards; None if it is not encoded."""
    codecs = getattr(array.metadata, "codecs", ())
    outer = next((codec for codec in codecs if isinstance(codec, (Vqz, ShardingCodec))), None)
    inner = outer.codecs if isinstance(outer, ShardingCodec) else codecs
    found = next((codec for codec in inner if isinstance(codec, Vqz)), None)
    if found is None:
        return None
    if len(codecs) > 1 or len(inner) > 1:
        names = ", ".join(type(codec).__name__ for codec in (*codecs, *inner))
        raise VqzError(f"{array.store_path} has further codecs around vqz ({names}), so its headers can't be read; write it without them")
    return found, outer if isinstance(outer, ShardingCodec) else None


def _set(node: Any, record: dict[str, Any]) -> None:
    attributes = node.attrs.asdict()
    attributes.pop(_FORMER, None)
    node.attrs.put(attributes | {NAME: record})


async def _keys(array: zarr.Array) -> AsyncIterator[tuple[str, tuple[int, ...]]]:
    """The keys of the chunks, or shards, that are stored, with their places in the grid."""
    store, path = array.store_path.store, array.store_path.path
    encoding = array.metadata.chunk_key_encoding
    separator = re.escape(encoding.separator)
    first = "c" + separator if encoding.name == "default" else ""
    pattern = re.compile(rf"{first}\d+(?:{separator}\d+)*" if array.ndim else "c" if encoding.name == "default" else "0")
    grid = [-(-extent // chunk) for extent, chunk in zip(array.shape, array.shards or array.chunks, strict=True)]
    prefix = f"{path}/" if path else ""
    async for key in store.list_prefix(prefix):
        name = key.removeprefix(prefix)
        if pattern.fullmatch(name):
            place = tuple(int(number) for number in re.findall(r"\d+", name))[: array.ndim]
            if all(at < extent for at, extent in zip(place, grid, strict=True)):
                yield key, place


async def _count(array: zarr.Array) -> int:
    return sum([1 async for _ in _keys(array)])


async def _record(array: zarr.Array, codec: Vqz, sharding: ShardingCodec | None) -> dict[str, Any]:
    """How many chunks are stored, how many valid samples their headers count, which lies where, and what the metadata say."""
    limit = asyncio.Semaphore(_AT_ONCE)
    headers = _Headers(array, codec)

    async def chunk(key: str, place: tuple[int, ...]) -> list[tuple[int, int]]:
        async with limit:
            return [await headers.figures(key, place, 0, None)]

    async def shard(key: str, place: tuple[int, ...]) -> list[tuple[int, int]]:
        async with limit:
            inner = await _inner(array, sharding, key, place)
            return [await headers.figures(key, indices, start, length) for indices, start, length in inner]

    read = chunk if sharding is None else shard
    found = [figures for some in await asyncio.gather(*[read(key, place) async for key, place in _keys(array)]) for figures in some]
    return {
        "chunks": len(found),
        "valid_samples": sum(valid for valid, _ in found),
        "digest": f"{sum(digest for _, digest in found) % 2**64:016x}",
        "shape": list(array.shape),
        "data_type": np.dtype(array.dtype).name,
        "fill_value": np.asarray(array.fill_value, dtype=np.dtype(array.dtype).newbyteorder("<")).tobytes().hex(),
        "nodata": codec.configuration.get("nodata", []),
    }


class _Headers:
    """Reads what the headers of an array's chunks state."""

    def __init__(self, array: zarr.Array, codec: Vqz) -> None:
        native = np.dtype(array.dtype).newbyteorder("=")
        self.store: Store = array.store_path.store
        self.codec = codec
        self.chunk = (list(array.chunks), native.name, np.asarray(array.fill_value, dtype=native).tobytes())

    async def figures(self, key: str, indices: Sequence[int], start: int, length: int | None) -> tuple[int, int]:
        """The valid samples of a chunk and its part of the digest, by its place in the grid. Its bytes begin at ``start`` of an object,
        and are its last unless a length is given."""
        needed = PartialRead.FIRST_READ
        while True:
            end = start + (needed if length is None else min(needed, length))
            head = await _bytes(self.store, key, start, end)
            try:
                wanted = self.codec._native.header_len(self.chunk, head)
                if wanted <= len(head) or len(head) < needed:
                    tail = await self._tail(key, start, length)
                    return self.codec._native.statistics(self.chunk, head)[0], _digest(indices, head[:wanted], tail)
            except CorruptError as error:
                raise CorruptError(f"chunk {key}: {error}") from error
            needed = wanted

    async def _tail(self, key: str, start: int, length: int | None) -> bytes:
        """The last bytes of a chunk."""
        if length is not None:
            return (await _bytes(self.store, key, start + max(length - _TAIL, 0), start + length)).tobytes()
        try:
            found = await self.store.get(key, default_buffer_prototype(), byte_range=SuffixByteRequest(_TAIL))
        except Exception:
            # Stores that know no suffixes.
            size = await self.store.getsize(key)
            return (await _bytes(self.store, key, max(size - _TAIL, 0), size)).tobytes()
        if found is None:
            raise CorruptError(f"chunk {key} was there, and is not any more")
        return found.to_bytes()


def _digest(indices: Sequence[int], header: np.ndarray, tail: bytes) -> int:
    digest = hashlib.sha256(b"".join(int(index).to_bytes(8, "little") for index in indices) + header.tobytes() + tail)
    return int.from_bytes(digest.digest()[:8], "little")


async def _bytes(store: Store, key: str, start: int, end: int) -> np.ndarray:
    """A range of an object's bytes, which may end earlier than the range."""
    prototype = default_buffer_prototype()
    try:
        found = await store.get(key, prototype, byte_range=RangeByteRequest(start, end))
    except Exception:
        # Some stores refuse a range that reaches beyond the end of an object, each with an exception of its own. Whatever else
        # went wrong, fetching the whole object tells.
        found = await store.get(key, prototype)
        found = None if found is None else found[start:end]
    if found is None:
        raise CorruptError(f"chunk {key} was there, and is not any more")
    return found.as_numpy_array().view(np.uint8)


async def _inner(array: zarr.Array, sharding: ShardingCodec, key: str, place: tuple[int, ...]) -> list[tuple[list[int], int, int]]:
    """Where the chunks of a shard are that lie within the array: their places in the grid, their starts and lengths."""
    codecs = list(sharding.index_codecs)
    if not isinstance(codecs[0], BytesCodec) or not all(isinstance(codec, Crc32cCodec) for codec in codecs[1:]) or len(codecs) > 2:
        raise VqzError(f"the index of shard {key} is encoded by {codecs}, which can't be read here; seal a copy on a file system")
    endian = str(getattr(codecs[0].endian, "value", codecs[0].endian))
    per_shard = [shard // chunk for shard, chunk in zip(array.shards, array.chunks, strict=True)]
    entries = int(np.prod(per_shard))
    size = 16 * entries
    whole = size + 4 * (len(codecs) - 1)
    store = array.store_path.store
    at_start = str(getattr(sharding.index_location, "value", sharding.index_location)) == "start"
    begin = 0 if at_start else await store.getsize(key) - whole
    data = await _bytes(store, key, begin, begin + whole) if begin >= 0 else np.empty(0, np.uint8)
    if len(data) != whole:
        raise CorruptError(f"shard {key} is shorter than its index; write it again")
    index = data[:size].view("<u8" if endian == "little" else ">u8").reshape(entries, 2)
    grid = [-(-extent // chunk) for extent, chunk in zip(array.shape, array.chunks, strict=True)]
    found = []
    for entry, inner in zip(index, product(*(range(count) for count in per_shard)), strict=True):
        indices = [at * count + i for at, count, i in zip(place, per_shard, inner, strict=True)]
        if (entry != _ABSENT).any() and all(i < count for i, count in zip(indices, grid, strict=True)):
            found.append((indices, int(entry[0]), int(entry[1])))
    return found
