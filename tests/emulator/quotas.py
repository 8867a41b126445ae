"""Service Quotas, which ministack lacks: only what a test has set is known.

Service Quotas API reference, GetServiceQuota (the applied value) and GetAWSDefaultServiceQuota. The codes are those of
the AWS General Reference, "Amazon ECS endpoints and quotas" and "AWS Fargate endpoints and quotas".
"""

import json

from ministack import app
from ministack.core import router
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, json_response, request_scope

_NAMES = {
    ("fargate", "L-3032A538"): ("AWS Fargate", "Fargate On-Demand vCPU resource count"),
    ("ecs", "L-92E49DE3"): ("Amazon Elastic Container Service (Amazon ECS)", "Tasks per service"),
}
# The usage that CloudWatch counts for a quota; not every quota has one.
_USAGE = {
    ("fargate", "L-3032A538"): {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {
            "Class": "Standard/OnDemand",
            "Resource": "vCPU",
            "Service": "Fargate",
            "Type": "Resource",
        },
        "MetricStatisticRecommendation": "Maximum",
    }
}

_values = AccountRegionScopedDict()  # (service, code) -> applied value and default, either may be None


def install() -> None:
    """Add the service to ministack."""
    router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": ["ServiceQuotasV20190624"]}
    app.SERVICE_HANDLERS["servicequotas"] = handle_request


def reset() -> None:
    """Forget everything."""
    _values._data.clear()


def put(account: str, region: str, service: str, code: str, value, default) -> None:
    """Set a quota: the applied value and the default of AWS, None for what AWS does not know."""
    for field, found in (("value", value), ("default", default)):
        if found is not None and (isinstance(found, bool) or not isinstance(found, (int, float)) or found < 0):
            raise ValueError(f"field `{field}`: found {found!r}, expected a number, 0 or more, or null")
    with request_scope(account, region):
        _values[(service, code)] = (value, default)


async def handle_request(_method, _path, headers, body, _query_params):
    """One call of the JSON 1.1 protocol."""
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    place = {"GetServiceQuota": 0, "GetAWSDefaultServiceQuota": 1}.get(operation)
    if place is None:
        return _refused("UnknownOperationException", "the sandbox does not know this operation")
    request = json.loads(body or b"{}")
    service, code = request.get("ServiceCode"), request.get("QuotaCode")
    if not service or not code:
        return _refused("IllegalArgumentException", "ServiceCode and QuotaCode are required.")
    value = _values.get((service, code), (None, None))[place]
    if value is None:
        text = "The request failed because the specified service quota does not exist."
        return _refused("NoSuchResourceException", text)
    return json_response({"Quota": _quota(service, code, value)})


def _quota(service, code, value) -> dict:
    service_name, name = _NAMES.get((service, code), (service, code))
    quota = {
        "ServiceCode": service,
        "ServiceName": service_name,
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
    if (service, code) in _USAGE:
        quota["UsageMetric"] = _USAGE[service, code]
    return quota


def _refused(code, message):
    body = json.dumps({"__type": code, "Message": message}).encode()
    return 400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body
