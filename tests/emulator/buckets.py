"""AWS's token buckets: a call of the stack's functions that finds its bucket empty is throttled, and counted.

Which calls share a bucket, and how much it holds, are AWS's published figures (`tests/data/buckets.json`). A bucket belongs to a
region; the sandbox has one account. Tokens are added once a second, as AWS says it.

Time here is the machine's own, which runs on while tests move the emulated clock: the functions pace their calls by the clock
of the machine, too, because what came with an event stands still while the event is on its way. What tests and the deployment
ask for is not held against the buckets: they build in seconds what an estate has built over years.
"""

import json
import pathlib
import threading
import time

from . import faults, figures

_FILE = pathlib.Path(__file__).parents[1] / "data/buckets.json"
_QUOTAS = {
    (service, action): (service, name, quota["burst"], quota["rate"])
    for service, its in json.loads(_FILE.read_text()).items()
    if isinstance(its, dict)
    for name, quota in its.items()
    for action in quota["actions"]
}

_lock = threading.Lock()
_buckets = {}  # by service, name and region: the tokens, and the second that they were filled in
_throttled = []


def refusal(entry: dict, headers: dict):
    """The answer to a call that its bucket has no token for; None when it has, and the token is taken."""
    quota = _QUOTAS.get((entry["service"], entry["operation"]))
    if quota is None or _take(quota, entry["region"], int(time.monotonic())):
        return None
    entry["throttled"] = True
    figures.add("calls_throttled")
    with _lock:
        found = {name: entry[name] for name in ("number", "at", "service", "operation", "region", "caller")}
        _throttled.append(found | {"bucket": quota[1]})
    return faults.Fault(entry["service"], kind="throttle", message="Rate exceeded").response(headers)


def _take(quota: tuple, region: str, second: int) -> bool:
    service, name, burst, rate = quota
    with _lock:
        tokens, filled = _buckets.get((service, name, region), (burst, second))
        tokens = min(burst, tokens + rate * (second - filled))
        enough = tokens >= 1
        _buckets[service, name, region] = tokens - enough, second
        return enough


def report() -> list:
    """The throttled calls since the last time that they were forgiven."""
    with _lock:
        return list(_throttled)


def forgive() -> list:
    """The same, and they count no more: a test throttled on purpose, or has failed and said so."""
    with _lock:
        found = list(_throttled)
        _throttled.clear()
    figures.add("calls_throttled_on_purpose", len(found))
    return found


def clear() -> None:
    """Full buckets, and nothing throttled."""
    with _lock:
        _buckets.clear()
        _throttled.clear()
