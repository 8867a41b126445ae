"""Metrics that functions write to their logs, in CloudWatch's embedded metric format.

CloudWatch user guide, "Specification: Embedded metric format". CloudWatch finds them in the log some seconds later;
here they are there at once, and alarms can see them.
"""

import json
import logging

from ministack.core.lambda_runtime import _account_region_from_function_config as place_of
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from . import clock, outage

_VALUES_LIMIT = 100  # values of one metric in one document
_log = logging.getLogger(__name__)


def take(config: dict, line: str) -> None:
    """Store the metrics of a line of the log of the function that has this configuration, if it holds any."""
    if '"_aws"' not in line:
        return
    account, region = place_of(config)
    if outage.halted(region):
        return
    try:
        found = list(metrics(json.loads(line)))
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        _log.warning("function %s: no embedded metrics: %s: %s", config["FunctionName"], problem, line[:500])
        return
    with request_scope(account, region):
        for namespace, name, dimensions, instant, unit, values in found:
            cloudwatch._store_datum(namespace, name, dimensions, instant, unit, None, values, None, None)


def metrics(document: dict):
    """The metrics of a document: namespace, name, dimensions, epoch seconds, unit, values.

    Raises KeyError for a dimension that the document lacks, ValueError, TypeError and AttributeError for what is no
    document at all.
    """
    metadata = document["_aws"]
    instant = metadata["Timestamp"] / 1000 if "Timestamp" in metadata else clock.now()
    for directive in metadata["CloudWatchMetrics"]:
        # Without dimensions, there is one set, which is empty.
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                values = document.get(metric["Name"])
                if values is None:
                    continue
                values = values if isinstance(values, list) else [values]
                if len(values) > _VALUES_LIMIT or not all(_is_number(value) for value in values):
                    raise ValueError(f"metric {metric['Name']}: found {values!r}, expected 1 to 100 numbers")
                unit = metric.get("Unit", "None")
                yield directive["Namespace"], metric["Name"], dimensions, instant, unit, values


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
