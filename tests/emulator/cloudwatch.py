"""CloudWatch's protocols and metrics: the query protocol in full, reserved namespaces, data in the order AWS sends it.

ministack answers the JSON and CBOR protocols from whole records, and the query protocol from a few members of them:
so a query becomes a JSON request, and its answer XML.
"""

import json
import re
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core.responses import request_scope
from ministack.services import cloudwatch as aws

from . import cbor, clock
from .alarms import mutes

_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"
_NAMES_LIMIT = 100  # alarms that one DescribeAlarms may name; CloudWatch API reference
_TARGET = "GraniteServiceVersion20100801"
_WHOLE = {"Period", "EvaluationPeriods", "DatapointsToAlarm", "MaxRecords", "MaxDatapoints"}
_FRACTIONS = {"Threshold", "SampleCount", "Sum", "Minimum", "Maximum"}
_BOOLEANS = {"ReturnData", "ActionsEnabled"}
_FRACTION_PATHS = re.compile(r"MetricData\.member\.\d+\.(Value|(Values|Counts)\.member\.\d+)")

_handle_request = aws.handle_request
_put_metric_data = aws._put_metric_data
_get_metric_data = aws._get_metric_data
_describe_alarms = aws._describe_alarms


def install() -> None:
    """Replace the way in, the operations on metric data, and the description of alarms."""
    aws.handle_request = handle_request
    aws._put_metric_data = put_metric_data
    aws._get_metric_data = get_metric_data
    aws._describe_alarms = describe_alarms


async def handle_request(method, path, headers, body, query_params):
    """Translate the query protocol; hand on the others."""
    if "form" not in headers.get("content-type", ""):
        return await _dispatch(method, path, headers, body, query_params)
    flat = {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    operation = flat.pop("Action", "")
    flat.pop("Version", None)
    json_headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"{_TARGET}.{operation}"}
    request = json.dumps(_nested(flat)).encode()
    status, _, answer = await _dispatch("POST", "/", json_headers, request, {})
    answer = json.loads(answer or b"{}")
    if status != 200:
        return aws._error(answer.get("__type", "InternalFailure"), answer.get("message", ""), status)
    inner = f"<{operation}Result>{_xml(answer)}</{operation}Result><ResponseMetadata><RequestId>sandbox</RequestId>"
    text = f'<{operation}Response xmlns="{_NAMESPACE}">{inner}</ResponseMetadata></{operation}Response>'
    return 200, {"Content-Type": "text/xml"}, text.encode()


async def _dispatch(method, path, headers, body, query_params):
    """Operations that ministack lacks, and then its own."""
    target = headers.get("x-amz-target", "") or path.rstrip("/")
    run = mutes.OPERATIONS.get(re.split(r"[./]", target)[-1])
    if run is None:
        return await _handle_request(method, path, headers, body, query_params)
    is_cbor = "cbor" in headers.get("content-type", "") or "cbor" in headers.get("smithy-protocol", "")
    try:
        answer = run((cbor.loads(body) if is_cbor else json.loads(body)) if body else {})
    except mutes.Refused as refused:
        code, message = refused.args
        return aws._error(code, message, 400, use_json=not is_cbor, use_cbor=is_cbor)
    return aws._cbor_ok(answer) if is_cbor else aws._json_ok(answer)


def describe_alarms(params, request, is_cbor, is_json=False):
    """At most a hundred by name."""
    if len(request.get("AlarmNames") or []) > _NAMES_LIMIT:
        text = "1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: "
        text += f"Member must have length less than or equal to {_NAMES_LIMIT}"
        return aws._error("ValidationError", text, 400, use_json=not is_cbor, use_cbor=is_cbor)
    return _describe_alarms(params, request, is_cbor, is_json)


def put_metric_data(params, request, is_cbor, is_json=False):
    """Only AWS itself writes to the namespaces of its services: tests do it with `put`."""
    namespace = request.get("Namespace", "")
    if namespace.startswith("AWS/"):
        text = f"The value {namespace} for parameter Namespace is invalid."
        return aws._error("InvalidParameterValue", text, 400, use_json=not is_cbor, use_cbor=is_cbor)
    return _put_metric_data(params, request, is_cbor, is_json)


def get_metric_data(params, request, is_cbor, is_json=False):
    """Newest first, unless the request says otherwise (API reference, GetMetricData, ScanBy)."""
    status, _, body = _get_metric_data(params, request, False, True)
    answer = json.loads(body)
    if request.get("ScanBy") != "TimestampAscending":
        for result in answer["MetricDataResults"]:
            result["Timestamps"].reverse()
            result["Values"].reverse()
    if not is_cbor:
        return aws._json_ok(answer)
    answer["MetricDataResults"] = [aws._cbor_metric_data_result(result) for result in answer["MetricDataResults"]]
    return aws._cbor_ok(answer)


def put(account: str, region: str, namespace: str, data: list) -> None:
    """Write metric data as AWS does, in any namespace. Raises ValueError with the field that is wrong."""
    for place, datum in enumerate(data):
        for field, kind in (("name", str), ("value", (int, float))):
            if not isinstance(datum.get(field), kind) or isinstance(datum[field], bool):
                what = "text" if kind is str else "a number"
                raise ValueError(f"field `data[{place}].{field}`: found {datum.get(field)!r}, expected {what}")
    with request_scope(account, region):
        for datum in data:
            instant = clock.parse(datum["at"]) if datum.get("at") else clock.now()
            dimensions, unit = datum.get("dimensions") or {}, datum.get("unit") or "None"
            aws._store_datum(namespace, datum["name"], dimensions, instant, unit, datum["value"], None, None, None)


def _nested(flat: dict):
    """`Metrics.member.1.Id` and its like as lists and objects, with numbers and booleans instead of text."""
    root = {}
    for name, text in flat.items():
        parts = name.split(".")
        place = root
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = _typed(name, parts[-1], text)
    return _listed(root)


def _listed(value):
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        return [_listed(item) for _, item in sorted(value["member"].items(), key=lambda entry: int(entry[0]))]
    return {name: _listed(item) for name, item in value.items()}


def _typed(path: str, name: str, text: str):
    if name in _WHOLE:
        return int(text)
    if name in _FRACTIONS or _FRACTION_PATHS.fullmatch(path):
        return float(text)
    return text == "true" if name in _BOOLEANS else text


def _xml(value, name="") -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_xml(item, key)}</{key}>" for key, item in value.items() if item is not None)
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item, name.removesuffix('s'))}</member>" for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if name.endswith("Timestamp") and isinstance(value, (int, float)):
        return clock.iso(value)
    return escape(str(value))
