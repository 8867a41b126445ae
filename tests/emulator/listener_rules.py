"""Rules of load balancers' listeners: forwards to several target groups, by their weights.

Elastic Load Balancing API reference, ForwardActionConfig, TargetGroupTuple, DescribeRules, ModifyRule. ministack keeps of a
forward only the one target group that it names.
"""

import random

from ministack.services import alb

_GROUPS_MAX = 5  # per action ("Quotas for your Application Load Balancers")
_WEIGHT_MAX = 999

_parse_actions = alb._parse_actions
_action_xml = alb._action_xml
_execute_action = alb._execute_action
_describe_rules = alb._ACTION_MAP["DescribeRules"]
_modify_rule = alb._ACTION_MAP["ModifyRule"]


def install() -> None:
    """Put the weights beside what ministack keeps."""
    alb._parse_actions = parse_actions
    alb._action_xml = action_xml
    alb._execute_action = execute_action
    alb._ACTION_MAP["DescribeRules"] = describe_rules
    alb._ACTION_MAP["ModifyRule"] = modify_rule


def parse_actions(params, prefix="DefaultActions"):
    """The actions of a request; a forward has its groups with their weights, however it names them."""
    actions = _parse_actions(params, prefix)
    for number, action in enumerate(actions, start=1):
        if action["Type"] == "forward":
            action["ForwardConfig"] = _forward(params, f"{prefix}.member.{number}.ForwardConfig", action)
    return actions


def _forward(params, place, action):
    groups = []
    while arn := alb._p(params, f"{place}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = alb._p(params, f"{place}.TargetGroups.member.{len(groups) + 1}.Weight", "1")
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    if not groups and "TargetGroupArn" in action:
        groups = [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]
    # Where there is one group, AWS names it in both places.
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    else:
        action.pop("TargetGroupArn", None)
    sticky = alb._p(params, f"{place}.TargetGroupStickinessConfig.Enabled", "false").lower() == "true"
    stickiness = {"Enabled": sticky}
    seconds = alb._p(params, f"{place}.TargetGroupStickinessConfig.DurationSeconds")
    if seconds:
        stickiness["DurationSeconds"] = int(seconds)
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}


def action_xml(action):
    """An action of an answer."""
    text = _action_xml(action)
    config = action.get("ForwardConfig")
    if config is None:
        return text
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"]
    )
    stickiness = config["TargetGroupStickinessConfig"]
    seconds = f"<DurationSeconds>{stickiness['DurationSeconds']}</DurationSeconds>" if "DurationSeconds" in stickiness else ""
    forward = (
        f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
        f"<Enabled>{str(stickiness['Enabled']).lower()}</Enabled>{seconds}</TargetGroupStickinessConfig></ForwardConfig>"
    )
    return text.removesuffix("</member>") + forward + "</member>"


def describe_rules(params):
    """A rule that is asked for by its ARN and does not exist is an error for all."""
    missing = [arn for arn in alb._parse_member_list(params, "RuleArns") if arn not in alb._rules]
    if missing:
        return alb._error("RuleNotFound", f"One or more rules not found: {', '.join(missing)}")
    return _describe_rules(params)


def modify_rule(params):
    """Target groups have to exist."""
    for action in parse_actions(params, "Actions"):
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        if len(groups) > _GROUPS_MAX:
            return alb._error("ValidationError", f"{len(groups)} target groups in an action, at most {_GROUPS_MAX}")
        for group in groups:
            if group["TargetGroupArn"] not in alb._tgs:
                return alb._error("TargetGroupNotFound", f"Target group '{group['TargetGroupArn']}' not found.")
            if not 0 <= group["Weight"] <= _WEIGHT_MAX:
                return alb._error("ValidationError", f"Weight {group['Weight']}, expected 0 to {_WEIGHT_MAX}")
    return _modify_rule(params)


async def execute_action(action, *request):
    """A forward goes to one of its groups, by their weights."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    weights = [group["Weight"] for group in groups]
    if any(weights):
        chosen = random.choices(groups, weights)[0]["TargetGroupArn"]
        action = {key: value for key, value in action.items() if key != "ForwardConfig"} | {"TargetGroupArn": chosen}
    return await _execute_action(action, *request)
