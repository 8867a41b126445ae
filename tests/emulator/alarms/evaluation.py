"""Metric alarms that move by themselves, when the setting `alarm_evaluation` is on.

An alarm is evaluated once in each minute of the emulated clock (each ten seconds for periods below a minute), over
windows that end with that minute. What SetAlarmState has set therefore stays until the next one. Alarms over several
metrics (math, anomaly bands) are not evaluated: tests move them by hand.
CloudWatch user guide, "Evaluating an alarm" and "Configuring how alarms treat missing data".
"""

import json
import logging
import threading
import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch as aws

from .. import clock, outage, settings
from . import messages, states

_PAUSE = 0.25  # real seconds between looks at the clock
_FURTHER = 2  # periods that AWS looks at beyond those to evaluate, for data that came late
_COMPARISONS = {
    "GreaterThanThreshold": ("greater than", lambda value, threshold: value > threshold),
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, threshold: value >= threshold),
    "LessThanThreshold": ("less than", lambda value, threshold: value < threshold),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, threshold: value <= threshold),
}

_evaluated = {}  # alarm ARN -> the end of the windows that were last evaluated, epoch seconds


def install() -> None:
    """Silence ministack's own evaluation, which looks at everything on each new datum, and start ours."""
    aws._evaluate_alarm = lambda alarm: None
    states.on_set(lambda alarm: _evaluated.update({alarm["AlarmArn"]: _window_end(alarm)}))
    threading.Thread(target=_watch, name="alarms", daemon=True).start()


def reset() -> None:
    """Forget what was evaluated."""
    _evaluated.clear()


def _watch() -> None:
    while True:
        time.sleep(_PAUSE)
        if settings.get("alarm_evaluation"):
            _look()


def _look() -> None:
    for (account, region, _), alarm in list(aws._alarms._data.items()):
        end = _window_end(alarm)
        if _evaluated.get(alarm["AlarmArn"]) == end or alarm.get("Metrics") or outage.halted(region):
            continue
        _evaluated[alarm["AlarmArn"]] = end
        try:
            with request_scope(account, region):
                _evaluate(alarm, end)
        except Exception:
            logging.getLogger(__name__).exception("alarm %s could not be evaluated", alarm["AlarmName"])


def _window_end(alarm) -> float:
    step = 60 if alarm.get("Period", 60) >= 60 else 10
    return clock.now() // step * step


def _evaluate(alarm, end) -> None:
    wanted, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    found = _datapoints(alarm, end, wanted + _FURTHER)
    value = decide(found, wanted, needed, alarm.get("TreatMissingData") or "missing")
    if value and value != alarm["StateValue"]:
        used = [point for point in found if point][:wanted]
        states.transition(alarm, value, _reason(alarm, value, used, wanted, needed), _reason_data(alarm, used, end))


def decide(found, wanted: int, needed: int, missing: str):
    """The state that the datapoints ask for, or None to stay. `found` is newest first, None where there is no data."""
    real = [point["breaching"] for point in found if point]
    if not real and missing == "missing":
        return "INSUFFICIENT_DATA"
    if not real and missing == "ignore":
        return None
    filled = real[:wanted]
    if missing in ("breaching", "notBreaching"):
        filled += [missing == "breaching"] * (wanted - len(filled))
    if sum(filled) >= needed:
        return "ALARM"
    if len(filled) >= wanted or not all(filled):
        return "OK"
    # Nothing but breaches, and too few of them: the oldest decides whether enough time has passed.
    oldest = max(age for age, point in enumerate(found, start=1) if point)
    return "ALARM" if oldest >= needed and missing == "missing" else None


def _datapoints(alarm, end, count) -> list:
    dimensions = aws._dims_key(aws._dims_from_list(alarm.get("Dimensions") or []))
    points = aws._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    _, compare = _COMPARISONS[alarm["ComparisonOperator"]]
    found = []
    for number in range(count):
        start = end - (number + 1) * alarm["Period"]
        inside = [point for point in points if start <= point["Timestamp"] < start + alarm["Period"]]
        value = aws._stat_value(aws._calc_stats(inside), statistic, inside) if inside else None
        known = {"start": start, "value": value, "count": len(inside)}
        found.append({**known, "breaching": compare(value, alarm["Threshold"])} if value is not None else None)
    return found


def _reason(alarm, value, used, wanted, needed) -> str:
    if not used:
        if value == "INSUFFICIENT_DATA":
            return f"Insufficient Data: {wanted} datapoints were unknown."
        treatment = "[Breaching]" if value == "ALARM" else "[NonBreaching]"
        missing = f"no datapoints were received for {wanted} periods and {wanted} missing datapoints"
        return f"Threshold Crossed: {missing} were treated as {treatment}."
    words, _ = _COMPARISONS[alarm["ComparisonOperator"]]
    form = "%d/%m/%y %H:%M:%S"
    shown = ", ".join(f"{point['value']} ({time.strftime(form, time.gmtime(point['start']))})" for point in used)
    count = sum(point["breaching"] == (value == "ALARM") for point in used)
    verb = "was" if value == "ALARM" else "was not"
    return (
        f"Threshold Crossed: {count} out of the last {len(used)} datapoints [{shown}] {verb} {words} the threshold "
        f"({alarm['Threshold']}) (minimum {needed} datapoint{'s' * (needed != 1)} for "
        f"{'OK -> ALARM' if value == 'ALARM' else 'ALARM -> OK'} transition)."
    )


def _reason_data(alarm, used, end) -> str:
    return json.dumps(
        {
            "version": "1.0",
            "queryDate": messages.stamp(clock.now()),
            "startDate": messages.stamp(used[-1]["start"] if used else end - alarm["Period"]),
            "statistic": alarm.get("ExtendedStatistic") or alarm["Statistic"],
            "period": alarm["Period"],
            "recentDatapoints": [point["value"] for point in reversed(used)],
            "threshold": alarm["Threshold"],
            "evaluatedDatapoints": [
                {"timestamp": messages.stamp(point["start"]), "sampleCount": point["count"], "value": point["value"]}
                for point in used
            ],
        }
    )
