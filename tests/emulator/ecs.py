"""ECS: the limits and errors of the API, and services that take a moment to reach their count."""

import itertools

from ministack.core.responses import AccountRegionScopedDict, json_response
from ministack.core.responses import error_response_json as error
from ministack.services import ecs as aws

from . import scheduler, autoscaling, releases, rollouts, settings

_DESCRIBE_LIMIT = 10  # services a call; Amazon ECS API reference, DescribeServices
_LIST_LIMIT = 100  # services a page; ListServices
_LIST_DEFAULT = 10
_orders = itertools.count()
_newest = AccountRegionScopedDict()  # cluster/service -> the last order to bring its tasks to the count

_describe_services = aws._describe_services
_list_services = aws._list_services
_update_service = aws._update_service
_create_service = aws._create_service


def install() -> None:
    """Replace the operations in ministack's table."""
    aws._describe_services = aws._ACTION_MAP["DescribeServices"] = describe_services
    aws._list_services = aws._ACTION_MAP["ListServices"] = list_services
    aws._update_service = aws._ACTION_MAP["UpdateService"] = update_service
    aws._create_service = aws._ACTION_MAP["CreateService"] = create_service
    aws._reconcile_service_tasks = reconcile_later


def describe_services(request):
    """At most ten services, at least one."""
    services = request.get("services") or []
    if not services:
        return error("InvalidParameterException", "Services cannot be empty.")
    if len(services) > _DESCRIBE_LIMIT:
        return error("InvalidParameterException", f"cannot have more than {_DESCRIBE_LIMIT} services in your request")
    return _describe_services(request)


def list_services(request):
    """Pages of ten by default, a hundred at most."""
    size = request.get("maxResults", _LIST_DEFAULT)
    if not 1 <= size <= _LIST_LIMIT:
        return error("InvalidParameterException", f"maxResults must be between 1 and {_LIST_LIMIT}")
    status, headers, body = _list_services(request)
    if status != 200:
        return status, headers, body
    return _page(sorted(aws.json.loads(body)["serviceArns"]), request.get("nextToken"), size)


def _page(arns, token, size):
    start = 0
    if token:
        if token not in arns:
            return error("InvalidParameterException", "Invalid token")
        start = arns.index(token)
    answer = {"serviceArns": arns[start : start + size]}
    if start + size < len(arns):
        answer["nextToken"] = arns[start + size]
    return json_response(answer)


def create_service(request):
    """A service needs a task definition that exists, and a count that is none below zero."""
    refused = _refusal(request)
    if refused:
        return refused
    key = f"{aws._resolve_cluster_name(request.get('cluster', 'default'))}/{request.get('serviceName')}"
    if key not in aws._services or aws._services[key]["status"] != "ACTIVE":
        releases.forget(key)
    answer = _create_service(request)
    if answer[0] == 200:
        rollouts.begin(key)
    return answer


def update_service(request):
    """Counts are checked, inactive services refused, and scaling looks at the service afterwards."""
    refused = _refusal(request) or _inactive(request) or _daemon(request)
    if refused:
        return refused
    answer = _update_service(request)
    if answer[0] == 200:
        cluster = aws._resolve_cluster_name(request.get("cluster", "default"))
        rollouts.begin(f"{cluster}/{_name(request)}")
        if "desiredCount" in request:
            autoscaling.look_soon(cluster, _name(request))
    return answer


def set_desired(cluster: str, service: str, count: int) -> None:
    """Change the count as AWS itself does, past the API and its record."""
    _update_service({"cluster": cluster, "service": service, "desiredCount": count})


def find(cluster: str, service: str):
    """The service's record in the request's region, or None."""
    found = aws._services.get(f"{cluster}/{service}")
    return found if found and found["status"] == "ACTIVE" else None


def reconcile_later(cluster: str, key: str) -> None:
    """Tasks start and stop a moment after the call, so that running differs from desired for a while.

    The last call counts: what a region had still to do when it was lost is part of how it starts again.
    """
    order = next(_orders)
    _newest[key] = order
    scheduler.after(settings.get("ecs_settle_seconds"), _settle, cluster, key, order)


def _settle(cluster: str, key: str, order: int) -> None:
    if _newest.get(key) == order:
        rollouts.settle(cluster, key)


def _refusal(request):
    count = request.get("desiredCount")
    if count is not None and (not isinstance(count, int) or count < 0):
        return error("InvalidParameterException", "desiredCount cannot be negative.")
    if request.get("taskDefinition") is None:
        return None
    definition = aws._task_defs.get(aws._resolve_td_key(request["taskDefinition"]))
    if definition is None:
        return error("ClientException", "TaskDefinition not found.")
    if definition["status"] != "ACTIVE":
        return error("ClientException", "TaskDefinition is inactive")
    return None


def _inactive(request):
    cluster = aws._resolve_cluster_name(request.get("cluster", "default"))
    service = aws._services.get(f"{cluster}/{_name(request)}")
    if service and service["status"] != "ACTIVE":
        return error("ServiceNotActiveException", "Service was not ACTIVE.")
    return None


def _daemon(request):
    """A daemon has no desired count: one task runs on each container instance (developer guide, daemon strategy)."""
    cluster = aws._resolve_cluster_name(request.get("cluster", "default"))
    service = aws._services.get(f"{cluster}/{_name(request)}")
    if service and service.get("schedulingStrategy") == "DAEMON" and "desiredCount" in request:
        return error("InvalidParameterException", "The daemon scheduling strategy does not support a desired count.")
    return None


def _name(request) -> str:
    return str(request.get("service", "")).rsplit("/", 1)[-1]
