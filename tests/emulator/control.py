"""The sandbox's own API, JSON over HTTP under /_watchkeeper/, beside the emulated AWS on the same port."""

import asyncio
import json
from urllib.parse import parse_qs

from ministack import app as ministack

from . import agenda, autoscaling, clock, faults, record, schedules, settings

PREFIX = "/_watchkeeper/"


async def application(scope, receive, send):
    """The ASGI application: our paths here, everything else to ministack."""
    if scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await _serve(scope, receive, send)
    else:
        await ministack.app(scope, receive, send)


async def _serve(scope, receive, send):
    body = await _body(receive)
    try:
        answer = await _answer(scope, json.loads(body) if body else {})
        status = 200
    except (ValueError, TypeError, LookupError) as problem:
        status, answer = 400, {"error": str(problem)}
    text = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def _body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(scope, request) -> dict:
    route = (scope["method"], scope["path"].removeprefix(PREFIX))
    operation = _ROUTES.get(route)
    if operation is None:
        known = ", ".join(f"{method} {PREFIX}{path}" for method, path in sorted(_ROUTES))
        raise LookupError(f"no {route[0]} {scope['path']}; there are: {known}")
    query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
    return await operation({**query, **request})


async def _health(_request):
    return {"now": clock.iso(clock.now()), "settings": settings.everything()}


async def _set_clock(request):
    clock.set_now(_instant(request, "now"))
    return await _health(request)


async def _change_settings(request):
    settings.change(request)
    return await _health(request)


async def _fire(request):
    if not request.get("name"):
        raise ValueError("field `name`: missing, expected a schedule's name, or group/name")
    instant = _instant(request, "instant")
    arn = await asyncio.to_thread(schedules.fire, request["name"], instant, request.get("region"))
    return {"fired": arn}


async def _calls(request):
    since = str(request.get("since", "0"))
    if not since.isdigit():
        raise ValueError(f"field `since`: found {since!r}, expected the number of a call")
    return {"calls": record.since(int(since))}


async def _forget_calls(_request):
    record.clear()
    return {}


async def _faults(_request):
    return {"faults": faults.everything()}


async def _order_fault(request):
    faults.order(request)
    return await _faults(request)


async def _forget_faults(_request):
    faults.clear()
    return {}


async def _reset(_request):
    """Empty the emulated AWS, and our own records with it."""
    async with ministack._get_reset_lock():
        await asyncio.to_thread(ministack._reset_all_state)
    for forget in (agenda.clear, autoscaling.reset, faults.clear, record.clear, settings.reset, clock.reset):
        forget()
    return {}


def _instant(request, name) -> float:
    try:
        return clock.parse(request[name])
    except (KeyError, ValueError, AttributeError, TypeError):
        found = request.get(name)
        raise ValueError(f"field `{name}`: found {found!r}, expected an instant like 2026-11-20T00:05:00Z") from None


_ROUTES = {
    ("GET", "health"): _health,
    ("PUT", "clock"): _set_clock,
    ("PUT", "settings"): _change_settings,
    ("POST", "schedules"): _fire,
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _order_fault,
    ("DELETE", "faults"): _forget_faults,
    ("POST", "reset"): _reset,
}
