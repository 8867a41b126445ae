"""CloudFormation: composite alarms, which ministack does not make, and alarms over several metrics."""

import json

from ministack.services import cloudwatch as aws
from ministack.services.cloudformation import provisioners

from . import records

_NUMBERS = {"Period": int, "EvaluationPeriods": int, "DatapointsToAlarm": int, "Threshold": float}


def install() -> None:
    """Add to ministack's table of resource types."""
    for kind, put, store in (
        ("AWS::CloudWatch::Alarm", records.put_metric_alarm, lambda: aws._alarms),
        ("AWS::CloudWatch::CompositeAlarm", records.put_composite_alarm, lambda: aws._composite_alarms),
    ):
        provisioners._RESOURCE_HANDLERS[kind] = _handlers(put, store)


def _handlers(put, store) -> dict:
    def create(logical_id, properties, stack):
        name = properties.get("AlarmName") or provisioners._physical_name(stack, logical_id, max_len=255)
        return _keep(put, name, properties)

    def update(physical_id, old, new, stack, logical_id=None):
        name = new.get("AlarmName") or physical_id
        answer = _keep(put, name, new)
        if name != physical_id:
            store().pop(physical_id, None)
        return answer

    def delete(physical_id, _properties):
        status, _, body = aws._delete_alarms({}, {"AlarmNames": [physical_id]}, False, True)
        if status != 200:
            raise ValueError(json.loads(body)["message"])

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def _keep(put, name, properties):
    request = _typed({**properties, "AlarmName": name})
    tags = request.pop("Tags", [])
    status, _, body = put({}, request, False, True)
    if status != 200:
        raise ValueError(json.loads(body)["message"])
    arn = (aws._alarms.get(name) or aws._composite_alarms[name])["AlarmArn"]
    # CloudFormation sets tags that no request may set.
    aws._resource_tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}
    return name, {"Arn": arn}


def _typed(value, name=""):
    """Templates write numbers and booleans as text, too."""
    if isinstance(value, dict):
        return {key: _typed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if name in _NUMBERS and isinstance(value, (str, int, float)):
        return _NUMBERS[name](value)
    if name in ("ReturnData", "ActionsEnabled") and isinstance(value, str):
        return value.lower() == "true"
    return value
