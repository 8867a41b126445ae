"""Event sources as AWS switches them: a mapping takes a while, and a rule that is not there, or is a service's own, is not switched.

AWS Lambda API reference, UpdateEventSourceMapping (the states Enabling and Disabling; ResourceInUseException while it is being
changed); Amazon EventBridge API reference, EnableRule and DisableRule.
"""

from ministack.core.responses import error_response_json
from ministack.services import eventbridge, lambda_svc

from . import scheduler, settings

_update_esm = lambda_svc._update_esm
_enable_rule = eventbridge._enable_rule
_disable_rule = eventbridge._disable_rule
_ON_THEIR_WAY = ("Creating", "Enabling", "Disabling", "Updating", "Deleting")


def install() -> None:
    """Replace what ministack does at once, or to nothing."""
    lambda_svc._update_esm = update_mapping
    eventbridge._enable_rule = lambda data: _switched(_enable_rule, data)
    eventbridge._disable_rule = lambda data: _switched(_disable_rule, data)


def update_mapping(mapping_id: str, data: dict):
    """The answer has the state that it is in on the way; a while later it is there."""
    mapping = lambda_svc._esms.get(mapping_id)
    if mapping and mapping["State"] in _ON_THEIR_WAY:
        message = "Cannot update the event source mapping because it is in use."
        return error_response_json("ResourceInUseException", message, 400)
    before = mapping and mapping["State"]
    answer = _update_esm(mapping_id, data)
    if mapping and "Enabled" in data and mapping["State"] != before:
        state = mapping["State"]
        mapping["State"] = "Enabling" if state == "Enabled" else "Disabling"
        scheduler.after(settings.get("mapping_seconds"), _arrive, mapping, state)
        answer = lambda_svc.json_response(lambda_svc._esm_response(mapping), 202)
    return answer


def _arrive(mapping, state) -> None:
    if mapping["State"] in ("Enabling", "Disabling"):
        mapping["State"] = state


def _switched(switch, data):
    rule = eventbridge._rules.get(eventbridge._rule_key(data.get("Name"), data.get("EventBusName", "default")))
    if rule is None:
        return error_response_json("ResourceNotFoundException", f"Rule {data.get('Name')} does not exist.", 400)
    if rule.get("ManagedBy"):
        message = f"Rule {rule['Name']} is managed by {rule['ManagedBy']}."
        return error_response_json("ManagedRuleException", message, 400)
    return switch(data)
