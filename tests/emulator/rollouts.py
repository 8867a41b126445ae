"""How an ECS deployment ends: well by itself, or as a test orders it, with or without a rollback by ECS.

Amazon ECS developer guide, "How the deployment circuit breaker detects failures": a deployment whose tasks do not start
becomes FAILED. Without rollback, the tasks of the one before go on, and the service deployment is STOPPED; with it, the
service goes back to the last deployment that completed.
"""

import threading

from ministack.core.responses import AccountRegionScopedDict, request_scope
from ministack.services import ecs as aws

from . import scheduler, clock, releases, settings

OUTCOMES = ("succeed", "hold", "fail", "rollback")
_FAILED = "ECS deployment circuit breaker: tasks failed to start."

_make_deployment = aws._make_deployment
_complete = aws._complete_service_deployment
_reconcile = aws._reconcile_service_tasks

_lock = threading.RLock()
_orders = AccountRegionScopedDict()  # cluster/service -> the outcome of its next deployment


def install() -> None:
    """Replace how deployments begin and end."""
    aws._make_deployment = make_deployment
    aws._complete_service_deployment = complete


def reset() -> None:
    """Forget all orders."""
    _orders._data.clear()


def order(account: str, region: str, cluster: str, service: str, outcome: str) -> str:
    """Say how a service's deployment ends: the one under way, else the next. Returns which of the two.

    `hold` keeps it in progress until another order. Raises ValueError for an outcome that is not known, and LookupError
    for an unknown service.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"field `outcome`: found {outcome!r}, expected one of {', '.join(OUTCOMES)}")
    key = f"{cluster}/{service}"
    with request_scope(account, region), _lock:
        if key not in aws._services:
            known = ", ".join(sorted(aws._services.keys()))
            raise LookupError(f"service `{key}` of {region}: not found; there are: {known or 'none'}")
        release = releases.latest(key)
        if releases.under_way(release):
            release["_outcome"] = outcome
            scheduler.after(0, settle, cluster, key)
            return "current"
        _orders[key] = outcome
        return "next"


def make_deployment(task_definition, desired, status="PRIMARY"):
    """A deployment is in progress until its tasks run, the first of a service included."""
    deployment = _make_deployment(task_definition, desired, status)
    return {**deployment, "rolloutState": "IN_PROGRESS", "rolloutStateReason": _under_way(deployment)}


def begin(key: str) -> dict:
    """The release that the service's primary deployment carries out; begun now, if this is the first look at it."""
    with _lock:
        service = aws._services[key]
        primary, release = aws._primary_deployment(service), releases.latest(key)
        if release is None or primary["id"] not in release["_deployments"]:
            release = releases.begin(key, service, primary)
            release["_outcome"] = _orders.pop(key, "succeed")
            primary["rolloutStateReason"] = primary["rolloutStateReason"] or _under_way(primary)
        return release


def settle(cluster: str, key: str) -> None:
    """Bring tasks to the desired count. A failed deployment starts none, and leaves those of the one before alone."""
    service = aws._services.get(key)
    primary = aws._primary_deployment(service) if service else None
    if primary and primary["rolloutState"] == "FAILED" and service["desiredCount"] > 0:
        aws._refresh_service_state(cluster, f"service:{service['serviceName']}")
    elif service:
        _place(cluster, key, service)
    else:
        _reconcile(cluster, key)


def _place(cluster: str, key: str, service) -> None:
    """Start as many tasks as the region has room for. What is not placed stays wanted."""
    group = f"service:{service['serviceName']}"
    own = (service["clusterArn"], group)
    alive = [task for task in aws._tasks.values() if task["lastStatus"] in aws._PRE_STOP_STATUSES]
    others = [task for task in alive if (task["clusterArn"], task.get("group")) != own]
    wanted, room = service["desiredCount"], max(0, int(settings.get("ecs_most_tasks")) - len(others))
    service["desiredCount"] = min(wanted, room)
    try:
        _reconcile(cluster, key)
    finally:
        service["desiredCount"] = wanted
    if wanted > room:
        aws._refresh_service_state(cluster, group)


def complete(cluster, key, expected_deployment_id=None):
    """The tasks are there: the deployment ends, unless a test has ordered otherwise."""
    service = aws._services.get(key)
    primary = aws._primary_deployment(service) if service else None
    if not primary or service["status"] != "ACTIVE" or primary["rolloutState"] != "IN_PROGRESS":
        return
    with _lock:
        release = begin(key)
        going_back = release["status"] == "ROLLBACK_IN_PROGRESS"
        outcome = "succeed" if going_back else release["_outcome"]
        if outcome == "succeed":
            _complete(cluster, key, expected_deployment_id)
            if primary["rolloutState"] == "COMPLETED":
                # Those that failed before have no tasks, and nothing to say any more.
                service["deployments"] = [one for one in service["deployments"] if one["rolloutState"] != "FAILED"]
                releases.end(release, "ROLLBACK_SUCCESSFUL" if going_back else "SUCCESSFUL")
        elif outcome != "hold":
            _fail(cluster, key, service, primary, release, outcome == "rollback")


def _under_way(deployment) -> str:
    return f"ECS deployment {deployment['id']} in progress."


def _fail(cluster, key, service, primary, release, roll_back) -> None:
    primary.update(
        rolloutState="FAILED",
        rolloutStateReason=_FAILED,
        failedTasks=aws._circuit_breaker_threshold(service),
        updatedAt=clock.iso(clock.now()),
    )
    for arn, task in list(aws._tasks.items()):
        if task.get("_deployment_id") == primary["id"] and task["lastStatus"] in aws._PRE_STOP_STATUSES:
            aws._stop_task({"task": arn, "cluster": cluster, "reason": "Essential container in task exited"})
    release["_failed"] = True
    good = releases.last_successful(key)
    if not roll_back:
        text = "Service deployment failed because the circuit breaker threshold was exceeded."
        releases.end(release, "STOPPED", text)
    elif good is None:
        releases.end(release, "ROLLBACK_FAILED", "There is no completed service deployment to roll back to.")
    else:
        _go_back(cluster, key, service, primary, release, good)
    aws._refresh_service_state(cluster, f"service:{service['serviceName']}")


def _go_back(cluster, key, service, primary, release, good) -> None:
    before = next((one for one in service["deployments"] if one["id"] in good["_deployments"]), None)
    if before is None:
        before = make_deployment(releases.task_definition(good), service["desiredCount"])
        service["deployments"].append(before)
    primary.update(status="ACTIVE", desiredCount=0)
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {before['id']}."
    before.update(
        status="PRIMARY",
        desiredCount=service["desiredCount"],
        rolloutState="IN_PROGRESS",
        rolloutStateReason=reason,
        updatedAt=clock.iso(clock.now()),
    )
    service["deployments"].sort(key=lambda one: one is not before)
    service["taskDefinition"] = before["taskDefinition"]
    release["_deployments"].append(before["id"])
    release["rollback"] = {
        "reason": "Service deployment rolled back because the circuit breaker threshold was exceeded.",
        "startedAt": clock.now(),
        "serviceRevisionArn": good["targetServiceRevisionArn"],
    }
    releases.end(release, "ROLLBACK_IN_PROGRESS", release["rollback"]["reason"])
    aws._reconcile_service_tasks(cluster, key)
