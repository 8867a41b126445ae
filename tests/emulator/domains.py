"""Search domains: the snapshots of OpenSearch itself, under the endpoint of the domain, which ministack lacks.

OpenSearch documentation, snapshot APIs: register a repository; create, get and delete snapshots. A snapshot takes time, and a name
is used once. Calls are signed, and are those of `es:ESHttp*` for IAM.
"""

import fnmatch
import json
import os
import re

from ministack import app
from ministack.core.responses import AccountRegionScopedDict, json_response, new_uuid
from ministack.services import opensearch as aws

from . import scheduler, clock, settings

_SERVICE = "opensearch"
_PATH = re.compile(r"/_domains/(?P<domain>[a-z0-9-]+)(?P<rest>/.*)")
_SNAPSHOTS = re.compile(r"/_snapshot/(?P<repository>[^/]+)(?:/(?P<name>[^/]+))?")

_repositories = AccountRegionScopedDict()  # domain/repository -> snapshots by name
_new_record = aws._new_domain_record
_control_plane = None


def install() -> None:
    """Give domains an endpoint that answers."""
    global _control_plane
    _control_plane = app.SERVICE_HANDLERS[_SERVICE]
    app.SERVICE_HANDLERS[_SERVICE] = handle_request
    aws._new_domain_record = new_record


def reset() -> None:
    """Forget everything."""
    _repositories._data.clear()


def new_record(name, payload):
    """With an endpoint of this very process. A host name would need a resolver."""
    record = _new_record(name, payload)
    # It may come with what starts the domain.
    for part in record if isinstance(record, tuple) else (record,):
        if isinstance(part, dict):
            part["Endpoint"] = part["_Endpoint"] = os.environ["AWS_ENDPOINT_URL"].partition("://")[2] + f"/_domains/{name}"
    return record


def call(service: str, method: str, path: str) -> tuple | None:
    """Operation and members of a call of a domain's own API, as IAM sees it; None for every other call."""
    found = _PATH.fullmatch(path) if service == _SERVICE else None
    if found is None:
        return None
    return f"ESHttp{method.capitalize()}", {"DomainName": found["domain"], "Path": found["rest"]}


async def handle_request(method, path, headers, body, query_params):
    """The domain's own API here, everything else by ministack."""
    found = _PATH.fullmatch(path)
    if found is None:
        return await _control_plane(method, path, headers, body, query_params)
    asked = _SNAPSHOTS.fullmatch(found["rest"])
    if asked is None or found["domain"] not in aws._domains:
        return _error(404, "index_not_found_exception", f"no such index [{found['rest']}]")
    key, name = f"{found['domain']}/{asked['repository']}", asked["name"]
    if name is None and method == "PUT":
        _repositories.setdefault(key, {})
        return json_response({"acknowledged": True})
    shelf = _repositories.get(key)
    if shelf is None:
        return _error(404, "repository_missing_exception", f"[{asked['repository']}] missing")
    return _OPERATIONS[method](shelf, name, json.loads(body or b"{}"))


def _get(shelf, name, _request):
    return json_response({"snapshots": [snapshot for known, snapshot in sorted(shelf.items()) if fnmatch.fnmatchcase(known, name)]})


def _put(shelf, name, request):
    if name in shelf:
        return _error(400, "invalid_snapshot_name_exception", f"Invalid snapshot name [{name}], snapshot with the same name already exists")
    if name != name.lower():
        return _error(400, "invalid_snapshot_name_exception", f"Invalid snapshot name [{name}], must be lowercase")
    shelf[name] = {
        "snapshot": name, "uuid": new_uuid(), "state": "IN_PROGRESS", "start_time_in_millis": int(clock.now() * 1000),
        "metadata": request.get("metadata", {}),
    }
    scheduler.after(settings.get("rds_transition_seconds"), _done, shelf, name)
    return json_response({"accepted": True})


def _delete(shelf, name, _request):
    if shelf.pop(name, None) is None:
        return _error(404, "snapshot_missing_exception", f"[{name}] is missing")
    return json_response({"acknowledged": True})


def _done(shelf, name) -> None:
    if name in shelf:
        shelf[name]["state"] = "SUCCESS"


def _error(status, kind, reason):
    body = {"error": {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}]}, "status": status}
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


_OPERATIONS = {"GET": _get, "PUT": _put, "DELETE": _delete}
