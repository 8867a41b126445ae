"""Mute rules of alarms, which ministack lacks: while one is active, alarms move as ever and take no action.

Amazon CloudWatch API reference, PutAlarmMuteRule, ListAlarmMuteRules, DeleteAlarmMuteRule. Only one-time windows are played.
"""

import datetime
import re
import zoneinfo

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import cloudwatch as aws

from .. import clock

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_LONGEST = datetime.timedelta(days=15)
_TARGETS_LIMIT = 100  # alarms a rule
_PAGE = 50  # rules a page, by default
_PAGE_LIMIT = 100

_rules = AccountRegionScopedDict()  # name -> rule


class Refused(Exception):
    """What CloudWatch does not accept: code and message."""


def is_muted(alarm: str) -> bool:
    """Whether a rule is active for an alarm."""
    return any(alarm in rule["alarms"] and _status(rule) == "ACTIVE" for rule in _rules.values())


def put(request) -> dict:
    """Make a rule, or change the one of this name."""
    schedule = (request.get("Rule") or {}).get("Schedule") or {}
    alarms = (request.get("MuteTargets") or {}).get("AlarmNames") or []
    if len(alarms) > _TARGETS_LIMIT:
        raise Refused("ValidationError", f"A rule has at most {_TARGETS_LIMIT} alarms")
    unknown = [name for name in alarms if name not in aws._alarms and name not in aws._composite_alarms]
    if unknown:
        raise Refused("ValidationError", f"Alarms not found: {unknown}")
    begins = _AT.fullmatch(schedule.get("Expression") or "")
    lasts = _DURATION.fullmatch(schedule.get("Duration") or "")
    if not begins or not lasts:
        raise Refused("ValidationError", "Schedule: the sandbox plays at(yyyy-MM-ddThh:mm) and durations such as PT2H")
    days, hours, minutes = (int(part or 0) for part in lasts.groups())
    length = datetime.timedelta(days=days, hours=hours, minutes=minutes)
    if not datetime.timedelta(minutes=1) <= length <= _LONGEST:
        raise Refused("ValidationError", "Duration: between PT1M and P15D")
    zone = zoneinfo.ZoneInfo(schedule.get("Timezone") or "UTC")
    begin = datetime.datetime.fromisoformat(begins[1]).replace(tzinfo=zone).timestamp()
    name = request["Name"]
    arn = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm-mute-rule:{name}"
    _rules[name] = {"arn": arn, "alarms": alarms, "begin": begin, "end": begin + length.total_seconds()}
    return {}


def delete(request) -> dict:
    """Forget a rule."""
    _rules.pop(request.get("AlarmMuteRuleName"), None)
    return {}


def list_rules(request) -> dict:
    """Pages of rules, of one alarm and of some statuses."""
    wanted = request.get("Statuses")
    found = [
        rule
        for _, rule in sorted(_rules.items())
        if request.get("AlarmName") in (None, *rule["alarms"]) and (not wanted or _status(rule) in wanted)
    ]
    size, start = request.get("MaxRecords") or _PAGE, int(request.get("NextToken") or 0)
    if not 1 <= size <= _PAGE_LIMIT:
        raise Refused("ValidationError", f"MaxRecords must be between 1 and {_PAGE_LIMIT}")
    page = [
        {"AlarmMuteRuleArn": rule["arn"], "Status": _status(rule), "MuteType": "ONE_TIME"}
        for rule in found[start : start + size]
    ]
    answer = {"AlarmMuteRuleSummaries": page}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return answer


OPERATIONS = {"PutAlarmMuteRule": put, "DeleteAlarmMuteRule": delete, "ListAlarmMuteRules": list_rules}


def _status(rule) -> str:
    now = clock.now()
    if now < rule["begin"]:
        return "SCHEDULED"
    return "ACTIVE" if now < rule["end"] else "EXPIRED"
