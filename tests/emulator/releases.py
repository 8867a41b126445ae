"""ECS service deployments and revisions: the history of what a service ran, which ministack leaves empty.

Amazon ECS API reference, ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions.
"""

import random
import string

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, json_response
from ministack.core.responses import error_response_json as error
from ministack.services import ecs as aws

from . import clock

_DESCRIBE_LIMIT = 20  # ARNs a call
_LIST_LIMIT = 100  # deployments a page
_LIST_DEFAULT = 20
_UNDER_WAY = ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_BRIEF = (
    "serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt",
    "targetServiceRevisionArn", "status", "statusReason",
)
_OF_REVISION = (
    "serviceArn", "clusterArn", "taskDefinition", "capacityProviderStrategy", "launchType", "platformVersion",
    "platformFamily", "loadBalancers", "serviceRegistries", "networkConfiguration",
)

_histories = AccountRegionScopedDict()  # cluster/service -> its releases, oldest first
_revisions = AccountRegionScopedDict()  # ARN -> revision


def install() -> None:
    """Replace ministack's empty answers."""
    aws._ACTION_MAP.update(
        ListServiceDeployments=list_service_deployments,
        DescribeServiceDeployments=describe_service_deployments,
        DescribeServiceRevisions=describe_service_revisions,
    )
    # Milliseconds, as AWS sends them: ministack cuts its timestamps to seconds.
    aws._ts_to_epoch = lambda value: clock.parse(value) if isinstance(value, str) else value


def reset() -> None:
    """Forget everything."""
    _histories._data.clear()
    _revisions._data.clear()


def forget(key: str) -> None:
    """Forget a service's history: another service begins under its name."""
    _histories.pop(key, None)


def latest(key: str):
    """The latest release of a service, or None."""
    return (_histories.get(key) or [None])[-1]


def last_successful(key: str):
    """The latest release that reached its end well, or None."""
    return next((found for found in reversed(_histories.get(key) or []) if found["status"] == "SUCCESSFUL"), None)


def under_way(release) -> bool:
    """Whether a release has not ended."""
    return release is not None and release["status"] in _UNDER_WAY


def begin(key: str, service, deployment) -> dict:
    """A release of what `service` is to run from now on, carried out by `deployment`."""
    before = latest(key)
    if under_way(before):
        end(before, "STOPPED", "The service deployment was replaced by a newer one.")
    name, now = key.replace(":", "/"), clock.parse(deployment["createdAt"])
    revision = _arn("service-revision", name, string.digits, 19)
    known = {member: service[member] for member in _OF_REVISION if service.get(member)}
    _revisions[revision] = {**known, "serviceRevisionArn": revision, "createdAt": now}
    release = {
        "serviceDeploymentArn": _arn("service-deployment", name, string.ascii_letters + string.digits, 21),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "targetServiceRevisionArn": revision,
        "status": "IN_PROGRESS",
        "deploymentConfiguration": service.get("deploymentConfiguration"),
        "_key": key,
        "_source": last_successful(key),
        "_deployments": [deployment["id"]],
        "_failed": False,
    }
    _histories.setdefault(key, []).append(release)
    return release


def end(release, status: str, reason: str | None = None) -> None:
    """A release has come to `status`. With one that is no end yet, it goes on."""
    now = clock.now()
    release.update(status=status, updatedAt=now)
    if reason:
        release["statusReason"] = reason
    if status == "STOPPED":
        release["stoppedAt"] = now
    if status not in _UNDER_WAY:
        release["finishedAt"] = now


def task_definition(release) -> str:
    """What a release brought."""
    return _revisions[release["targetServiceRevisionArn"]]["taskDefinition"]


def list_service_deployments(request):
    """In pages, by status and time of creation. AWS promises no order: here the ARNs' own, which is that of chance."""
    size = request.get("maxResults", _LIST_DEFAULT)
    if not 1 <= size <= _LIST_LIMIT:
        return error("InvalidParameterException", f"maxResults must be between 1 and {_LIST_LIMIT}")
    cluster = aws._resolve_cluster_name(request.get("cluster") or "default")
    if cluster not in aws._clusters:
        return error("ClusterNotFoundException", "Cluster not found.")
    key = f"{cluster}/{str(request.get('service', '')).rsplit('/', 1)[-1]}"
    if key not in aws._services:
        return error("ServiceNotFoundException", "Service not found.")
    created = request.get("createdAt") or {}
    wanted = [
        release
        for release in sorted(_histories.get(key) or [], key=lambda found: found["serviceDeploymentArn"])
        if release["status"] in (request.get("status") or [release["status"]])
        and created.get("after", float("-inf")) < release["createdAt"] < created.get("before", float("inf"))
    ]
    arns = [release["serviceDeploymentArn"] for release in wanted]
    if request.get("nextToken") and request["nextToken"] not in arns:
        return error("InvalidParameterException", "Invalid token")
    start = arns.index(request["nextToken"]) if request.get("nextToken") else 0
    page = [{member: found[member] for member in _BRIEF if member in found} for found in wanted[start : start + size]]
    answer = {"serviceDeployments": page}
    if start + size < len(wanted):
        answer["nextToken"] = arns[start + size]
    return json_response(answer)


def describe_service_deployments(request):
    """Up to twenty, in full."""
    known = {found["serviceDeploymentArn"]: found for history in _histories.values() for found in history}
    return _described(request.get("serviceDeploymentArns"), known, "serviceDeployments", _in_full)


def describe_service_revisions(request):
    """Up to twenty."""
    return _described(request.get("serviceRevisionArns"), _revisions, "serviceRevisions", dict)


def _described(arns, known, member, shown):
    if not arns or len(arns) > _DESCRIBE_LIMIT:
        return error("InvalidParameterException", f"Between 1 and {_DESCRIBE_LIMIT} ARNs are required.")
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return json_response({member: [shown(known[arn]) for arn in arns if arn in known], "failures": missing})


def _in_full(release) -> dict:
    service = aws._services[release["_key"]]
    running = {found["id"]: found for found in service["deployments"]}.get(release["_deployments"][0])
    found = {name: value for name, value in release.items() if not name.startswith("_") and value is not None}
    found["targetServiceRevision"] = _summary(found.pop("targetServiceRevisionArn"), running)
    source = release["_source"]
    if source:
        before = next((item for item in service["deployments"] if item["id"] in source["_deployments"]), None)
        found["sourceServiceRevisions"] = [_summary(source["targetServiceRevisionArn"], before)]
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    status = "MONITORING" if under_way(release) else "MONITORING_COMPLETE"
    if release["_failed"]:
        status = "TRIGGERED"
    elif not breaker.get("enable"):
        status = "DISABLED"
    threshold = aws._circuit_breaker_threshold(service)
    failures = threshold if release["_failed"] else 0
    found["deploymentCircuitBreaker"] = {"status": status, "failureCount": failures, "threshold": threshold}
    return found


def _summary(arn, deployment) -> dict:
    counts = deployment or {}
    return {
        "arn": arn,
        "requestedTaskCount": counts.get("desiredCount", 0),
        "runningTaskCount": counts.get("runningCount", 0),
        "pendingTaskCount": counts.get("pendingCount", 0),
    }


def _arn(kind, name, alphabet, length) -> str:
    number = "".join(random.choices(alphabet, k=length))
    return f"arn:aws:ecs:{get_region()}:{get_account_id()}:{kind}/{name}/{number}"
