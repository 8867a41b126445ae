"""The judge: a process of its own with an IAM evaluator of others, asked once for each request that is not known yet."""

import dataclasses
import json
import os
import subprocess
import threading

from .. import figures
from .needs import Need
from .roles import Role

_lock = threading.Lock()
_process = None
_known_roles = {}
_decisions = {}


@dataclasses.dataclass(frozen=True)
class Decision:
    """Whether a role may, by which statements, or else why not."""

    allowed: bool
    statements: tuple
    why: str


def present() -> bool:
    """Whether the sandbox was given a judge."""
    return bool(os.environ.get("WATCHKEEPER_JUDGE"))


def decided(role: Role, need: Need) -> Decision | None:
    """What is known already."""
    return _decisions.get((role, need))


def decide(role: Role, need: Need, account: str) -> Decision:
    """Ask the judge. It takes milliseconds, and waits for who asks already."""
    with _lock:
        found = _decisions.get((role, need))
        if found is None:
            if _known_roles.get(role.arn) != role.policies:
                _ask({"role": role.arn, "policies": json.loads(role.policies)})
                _known_roles[role.arn] = role.policies
            question = {"role": role.arn, "account": account, "action": need.action, "resource": need.resource}
            policy = json.loads(need.policy) if need.policy else None
            answer = _ask({**question, "context": json.loads(need.context), "policy": policy})
            found = Decision(answer["allowed"], tuple(answer["statements"]), answer["why"])
            _decisions[(role, need)] = found
            figures.add("calls_different")
        return found


def simulate(policies: list, request: dict) -> dict:
    """What the judge says of a request under these documents and no others."""
    role = f"arn:aws:iam::{request['account']}:role/simulated"
    named = [{"name": str(number), "policy": json.loads(text)} for number, text in enumerate(policies)]
    with _lock:
        _ask({"role": role, "policies": named})
        return _ask({"role": role, **request})


def validate(policy: dict) -> list:
    """What the judge says of a policy itself: code and text of each finding."""
    with _lock:
        return _ask({"validate": policy})["findings"]


def count() -> int:
    """How many different requests were judged."""
    return len(_decisions)


def _ask(question: dict) -> dict:
    global _process
    if _process is None:
        command = json.loads(os.environ["WATCHKEEPER_JUDGE"])
        _process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _process.stdin.write(json.dumps(question) + "\n")
    _process.stdin.flush()
    line = _process.stdout.readline()
    if not line:
        raise RuntimeError(f"the judge of permissions ended: {' '.join(_process.args)}")
    return json.loads(line)
