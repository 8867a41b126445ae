"""The sandbox's own API, JSON over HTTP under /_watchkeeper/, beside the emulated AWS on the same port."""

import asyncio
import json
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core.responses import get_account_id, get_region, request_scope

from . import scheduler, arc, autoscaling, buckets, clock, cloudwatch, domains, events, faults, figures, global_tables, load_balancers, outage, quotas
from . import record
from . import reference, releases, rollouts, schedules, settings, site, target_health, task_tokens, validation, waits, window
from .alarms import evaluation
from .iam import guard, roles

PREFIX = "/_watchkeeper/"


async def application(scope, receive, send):
    """The ASGI application: our paths here, everything else to ministack."""
    if scope["type"] == "http" and scope["path"].startswith(site.PATH):
        await _respond(send, *await site.answer(scope["path"]))
    elif scope["type"] == "http" and load_balancers.is_asked(scope):
        await load_balancers.answer(scope, await _body(receive), receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(window.PATH):
        status, headers, text = await window.answer(scope, await _body(receive))
        await send({"type": "http.response.start", "status": status, "headers": window.headers_of(headers, text)})
        await send({"type": "http.response.body", "body": text})
    elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
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
    await _respond(send, status, answer)


async def _respond(send, status, answer):
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
    arn = await asyncio.to_thread(schedules.fire, request["name"], instant, request.get("region"), request.get("parts"))
    return {"fired": arn}


async def _post_event(request):
    """An event as rules see it: nothing in it is changed."""
    return {"id": await asyncio.to_thread(events.post, request)}


async def _put_metrics(request):
    data = request.get("data")
    if not isinstance(data, list) or not data:
        raise ValueError(f"field `data`: found {data!r}, expected a list of metric data")
    cloudwatch.put(*_place(request), _text(request, "namespace"), data)
    return {}


async def _put_quota(request):
    value, default = request.get("value"), request.get("default")
    quotas.put(*_place(request), _text(request, "service"), _text(request, "code"), value, default)
    return {}


async def _put_replica(request):
    global_tables.put_status(*_place(request), _text(request, "table"), request.get("status"))
    return {}


async def _put_site(request):
    return {"paths": site.put(request)}


async def _trouble_site(request):
    site.trouble(*(_text(request, name) for name in ("name", "face", "how")))
    return {}


async def _put_routing_control(request):
    arc.put(*(_text(request, name) for name in ("arn", "name", "state")))
    return {}


async def _put_load_balancer(request):
    with request_scope(*_place(request)):
        return {"host": load_balancers.put(request)}


async def _put_target_health(request):
    with request_scope(*_place(request)):
        target_health.put(_text(request, "arn"), request.get("healthy"))
    return {}


async def _order_release(request):
    names = [_text(request, name) for name in ("cluster", "service", "outcome")]
    return {"release": rollouts.order(*_place(request), *names)}


async def _calls(request):
    since = str(request.get("since", "0"))
    if not since.isdigit():
        raise ValueError(f"field `since`: found {since!r}, expected the number of a call")
    return {"calls": record.since(int(since))}


async def _forget_calls(_request):
    record.clear()
    return {}


async def _permissions(_request):
    return guard.report()


async def _forgive_denials(_request):
    return {"denials": guard.forgive()}


async def _withdraw(request):
    roles.withdraw(_text(request, "role"), _text(request, "statement"))
    return {}


async def _restore_rights(_request):
    roles.restore()
    return {}


async def _requests(_request):
    return await asyncio.to_thread(validation.report)


async def _forgive_requests(_request):
    return {"violations": validation.forgive()}


async def _throttled(_request):
    return {"throttled": buckets.report()}


async def _forgive_throttled(_request):
    return {"throttled": buckets.forgive()}


async def _figures(_request):
    return figures.everything()


async def _judge_expressions(_request):
    return await asyncio.to_thread(reference.judge)


async def _faults(_request):
    return {"faults": faults.everything()}


async def _order_fault(request):
    faults.order(request)
    return await _faults(request)


async def _forget_faults(_request):
    faults.clear()
    return {}


async def _lost(_request):
    return {"lost": outage.everything()}


async def _lose(request):
    outage.lose(request)
    return await _lost(request)


async def _regain(request):
    outage.regain(_text(request, "region"))
    return await _lost(request)


async def _reset(_request):
    """Empty the emulated AWS, and our own records with it."""
    async with ministack._get_reset_lock():
        await asyncio.to_thread(ministack._reset_all_state)
    for forget in _FORGETS:
        forget()
    return {}


def _instant(request, name) -> float:
    try:
        return clock.parse(request[name])
    except (KeyError, ValueError, AttributeError, TypeError):
        found = request.get(name)
        raise ValueError(f"field `{name}`: found {found!r}, expected an instant like 2026-11-20T00:05:00Z") from None


def _text(request, name) -> str:
    if not isinstance(request.get(name), str) or not request[name]:
        raise ValueError(f"field `{name}`: found {request.get(name)!r}, expected text")
    return request[name]


def _place(request) -> tuple:
    return request.get("account") or get_account_id(), request.get("region") or get_region()


# The clock goes last, and what waits for an execution that is gone looks at it then.
_FORGETS = (
    scheduler.clear, arc.reset, autoscaling.reset, buckets.clear, domains.reset, global_tables.reset, quotas.reset, releases.reset, rollouts.reset,
    site.reset, target_health.reset, task_tokens.reset, evaluation.reset, outage.reset, faults.clear, roles.restore, guard.clear,
    record.clear, validation.clear, settings.reset, waits.wake, clock.reset,
)

_ROUTES = {
    ("GET", "health"): _health,
    ("PUT", "clock"): _set_clock,
    ("PUT", "settings"): _change_settings,
    ("POST", "schedules"): _fire,
    ("POST", "events"): _post_event,
    ("PUT", "metrics"): _put_metrics,
    ("PUT", "quotas"): _put_quota,
    ("PUT", "replicas"): _put_replica,
    ("PUT", "sites"): _put_site,
    ("PUT", "sites/trouble"): _trouble_site,
    ("PUT", "routing-controls"): _put_routing_control,
    ("PUT", "load-balancers"): _put_load_balancer,
    ("PUT", "target-health"): _put_target_health,
    ("POST", "releases"): _order_release,
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "permissions"): _permissions,
    ("DELETE", "permissions"): _forgive_denials,
    ("POST", "rights"): _withdraw,
    ("DELETE", "rights"): _restore_rights,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forgive_requests,
    ("GET", "throttled"): _throttled,
    ("DELETE", "throttled"): _forgive_throttled,
    ("POST", "expressions"): _judge_expressions,
    ("GET", "figures"): _figures,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _order_fault,
    ("DELETE", "faults"): _forget_faults,
    ("GET", "regions"): _lost,
    ("PUT", "regions"): _lose,
    ("DELETE", "regions"): _regain,
    ("POST", "reset"): _reset,
}
