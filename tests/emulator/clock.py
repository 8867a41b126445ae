"""The time of the emulated AWS: the machine's clock, moved by an offset that tests set.

`install()` replaces the wall clock of this process (`time.time`, `datetime.now` and their kin) before ministack is
imported, so that whatever AWS says (execution start, state entered, createdAt, the Date header) lies in the simulated
day. Monotonic clocks stay untouched: sleeping, waiting and asyncio work as ever.
"""

import datetime
import time

_real_time = time.time
_real_datetime = datetime.datetime
_offset = 0.0
_listeners = []


def now() -> float:
    """Seconds since the epoch, as the emulated AWS sees them."""
    return _real_time() + _offset


def iso(instant: float) -> str:
    """An instant as AWS writes it: UTC, milliseconds, Z."""
    moment = _real_datetime.fromtimestamp(instant, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 instant with a zone. Raises ValueError for anything else."""
    moment = _real_datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("an instant needs a zone: Z or an offset")
    return moment.timestamp()


def set_now(instant: float) -> None:
    """Make it `instant` now; the clock runs on from there."""
    global _offset
    _offset = instant - _real_time()
    _tell()


def reset() -> None:
    """Back to the machine's own time."""
    global _offset
    _offset = 0.0
    _tell()


def on_change(listener) -> None:
    """Call `listener` after each jump of the clock."""
    _listeners.append(listener)


def _tell() -> None:
    for listener in _listeners:
        listener()


class _AnyDatetime(type):
    """Lets `isinstance` hold for datetimes made before the clock was installed, or by C code."""

    def __instancecheck__(cls, value):
        return isinstance(value, _real_datetime)

    def __subclasscheck__(cls, other):
        return issubclass(other, _real_datetime)


class Datetime(_real_datetime, metaclass=_AnyDatetime):
    """`datetime.datetime` with the emulated idea of now."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


def _defaulting_to_now(function):
    return lambda seconds=None: function(now() if seconds is None else seconds)


def install() -> None:
    """Replace the process's wall clock. To be called before anything imports `datetime.datetime` by name."""
    strftime = time.strftime
    time.time = now
    time.time_ns = lambda: int(now() * 1_000_000_000)
    time.gmtime = _defaulting_to_now(time.gmtime)
    time.localtime = _defaulting_to_now(time.localtime)
    time.ctime = _defaulting_to_now(time.ctime)
    time.strftime = lambda form, moment=None: strftime(form, time.localtime() if moment is None else moment)
    datetime.datetime = Datetime
