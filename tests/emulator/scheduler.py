"""What AWS does by itself a little later: a task that starts, a database that has stopped, a restart after seven days.

One thread works through two lists: actions due after some real seconds, and actions due at an instant of the emulated
clock. Each runs in the account and region of the request that caused it; in a region that is lost it waits, and takes its
time anew once the region is back.
"""

import contextvars
import heapq
import itertools
import logging
import threading
import time

from . import clock, outage

_LONGEST_WAIT = 0.5  # seconds; the emulated clock runs on, so instants are looked at again this often

_condition = threading.Condition()
_order = itertools.count()
_soon = []  # (monotonic seconds, order, seconds it takes, context, action)
_dated = []  # (emulated epoch seconds, order, seconds it takes, context, action)
_parked = []  # what came due in a region that is lost


def after(seconds: float, action, *arguments) -> None:
    """Run `action(*arguments)` when `seconds` of real time have passed."""
    _add(_soon, time.monotonic() + seconds, seconds, action, arguments)


def at(instant: float, action, *arguments) -> None:
    """Run `action(*arguments)` when the emulated clock has reached `instant` (epoch seconds)."""
    _add(_dated, instant, 0.0, action, arguments)


def clear() -> None:
    """Forget everything that was to happen."""
    with _condition:
        _soon.clear()
        _dated.clear()
        _parked.clear()


def start() -> None:
    """Start the thread, and look at the dated list whenever the clock jumps."""
    clock.on_change(_wake)
    outage.on_change(_unpark)
    threading.Thread(target=_work, name="scheduler", daemon=True).start()


def _add(entries, due, seconds, action, arguments) -> None:
    entry = (due, next(_order), seconds, contextvars.copy_context(), action, arguments)
    with _condition:
        heapq.heappush(entries, entry)
        _condition.notify()


def _wake() -> None:
    with _condition:
        _condition.notify()


def _unpark(_loss, is_lost) -> None:
    # What still stands in a region that is lost is parked again.
    if is_lost:
        return
    with _condition:
        for entry in _parked:
            heapq.heappush(_soon, (time.monotonic() + entry[2], *entry[1:]))
        _parked.clear()
        _condition.notify()


def _work() -> None:
    while True:
        with _condition:
            entry = _due()
            if entry is None:
                _condition.wait(_pause())
                continue
        _, _, _, context, action, arguments = entry
        if context.run(outage.here):
            with _condition:
                _parked.append(entry)
            continue
        try:
            context.run(action, *arguments)
        except Exception:
            logging.getLogger(__name__).exception("an action of the scheduler failed: %s", action.__name__)


def _due():
    if _soon and _soon[0][0] <= time.monotonic():
        return heapq.heappop(_soon)
    if _dated and _dated[0][0] <= clock.now():
        return heapq.heappop(_dated)
    return None


def _pause() -> float:
    soon = _soon[0][0] - time.monotonic() if _soon else _LONGEST_WAIT
    return max(0.0, min(soon, _LONGEST_WAIT))
