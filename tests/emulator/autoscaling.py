"""Application Auto Scaling, which ministack lacks: scalable targets, policies, scheduled actions that nobody carries out, and
the minimum that lifts a count."""

import json
import uuid

from ministack import app
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, json_response
from ministack.core.responses import error_response_json as error

from . import scheduler, clock, ecs, settings

_PAGE_LIMIT = 50  # targets a page; Application Auto Scaling API reference, DescribeScalableTargets
_ECS_DIMENSION = "ecs:service:DesiredCount"
_SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

_targets = AccountRegionScopedDict()
_policies = AccountRegionScopedDict()
_activities = AccountRegionScopedDict()
_scheduled = AccountRegionScopedDict()
_tags = AccountRegionScopedDict()


class Refused(Exception):
    """An answer other than success: the error's code and its message."""


def install() -> None:
    """Add the service to ministack."""
    app.SERVICE_HANDLERS["application-autoscaling"] = handle_request


def reset() -> None:
    """Forget everything."""
    for store in (_targets, _policies, _activities, _scheduled, _tags):
        store._data.clear()


async def handle_request(_method, _path, headers, body, _query_params):
    """One call of the JSON 1.1 protocol."""
    operation = _OPERATIONS.get(headers.get("x-amz-target", "").rsplit(".", 1)[-1])
    if operation is None:
        return error("UnknownOperationException", "the sandbox does not know this operation")
    try:
        return json_response(operation(json.loads(body or b"{}")))
    except Refused as refused:
        return error(*refused.args)


def register(request):
    """Create or change a target. What is not named stays as it was, each suspension flag included."""
    key = _key(request)
    known = _targets.get(key)
    target = dict(known or _fresh(request))
    target.update({name: request[name] for name in ("MinCapacity", "MaxCapacity", "RoleARN") if name in request})
    target["SuspendedState"] = {**target["SuspendedState"], **_suspensions(request)}
    _check(target)
    _targets[key] = target
    if request.get("Tags"):
        _tags[target["ScalableTargetARN"]] = dict(request["Tags"])
    _, cluster, service = target["ResourceId"].split("/", 2)
    look_soon(cluster, service)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def describe(request):
    """Targets of one namespace, of the named resources or all, in pages of at most fifty."""
    found = _of_namespace(_targets, request)
    wanted = request.get("ResourceIds")
    if wanted:
        found = [target for target in found if target["ResourceId"] in wanted]
    if request.get("ScalableDimension"):
        found = [target for target in found if target["ScalableDimension"] == request["ScalableDimension"]]
    return _page(sorted(found, key=lambda target: target["ResourceId"]), request, "ScalableTargets")


def deregister(request):
    """Remove a target, its tags, its policies and its scheduled actions."""
    key = _key(request)
    if key not in _targets:
        raise Refused("ObjectNotFoundException", f"No scalable target found for {'/'.join(key)}")
    _tags.pop(_targets.pop(key)["ScalableTargetARN"], None)
    for store in (_policies, _scheduled):
        for name in [name for name in store.keys() if name[:3] == key]:
            store.pop(name)
    return {}


def put_policy(request):
    """Keep a policy. The sandbox has no load, so none of them ever scales anything."""
    key = _key(request)
    if key not in _targets:
        raise Refused("ObjectNotFoundException", f"No scalable target registered for {'/'.join(key)}")
    name = _text(request, "PolicyName")
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid.uuid4()}"
        f":resource/{request['ServiceNamespace']}/{request['ResourceId']}:policyName/{name}"
    )
    policy = _policies.setdefault((*key, name), {"PolicyARN": arn, "CreationTime": clock.now()})
    policy.update(request)
    return {"PolicyARN": policy["PolicyARN"], "Alarms": []}


def describe_policies(request):
    """Policies of one namespace, of one resource or all."""
    found = _of_namespace(_policies, request)
    if request.get("ResourceId"):
        found = [policy for policy in found if policy["ResourceId"] == request["ResourceId"]]
    return _page(found, request, "ScalingPolicies")


def put_scheduled(request):
    """Keep a scheduled action. The sandbox fires none of them."""
    key = _key(request)
    if key not in _targets:
        raise Refused("ObjectNotFoundException", f"No scalable target registered for {'/'.join(key)}")
    name = _text(request, "ScheduledActionName")
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scheduledAction:{uuid.uuid4()}"
        f":resource/{request['ServiceNamespace']}/{request['ResourceId']}:scheduledActionName/{name}"
    )
    action = _scheduled.setdefault((*key, name), {"ScheduledActionARN": arn, "CreationTime": clock.now()})
    action.update(request)
    return {}


def describe_scheduled(request):
    """Scheduled actions of one namespace, of one resource or all."""
    found = _of_namespace(_scheduled, request)
    if request.get("ResourceId"):
        found = [action for action in found if action["ResourceId"] == request["ResourceId"]]
    return _page(found, request, "ScheduledActions")


def describe_activities(request):
    """What scaling did by itself, newest first."""
    found = _of_namespace(_activities, request)
    if request.get("ResourceId"):
        found = [activity for activity in found if activity["ResourceId"] == request["ResourceId"]]
    return _page(sorted(found, key=lambda activity: -activity["StartTime"]), request, "ScalingActivities")


