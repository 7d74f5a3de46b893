"""Packed bodies, a bounded slice at a time: a bomb is noticed before it is held."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from smsmon.api.errors import NotAReport
from smsmon.text import safe

SLICE = 1 << 20
"""How much is unpacked at a time, in bytes: about 3 ms of the event loop."""
_GZIP, _ZLIB, _RAW = 31, 15, -15


class Unpacker:
    """Unpacks gzip, in one member or several, and deflate, in both forms that servers send."""

    def __init__(self, encoding: str) -> None:
        self._name = "gzip" if encoding.endswith("gzip") else "deflate"
        self._stream = zlib.decompressobj(_GZIP if self._name == "gzip" else _ZLIB)
        self._begun = b""
        """What the stream was fed so far, while a failure may still mean "the other form"."""
        self._fresh = True

    @property
    def finished(self) -> bool:
        return self._stream.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """The pieces that ``packed`` unpacks to. Raises ``NotAReport``."""
        while packed:
            if self.finished:
                packed = self._next_member(packed)
                if not packed:
                    return
            piece, packed = self._step(packed)
            if piece:
                yield piece

    def _step(self, packed: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._stream.decompress(packed, SLICE)
        except zlib.error:
            pass
        else:
            if self._fresh:
                self._begun += packed
                self._fresh = not piece and len(self._begun) < 64
            return piece, self._stream.unconsumed_tail or self._stream.unused_data
        if self._name == "deflate" and self._fresh:
            # RFC 9110 says zlib; some servers send it bare.
            begun, self._begun, self._fresh = self._begun + packed, b"", False
            self._stream = zlib.decompressobj(_RAW)
            return b"", begun
        raise NotAReport(f"The answer says it is {self._name} data and is not.")

    def _next_member(self, packed: bytes) -> bytes:
        """``packed``, with a stream to unpack it; empty if only padding is left."""
        if not packed.strip(b"\0"):
            return b""
        if self._name != "gzip" or not b"\x1f\x8b".startswith(packed[:2]):
            raise NotAReport(f"The answer goes on after the end of its {self._name} data.")
        self._stream = zlib.decompressobj(_GZIP)
        return packed


def unpacker_for(encoding: str) -> Unpacker | None:
    """What unpacks a body of this ``Content-Encoding``; None if it is not packed.

    Raises ``NotAReport`` for one that this program does not know.
    """
    layers = [one for part in encoding.lower().split(",") if (one := part.strip()) != "identity"]
    packed = [one for one in layers if one]
    if not packed:
        return None
    if len(packed) == 1 and packed[0] in ("gzip", "x-gzip", "deflate"):
        return Unpacker(packed[0])
    raise NotAReport(f"The answer is packed in a way not asked for: {safe(encoding, 40)}.")
