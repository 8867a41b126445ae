"""Alarms as they were asked for: math and anomaly bands included, absent members absent, times in milliseconds."""

from ministack.services import cloudwatch as aws

from .. import clock

# ministack fills these in where AWS keeps nothing.
_AS_ASKED = (
    "AlarmDescription", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Threshold", "Unit",
    "Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile",
)
_STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")

_put_metric_alarm = aws._put_metric_alarm
_put_composite_alarm = aws._put_composite_alarm


def install() -> None:
    """Replace the operations that make alarms."""
    aws._put_metric_alarm = put_metric_alarm
    aws._put_composite_alarm = put_composite_alarm


def put_metric_alarm(params, request, is_cbor, is_json=False):
    """Keep the request; the state of an alarm that was there already stays."""
    problem = _problem(request)
    if problem:
        return aws._error("ValidationError", problem, 400, use_json=is_json, use_cbor=is_cbor)
    known = aws._alarms.get(request["AlarmName"])
    answer = _put_metric_alarm(params, request, is_cbor, is_json)
    if answer[0] == 200:
        complete(aws._alarms[request["AlarmName"]], request, known)
    return answer


def put_composite_alarm(params, request, is_cbor, is_json=False):
    """The rule is evaluated at once, and a new alarm moves from INSUFFICIENT_DATA to what the rule says."""
    answer = _put_composite_alarm(params, request, is_cbor, is_json)
    if answer[0] == 200:
        alarm = aws._composite_alarms[request["AlarmName"]]
        alarm["AlarmConfigurationUpdatedTimestamp"] = clock.now()
        if not request.get("AlarmDescription"):
            alarm.pop("AlarmDescription", None)
    return answer


def complete(alarm, request, known) -> None:
    """Correct what ministack made of a request for a metric alarm. `known` is the alarm that it replaced, or None."""
    now = clock.now()
    for member in _AS_ASKED:
        alarm.pop(member, None)
        if request.get(member) is not None:
            alarm[member] = float(request[member]) if member == "Threshold" else request[member]
    alarm["AlarmConfigurationUpdatedTimestamp"] = now
    if known:
        alarm.update({member: known[member] for member in _STATE if member in known})
    else:
        alarm.update(StateUpdatedTimestamp=now, StateTransitionedTimestamp=now)


def _problem(request):
    if not request.get("AlarmName"):
        return "1 validation error detected: Value at 'alarmName' must not be null"
    single, several = request.get("MetricName"), request.get("Metrics")
    if bool(single) == bool(several):
        return "Exactly one of MetricName and Metrics must be specified"
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        if not request.get(member):
            return f"The parameter {member} is required"
    if request.get("Threshold") is None and not request.get("ThresholdMetricId"):
        return "Exactly one of Threshold and ThresholdMetricId must be specified"
    if single and not (request.get("Statistic") or request.get("ExtendedStatistic")):
        return "Exactly one of Statistic and ExtendedStatistic must be specified"
    return None
