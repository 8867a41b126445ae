"""The way in: every call to every service is recorded, checked, and struck by a fault that was ordered or a lost region."""

import asyncio
from urllib.parse import parse_qs

from ministack import app
from ministack.core.responses import get_region

from . import buckets, domains, faults, models, outage, record, validation, wire
from .iam import guard

# Nothing waits this long: the caller gives up first.
_FOREVER = 24 * 3600  # seconds
_LOOK = 0.02  # seconds between two looks at an order that holds a call up


def install() -> None:
    """Put the recorder before all service handlers of ministack."""
    for service, handler in list(app.SERVICE_HANDLERS.items()):
        app.SERVICE_HANDLERS[service] = _recorded(service, handler)


def _recorded(service, handler):
    async def call(method, path, headers, body, query_params):
        operation = _operation(service, method, path, headers, body, query_params)
        entry = record.begin(service, operation, get_region(), headers, body)
        # Whatever strikes it, it is held against the model. Who does not say its name is a tool of the deployment.
        refused = None
        if entry["caller"]:
            await validation.prepare(service)
            refused = validation.check(entry, method, path, headers, body, query_params)
        loss = outage.strikes(headers, get_region())
        if loss is not None:
            entry["fault"] = "lost"
            answer = await outage.refusal(loss, service, headers)
            record.end(entry, answer[0], answer[2])
            return answer
        fault = faults.take(service, operation, get_region(), entry["resources"].get("pk", ""))
        if outage.where(headers):  # a function calls
            refused = refused or buckets.refusal(entry, headers)
        refused = refused or await _denied(entry, method, path, headers, body, query_params)
        if fault is None and refused is not None:
            answer = refused
        elif fault is None:
            answer = _as_modelled(entry, await handler(method, path, headers, body, query_params))
        else:
            entry["fault"] = fault.kind
            answer = await _struck(fault, headers, lambda: handler(method, path, headers, body, query_params))
        record.end(entry, answer[0], answer[2])
        return answer

    return call


async def _denied(entry, method, path, headers, body, query_params):
    """The refusal of a function whose role does not permit the call, once what it calls is known."""
    role = guard.role(entry["caller"], headers)
    found = role and domains.call(entry["service"], method, path)
    found = found or (role and wire.read(entry["service"], method, path, headers, body, query_params))
    return found and await guard.refusal(role, entry, found, headers)


def _as_modelled(entry, answer):
    """An error has the status that AWS gives it: ministack says 404 of a missing search domain, and AWS 409."""
    status, headers, body = answer
    if entry["caller"] and status >= 400 and isinstance(body, bytes):
        code = record.error_code(body) or headers.get("x-amzn-errortype")
        return models.error_status(entry["service"], code or "") or status, headers, body
    return answer


async def _struck(fault, headers, perform):
    if fault.kind == "hold":
        while faults.stands(fault):
            await asyncio.sleep(_LOOK)
        return await perform()
    if fault.after_effect:
        await perform()
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds or _FOREVER)
    return fault.response(headers)


def _operation(service, method, path, headers, body, query_params) -> str:
    """The operation's name as in the API reference; for REST services without one, the method and the path."""
    target = headers.get("x-amz-target", "")
    if "." in target:
        return target.rsplit(".", 1)[1]
    if "/operation/" in path:  # Smithy RPC
        return path.rsplit("/operation/", 1)[1]
    action = query_params.get("Action")
    if not action and "form" in headers.get("content-type", ""):
        action = parse_qs(body.decode("utf-8", errors="replace")).get("Action")
    if action:
        return action[0] if isinstance(action, list) else action
    if service == "access-analyzer":
        return "ValidatePolicy"  # it has no other one here
    if service == "scheduler":
        return (wire.read(service, method, path, headers, body, query_params) or [_rest_verb(method) + " " + path])[0]
    if service == "lambda":
        return app._ct_event_name(service, method, path, headers, query_params)
    return _rest_verb(method) + " " + path


def _rest_verb(method: str) -> str:
    # A read begins with Get, as in the names of operations, so that the record can tell reads from writes.
    return {"GET": "Get", "HEAD": "Head"}.get(method, method)
