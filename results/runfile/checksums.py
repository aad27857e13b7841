"""A checksum a line: the last key of a record, "crc", over the line without it. What has none is not asked."""

import re
import zlib

_ENDING = re.compile(rb',"crc":"([0-9a-f]{8})"\}\s*\Z')
_ENDS = 20
"""Bytes at the end of a line, among which it is."""


def with_checksum(line: bytes) -> bytes:
    """A JSON object, with its checksum (CRC-32, as eight hexadecimal digits) as its last key."""
    return b'%s,"crc":"%08x"}' % (line[:-1], zlib.crc32(line))


def is_changed(line: bytes) -> bool:
    """Whether a line is another than the one that its checksum was made of."""
    found = _ENDING.search(line, max(0, len(line) - _ENDS))
    return found is not None and zlib.crc32(line[: found.start()] + b"}") != int(found[1], 16)
