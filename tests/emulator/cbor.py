"""CBOR (RFC 8949), as far as AWS's RPC protocol uses it. The SDK for CloudWatch speaks it.

ministack asks for the package `cbor2`, which is not among its own requirements. `install()` makes this module that
package: it has the names that ministack uses.
"""

import dataclasses
import datetime
import math
import struct
import sys

_BREAK = object()
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_EPOCH_TAG = 1


class CBORDecodeError(ValueError):
    """The bytes are no CBOR, or there are too few or too many."""


@dataclasses.dataclass(frozen=True)
class CBORTag:
    """A value with a tag, for example an instant: tag 1 and seconds since the epoch."""

    tag: int
    value: object


def install() -> None:
    """Stand in for the package."""
    sys.modules["cbor2"] = sys.modules[__name__]


def loads(data: bytes):
    """The one value that `data` holds. Instants become datetimes in UTC. Raises CBORDecodeError."""
    try:
        value, end = _read(data, 0)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError, OverflowError) as problem:
        raise CBORDecodeError(f"no CBOR: {problem}") from None
    if value is _BREAK or end != len(data):
        raise CBORDecodeError(f"a value ends at byte {end} of {len(data)}")
    return value


def dumps(value) -> bytes:
    """`value` in CBOR. Raises TypeError for what has no form in it."""
    if isinstance(value, CBORTag):
        return _head(6, value.tag) + dumps(value.value)
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, (bytes, bytearray)):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(dumps(item) for item in value)
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(dumps(key) + dumps(item) for key, item in value.items())
    if isinstance(value, datetime.datetime):
        return dumps(CBORTag(_EPOCH_TAG, value.timestamp()))
    raise TypeError(f"{type(value).__name__} has no form in CBOR")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | code]) + struct.pack(form, number)
    raise TypeError(f"{number} is too large for CBOR")


def _read(data: bytes, at: int) -> tuple:
    major, code = data[at] >> 5, data[at] & 31
    if major == 7:
        return _read_simple(data, at + 1, code)
    number, at = _read_number(data, at + 1, code)
    if major in (2, 3):
        return _read_text(data, at, number, major == 3)
    if major == 4:
        return _read_items(data, at, number)
    if major == 5:
        items, at = _read_items(data, at, None if number is None else number * 2)
        return dict(zip(items[::2], items[1::2], strict=True)), at
    if major == 6:
        value, at = _read(data, at)
        return (_instant(value) if number == _EPOCH_TAG else CBORTag(number, value)), at
    return (number if major == 0 else -1 - number), at


def _read_simple(data, at, code):
    if code in _FLOATS:
        size = struct.calcsize(_FLOATS[code])
        return struct.unpack(_FLOATS[code], data[at : at + size])[0], at + size
    if code == 31:
        return _BREAK, at
    if code not in _SIMPLE:
        raise CBORDecodeError(f"unknown simple value {code}")
    return _SIMPLE[code], at


def _read_number(data, at, code):
    """The number of a head; None stands for an indefinite length."""
    if code < 24:
        return code, at
    if code == 31:
        return None, at
    if code > 27:
        raise CBORDecodeError(f"reserved length {code}")
    size = 1 << code - 24
    if at + size > len(data):
        raise CBORDecodeError("the bytes end within a number")
    return int.from_bytes(data[at : at + size]), at + size


def _read_text(data, at, length, is_text):
    if length is None:
        parts, at = _read_items(data, at, None)
        return ("" if is_text else b"").join(parts), at
    if at + length > len(data):
        raise CBORDecodeError("the bytes end within a text")
    found = data[at : at + length]
    return (found.decode() if is_text else found), at + length


def _read_items(data, at, count):
    items = []
    while count is None or len(items) < count:
        item, at = _read(data, at)
        if item is _BREAK:
            if count is not None:
                raise CBORDecodeError("a break within a definite length")
            break
        items.append(item)
    return items, at


def _instant(seconds) -> datetime.datetime:
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        raise CBORDecodeError(f"no instant: {seconds!r}")
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
