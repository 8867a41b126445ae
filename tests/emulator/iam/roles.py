"""Roles as they were deployed: whose they are, and the policies that they have."""

import dataclasses
import functools
import hashlib
import json
import re

from ministack.core.responses import get_region
from ministack.services import iam as aws
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from .. import outage

_KIND = "AWS::IAM::Role"
_NAME_LIMIT = 64  # characters; IAM user guide, "IAM and AWS STS quotas"
_OWNER = re.compile(r".*-(\w+)Role-[0-9A-F]{13}$")
_APP_NAME = 50  # characters of a function's name that its SDK's user agent has

_withdrawn = []


@dataclasses.dataclass(frozen=True)
class Role:
    """A role, the logical id of whom it is for, and its policies as JSON."""

    arn: str
    owner: str
    policies: str


def install() -> None:
    """Name roles apart in each region, as CloudFormation does: ministack makes one name of the same stack in two."""
    known = provisioners._RESOURCE_HANDLERS[_KIND]
    make, change = known["create"], known["update"]

    def create(logical_id, properties, stack):
        return make(logical_id, _named(properties, stack, logical_id), stack)

    def update(physical_id, old, new, stack, logical_id=None):
        return change(physical_id, old, _named(new, stack, logical_id), stack, logical_id)

    provisioners._RESOURCE_HANDLERS[_KIND] = {**known, "create": create, "update": update}


def of_function(caller: str, headers: dict) -> Role | None:
    """The role of the function that says so in its user agent; None where no function calls."""
    if caller is None:
        return None
    # A test that calls as a function does not say where it runs.
    origin = outage.where(headers) or get_region()
    for (account, region, name), record in list(lambda_svc._functions._data.items()):
        if region == origin and name[:_APP_NAME] == caller:
            return of_arn(account, record["config"]["Role"])
    return None


def of_arn(account: str, arn: str) -> Role | None:
    """A role that a stack made; None for what nobody deployed, such as the roles of a test's own machines."""
    name = arn.rsplit("/", 1)[-1]
    record = aws._roles._data.get((account, name))
    owner = _OWNER.match(name)
    if record is None or owner is None:
        return None
    return _made(arn, owner.group(1), tuple(sorted(record["InlinePolicies"].items())))


@functools.lru_cache(maxsize=1024)
def _made(arn, owner, policies) -> Role:
    return Role(arn, owner, json.dumps([{"name": name, "policy": json.loads(text)} for name, text in policies]))


def withdraw(owner: str, sid: str) -> None:
    """Take a statement away from the roles of one owner. Raises LookupError where there is none."""
    found = False
    for (_, name), record in list(aws._roles._data.items()):
        match = _OWNER.match(name)
        if match is None or match.group(1) != owner:
            continue
        for policy, text in list(record["InlinePolicies"].items()):
            document = json.loads(text)
            left = [statement for statement in document["Statement"] if statement.get("Sid") != sid]
            if len(left) < len(document["Statement"]):
                found = True
                _withdrawn.append((record, policy, text))
                record["InlinePolicies"][policy] = json.dumps({**document, "Statement": left})
    if not found:
        raise LookupError(f"no role of `{owner}` has a statement `{sid}`")


def restore() -> None:
    """Give back all statements that were taken away."""
    while _withdrawn:
        record, policy, text = _withdrawn.pop()
        record["InlinePolicies"][policy] = text


def _named(properties, stack, logical_id) -> dict:
    if properties.get("RoleName"):
        return properties
    suffix = hashlib.sha256(f"{get_region()}:{stack}:{logical_id}".encode()).hexdigest()[:13].upper()
    return {**properties, "RoleName": f"{stack}-{logical_id}"[: _NAME_LIMIT - 14] + f"-{suffix}"}
