"""What AWS does in the name of a role: Step Functions for a machine, Scheduler for a target, Lambda for a destination."""

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge
from ministack.services import stepfunctions as aws

from . import guard, judge
from .needs import Place, need
from .roles import of_arn

# Step Functions developer guide, "Using CloudWatch Logs to log execution history".
_LOGGING = (
    "CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery",
    "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery",
)
# The rule by which Step Functions learns of a child's end; same guide, "IAM policies for calling Step Functions".
_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"

_execute_task = aws._execute_task
_invoke_target = None


def install() -> None:
    """Ask before ministack calls."""
    global _invoke_target
    aws._execute_task = execute_task
    # Taken now, and not when this is imported: another module has replaced it.
    _invoke_target = eventbridge._invoke_target
    eventbridge._invoke_target = invoke_target


def execute_task(state, raw_input, execution, ctx):
    """A task whose machine's role does not permit it fails, as at AWS."""
    machine = aws._state_machines.get(ctx["StateMachine"]["Id"])
    if machine:
        why = _refusal(machine["roleArn"], machine["name"], list(_of_task(machine, state)))
        if why:
            raise aws._ExecutionError("AccessDeniedException", why)
    return _execute_task(state, raw_input, execution, ctx)


def invoke_target(target, event, rule, view=None):
    """A schedule whose role does not permit it reaches nobody."""
    if event.get("Source") == "aws.scheduler":
        needs = [("lambda:InvokeFunction", target["Arn"])]
        letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        needs += [("sqs:SendMessage", letters)] if letters else []
        if _refusal(target.get("RoleArn", ""), "scheduler", needs):
            return None
    return _invoke_target(target, event, rule, view)


def may_send(config: dict, destination: str | None) -> None:
    """Lambda looks whether a function's role may send to its destination."""
    service = destination.split(":")[2] if destination else None
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}.get(service)
    if action:
        _refusal(config["Role"], config["FunctionName"], [(action, destination)])


def _of_task(machine, state):
    resource, arguments = state.get("Resource", ""), state.get("Arguments") or state.get("Parameters") or {}
    # Under the names of the API, or under those of a template.
    logging = machine.get("loggingConfiguration") or {}
    if logging.get("level", logging.get("Level", "OFF")) != "OFF":
        yield from ((f"logs:{action}", "*") for action in _LOGGING)
    if "lambda:invoke" in resource:
        yield "lambda:InvokeFunction", arguments["FunctionName"]
    elif "states:startExecution" in resource:
        child = arguments["StateMachineArn"]
        yield "states:StartExecution", child
        if ".sync" in resource:
            execution = child.replace(":stateMachine:", ":execution:") + ":any"
            rule = Place(get_account_id(), get_region()).arn("events", _RULE)
            yield from ((f"states:{action}", execution) for action in ("DescribeExecution", "StopExecution"))
            yield from ((f"events:{action}", rule) for action in ("DescribeRule", "PutRule", "PutTargets"))


def _refusal(role_arn, caller, asked):
    role = of_arn(get_account_id(), role_arn) if judge.present() else None
    if role is None:
        return None
    place = Place(get_account_id(), get_region())
    return guard.check(role, caller, [need(action, arn, {}, place) for action, arn in asked])