def tag(request):
    """Add tags to a target."""
    _tags.setdefault(_tagged(request), {}).update(request.get("Tags") or {})
    return {}


def untag(request):
    """Remove tags from a target."""
    tags = _tags.get(_tagged(request), {})
    for key in request.get("TagKeys") or []:
        tags.pop(key, None)
    return {}


def list_tags(request):
    """The tags of a target."""
    return {"Tags": _tags.get(_tagged(request), {})}


def look_soon(cluster: str, service: str) -> None:
    """Compare a service with its target's minimum a moment later, as AWS does after either has changed."""
    scheduler.after(settings.get("scaling_seconds"), _lift, cluster, service)


def _lift(cluster: str, service: str) -> None:
    target = _targets.get(("ecs", f"service/{cluster}/{service}", _ECS_DIMENSION))
    found = ecs.find(cluster, service)
    if not target or not found or target["SuspendedState"]["DynamicScalingOutSuspended"]:
        return
    minimum = target["MinCapacity"]
    if found["desiredCount"] >= minimum:
        return
    cause = f"minimum capacity was set to {minimum}, desired count was {found['desiredCount']}"
    ecs.set_desired(cluster, service, minimum)
    activity = str(uuid.uuid4())
    _activities[activity] = {
        "ActivityId": activity,
        "ServiceNamespace": "ecs",
        "ResourceId": target["ResourceId"],
        "ScalableDimension": _ECS_DIMENSION,
        "Description": f"Setting desired count to {minimum}.",
        "Cause": cause,
        "StartTime": clock.now(),
        "EndTime": clock.now(),
        "StatusCode": "Successful",
    }


def _fresh(request) -> dict:
    for name in ("MinCapacity", "MaxCapacity"):
        if name not in request:
            raise Refused("ValidationException", f"{name} is required when a new scalable target is registered")
    account, region = get_account_id(), get_region()
    role = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    return {
        "ServiceNamespace": request["ServiceNamespace"],
        "ResourceId": request["ResourceId"],
        "ScalableDimension": request["ScalableDimension"],
        "RoleARN": f"arn:aws:iam::{account}:role/aws-service-role/{role}",
        "CreationTime": clock.now(),
        "ScalableTargetARN": f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/{uuid.uuid4().hex}",
        "SuspendedState": dict.fromkeys(_SUSPENSIONS, False),
    }


def _check(target) -> None:
    low, high = target["MinCapacity"], target["MaxCapacity"]
    if low < 0 or high < 0:
        raise Refused("ValidationException", "Minimum and maximum capacity must be 0 or greater")
    if low > high:
        raise Refused("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    parts = target["ResourceId"].split("/")
    if len(parts) != 3 or parts[0] != "service" or not ecs.find(parts[1], parts[2]):
        raise Refused("ValidationException", f"ECS service doesn't exist: {target['ResourceId']}")


def _suspensions(request) -> dict:
    asked = request.get("SuspendedState") or {}
    for name, value in asked.items():
        if name not in _SUSPENSIONS or not isinstance(value, bool):
            raise Refused("ValidationException", f"SuspendedState.{name}: not a suspension flag, or not true or false")
    return asked


def _key(request) -> tuple:
    key = tuple(_text(request, name) for name in ("ServiceNamespace", "ResourceId", "ScalableDimension"))
    if key[0] != "ecs" or key[2] != _ECS_DIMENSION:
        raise Refused("ValidationException", f"the sandbox scales {_ECS_DIMENSION} only, not {key[0]} {key[2]}")
    return key


def _text(request, name) -> str:
    if not request.get(name):
        raise Refused("ValidationException", f"1 validation error detected: value at '{name}' must not be null")
    return request[name]


def _tagged(request) -> str:
    arn = _text(request, "ResourceARN")
    if not any(target["ScalableTargetARN"] == arn for target in _targets.values()):
        raise Refused("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")
    return arn


def _of_namespace(store, request) -> list:
    namespace = _text(request, "ServiceNamespace")
    return [item for item in store.values() if item["ServiceNamespace"] == namespace]


def _page(items, request, member) -> dict:
    size = request.get("MaxResults", _PAGE_LIMIT)
    if not 1 <= size <= _PAGE_LIMIT:
        raise Refused("ValidationException", f"MaxResults must be between 1 and {_PAGE_LIMIT}")
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise Refused("InvalidNextTokenException", "The next token supplied is invalid")
    start = int(token)
    page = {member: items[start : start + size]}
    if start + size < len(items):
        page["NextToken"] = str(start + size)
    return page


_OPERATIONS = {
    "RegisterScalableTarget": register,
    "DescribeScalableTargets": describe,
    "DeregisterScalableTarget": deregister,
    "PutScalingPolicy": put_policy,
    "DescribeScalingPolicies": describe_policies,
    "DescribeScalingActivities": describe_activities,
    "PutScheduledAction": put_scheduled,
    "DescribeScheduledActions": describe_scheduled,
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
}
