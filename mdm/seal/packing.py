"""Packing: how a value is made smaller before it is sealed. One byte says which way, for ever.

Golden profiles are about a kilobyte of JSON that says the same words again and again: packed with a dictionary of those
words they take a quarter of it. A dictionary is part of the format: what was packed with it opens with nothing else. So
its file never changes; a better one is a new file under a new number (`python -m bench.words`).
"""

from __future__ import annotations

import struct
import threading
import zlib
from functools import cache
from pathlib import Path

import pyarrow as pa
import zstandard

PACK_NONE, PACK_ZLIB, PACK_LZ4, PACK_PROFILE = 0, 1, 2, 3
MAX_PLAIN = 1 << 26  # 64 MiB: a forged length must not ask for all memory
#: What the bytes that do not unpack can end in.
UNPACKABLE = (ValueError, OSError, zlib.error, struct.error, zstandard.ZstdError)

_WORDS = Path(__file__).with_name("profile-3.zdict")
_LEVEL = 1  # 3.8 µs a profile; higher levels take longer and save a hundredth
_LENGTH = struct.Struct(">I")
_LZ4 = pa.Codec("lz4_raw")


def pack(plain: bytes, packing: int) -> bytes:
    """The value made smaller; ValueError for a packing that there is not."""
    if packing == PACK_NONE:
        return plain
    if packing == PACK_PROFILE:
        return _zstd().packer.compress(plain)
    if packing == PACK_LZ4:
        return _LENGTH.pack(len(plain)) + bytes(_LZ4.compress(plain, asbytes=True))
    if packing == PACK_ZLIB:
        return zlib.compress(plain, 1)
    raise ValueError(f"no packing {packing}")


def unpack(packed: bytes, packing: int) -> bytes:
    """The value again; one of UNPACKABLE when it is none, or longer than MAX_PLAIN."""
    if packing == PACK_NONE:
        return packed
    if packing == PACK_PROFILE and zstandard.frame_content_size(packed) <= MAX_PLAIN:
        return _zstd().unpacker.decompress(packed)
    if packing == PACK_LZ4:
        (length,) = _LENGTH.unpack(packed[: _LENGTH.size])
        if length <= MAX_PLAIN:
            return _LZ4.decompress(packed[_LENGTH.size :], length, asbytes=True)
    if packing == PACK_ZLIB:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(packed, MAX_PLAIN)
        if inflater.eof:
            return plain
    raise ValueError(f"no packing {packing}")


class _Zstd(threading.local):
    """A thread's own: a compressor at work belongs to one."""

    def __init__(self) -> None:
        words = _words()
        self.packer = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=words, write_checksum=False, write_dict_id=False
        )
        self.unpacker = zstandard.ZstdDecompressor(dict_data=words)


@cache
def _words() -> zstandard.ZstdCompressionDict:
    words = zstandard.ZstdCompressionDict(_WORDS.read_bytes())
    words.precompute_compress(level=_LEVEL)
    return words


@cache
def _zstd() -> _Zstd:
    return _Zstd()
