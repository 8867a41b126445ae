"""Regions that are lost: their calls fail or hang, and nothing goes on in them until they are regained.

A call is struck when it goes to a lost region, or comes from one: functions say in the user agent where they run. Who
watches from outside is not struck: a client whose application name is `test`, or a call with the header
`x-sandbox-observer`.
"""

import asyncio
import dataclasses
import re
import threading

from ministack.core.responses import get_region

from . import faults

HOW = ("fail", "hang")
TASKS = ("stay", "gone")
INSIDE = ("stops", "runs")
ORIGIN = "AWS_Lambda_"  # how the execution environment begins that functions send with each call

_PAUSE = 0.05  # seconds between looks of a call that hangs
_OBSERVER = re.compile(r"\bapp/test\b")
_ORIGIN = re.compile(rf"\bexec-env/{ORIGIN}([a-z0-9-]+)")
_UNAVAILABLE = "ServiceUnavailable"


@dataclasses.dataclass(frozen=True, eq=False)
class Loss:
    """How a region is lost: what becomes of calls and of ECS tasks, and whether AWS goes on working inside it."""

    region: str
    how: str = "fail"
    tasks: str = "stay"
    inside: str = "stops"


_lock = threading.Lock()
_losses = {}  # region -> Loss
_listeners = []


def on_change(listener) -> None:
    """Call `listener(loss, lost)` after a region was lost (True) or regained (False)."""
    _listeners.append(listener)


def lose(request: dict) -> None:
    """Lose a region. Raises ValueError with the field when the order is not understood, or the region is lost."""
    known = {"region": None, "how": HOW, "tasks": TASKS, "inside": INSIDE}
    for name in request:
        if name not in known:
            raise ValueError(f"unknown field `{name}`; known are {', '.join(known)}")
    if not isinstance(request.get("region"), str) or not request["region"]:
        raise ValueError(f"field `region`: found {request.get('region')!r}, expected a region like us-west-2")
    loss = Loss(**request)
    for name in ("how", "tasks", "inside"):
        if getattr(loss, name) not in known[name]:
            raise ValueError(f"field `{name}`: found {getattr(loss, name)!r}, expected {' or '.join(known[name])}")
    with _lock:
        if loss.region in _losses:
            raise ValueError(f"field `region`: {loss.region} is lost already")
        _losses[loss.region] = loss
    _tell(loss, True)


def regain(region: str) -> None:
    """Have a region back. Raises LookupError when it is not lost."""
    with _lock:
        loss = _losses.pop(region, None)
    if loss is None:
        raise LookupError(f"region `{region}` is not lost")
    _tell(loss, False)


def everything() -> list:
    """All losses."""
    with _lock:
        return [dataclasses.asdict(loss) for loss in _losses.values()]


def reset() -> None:
    """Regain all regions, and restart nothing: what was in them is gone."""
    with _lock:
        _losses.clear()


def lost(region: str) -> Loss | None:
    """How a region is lost, if it is."""
    return _losses.get(region)


def halted(region: str) -> bool:
    """Whether AWS itself stands still in a region."""
    loss = _losses.get(region)
    return loss is not None and loss.inside == "stops"


def here() -> bool:
    """Whether AWS itself stands still in the region of the request, or of what followed from one."""
    return halted(get_region())


def severed(one: str, other: str) -> bool:
    """Whether nothing passes between two regions."""
    return one in _losses or other in _losses


def strikes(headers: dict, region: str) -> Loss | None:
    """The loss that strikes a call with these headers to `region`, if one does."""
    agent = headers.get("user-agent", "")
    if not _losses or _OBSERVER.search(agent) or "x-sandbox-observer" in headers:
        return None
    origin = where(headers)
    loss = _losses.get(region) or _losses.get(origin)
    if loss is None or (loss.inside == "runs" and origin == region):
        return None
    return loss


def where(headers: dict) -> str | None:
    """The region of the function that calls; None where no function does."""
    found = _ORIGIN.search(headers.get("user-agent", ""))
    return found.group(1) if found else None


async def over(loss: Loss) -> None:
    """Return at once where calls fail; where they hang, when the region has been regained."""
    while loss.how == "hang" and _losses.get(loss.region) is loss:
        await pause()


async def pause() -> None:
    """The time between two looks of a call that hangs."""
    await asyncio.sleep(_PAUSE)


async def refusal(loss: Loss, service: str, headers: dict) -> tuple:
    """What a struck call gets, sooner or later."""
    await over(loss)
    fault = faults.Fault(service, kind="error", code=_UNAVAILABLE, message=f"{loss.region} is lost", status=503)
    return fault.response(headers)


def _tell(loss, is_lost) -> None:
    for listener in _listeners:
        listener(loss, is_lost)
