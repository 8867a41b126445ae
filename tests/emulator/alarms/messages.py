"""What AWS says of an alarm: EventBridge events, SNS messages, and the payload of a Lambda that an alarm invokes.

Sources: CloudWatch user guide, "Alarm events and EventBridge", "Invoke a Lambda function from an alarm", and "Schema of
Amazon SNS notifications when alarms change state".
"""

import functools
import json
import pathlib
import uuid

import botocore
from ministack.core.responses import get_account_id, get_region

from .. import clock

# SNS messages write `AVERAGE` where the API says `Average`.
_STATISTICS = {"SampleCount": "SAMPLE_COUNT"}


def stamp(instant: float) -> str:
    """An instant as CloudWatch writes it: milliseconds, and an offset instead of Z."""
    return clock.iso(instant).removesuffix("Z") + "+0000"


def state(alarm) -> dict:
    """The state an alarm is in. Without reason data, there is no such member."""
    found = {"value": alarm["StateValue"], "reason": alarm["StateReason"]}
    if alarm.get("StateReasonData"):
        found["reasonData"] = alarm["StateReasonData"]
    return {**found, "timestamp": stamp(alarm["StateUpdatedTimestamp"])}


def detail(alarm, previous) -> dict:
    """The detail of the event, which is also the `alarmData` of a Lambda's payload."""
    return {
        "alarmName": alarm["AlarmName"],
        "state": state(alarm),
        "previousState": previous,
        "configuration": _configuration(alarm),
    }


def lambda_payload(alarm, previous) -> dict:
    """What a function gets that is an alarm's action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": get_account_id(),
        "time": stamp(alarm["StateUpdatedTimestamp"]),
        "region": get_region(),
        "alarmData": detail(alarm, previous),
    }


def notification(alarm, previous) -> tuple:
    """Subject and text of the SNS message."""
    region = _region_name(get_region())
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": get_account_id(),
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": stamp(alarm["StateUpdatedTimestamp"]),
        "Region": region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": previous["value"],
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if "AlarmRule" in alarm:
        del message["AlarmConfigurationUpdatedTimestamp"]
        message.update(AlarmRule=alarm["AlarmRule"], TriggeringChildren=_triggering_children(alarm))
    else:
        message["Trigger"] = _trigger(alarm)
    # SNS takes subjects of up to 100 characters.
    return f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {region}'[:100], json.dumps(message)


def _configuration(alarm) -> dict:
    found = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        return {**found, "alarmRule": alarm["AlarmRule"]}
    if alarm.get("Metrics"):
        return {**found, "metrics": [_query(query) for query in alarm["Metrics"]]}
    stat = {
        "metric": {
            "namespace": alarm.get("Namespace"),
            "name": alarm.get("MetricName"),
            "dimensions": {entry["Name"]: entry["Value"] for entry in alarm.get("Dimensions") or []},
        },
        "period": alarm.get("Period"),
        "stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
    }
    if alarm.get("Unit"):
        stat["unit"] = alarm["Unit"]
    # AWS makes up an id for the only metric; ours stays the same for an alarm.
    number = str(uuid.uuid5(uuid.NAMESPACE_URL, alarm["AlarmArn"]))
    return {**found, "metrics": [{"id": number, "metricStat": stat, "returnData": True}]}


def _query(query) -> dict:
    found = {"id": query["Id"]}
    if query.get("MetricStat"):
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        found["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {entry["Name"]: entry["Value"] for entry in metric.get("Dimensions") or []},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
        if stat.get("Unit"):
            found["metricStat"]["unit"] = stat["Unit"]
    for member, name in (("Expression", "expression"), ("Label", "label"), ("Period", "period")):
        if query.get(member) is not None:
            found[name] = query[member]
    return {**found, "returnData": query.get("ReturnData", True)}


def _trigger(alarm) -> dict:
    common = {
        "Period": alarm.get("Period") or _period(alarm.get("Metrics") or []),
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        **{name: alarm[name] for name in ("DatapointsToAlarm",) if name in alarm},
        "ComparisonOperator": alarm["ComparisonOperator"],
        **{name: alarm[name] for name in ("Threshold", "ThresholdMetricId") if alarm.get(name) is not None},
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    if alarm.get("Metrics"):
        return {**common, "Metrics": [_trigger_query(query) for query in alarm["Metrics"]]}
    kind = "ExtendedStatistic" if alarm.get("ExtendedStatistic") else "Statistic"
    value = alarm.get(kind) or ""
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": kind,
        kind: value if kind == "ExtendedStatistic" else _STATISTICS.get(value, value.upper()),
        "Unit": alarm.get("Unit"),
        "Dimensions": _small(alarm.get("Dimensions")),
        **common,
    }


def _trigger_query(query) -> dict:
    found = {**query, "ReturnData": query.get("ReturnData", True)}
    if query.get("MetricStat"):
        metric = query["MetricStat"]["Metric"]
        metric = {**metric, "Dimensions": _small(metric.get("Dimensions"))}
        found["MetricStat"] = {**query["MetricStat"], "Metric": metric}
    return found


def _period(queries):
    return max((query["MetricStat"]["Period"] for query in queries if query.get("MetricStat")), default=None)


def _small(dimensions) -> list:
    return [{"value": entry["Value"], "name": entry["Name"]} for entry in dimensions or []]


def _triggering_children(alarm) -> list:
    triggering = json.loads(alarm.get("StateReasonData") or "{}").get("triggeringAlarms", [])
    return [
        {"Arn": entry["arn"], "State": {"Value": entry["state"]["value"], "Timestamp": entry["state"]["timestamp"]}}
        for entry in triggering
    ]


@functools.cache
def _region_name(region: str) -> str:
    """The name that stands in messages. CloudWatch still says `EU` where others say `Europe`."""
    path = pathlib.Path(botocore.__file__).parent / "data" / "partitions.json"
    for partition in json.loads(path.read_text(encoding="utf-8"))["partitions"]:
        if region in partition["regions"]:
            return partition["regions"][region]["description"].replace("Europe (", "EU (")
    return region
