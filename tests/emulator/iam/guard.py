"""What the judge found: calls, denials, and which statement of which role was used for what."""

import asyncio
import logging
import threading

from ministack.core.responses import get_account_id

from .. import faults, figures
from . import judge
from .needs import Place, of
from .roles import Role, of_function

# How services refuse; IAM user guide and each service's own list of common errors.
_CODES = {
    **dict.fromkeys(("elasticache", "elasticloadbalancing", "rds", "route53", "s3"), "AccessDenied"),
    "sns": "AuthorizationError",
}
# Where a key admits nobody, RDS has an error of its own (API reference, errors of CopyDBSnapshot).
_OF_KEYS = {"rds": "KMSKeyNotAccessibleFault"}
_log = logging.getLogger(__name__)
_lock = threading.Lock()
_judged = 0
_denials = {}
_used = set()


def role(caller: str | None, headers: dict) -> Role | None:
    """The role of the function that calls; None where none does, or where the sandbox has no judge."""
    return of_function(caller, headers) if judge.present() else None


async def refusal(role: Role, entry: dict, call: tuple, headers: dict):
    """The answer to a call that its function's role does not permit; None when it does."""
    operation, members = call
    needs = of(entry["service"], operation, members, Place(get_account_id(), entry["region"]))
    if all(judge.decided(role, need) for need in needs):
        why = check(role, entry["caller"], needs)
    else:
        why = await asyncio.to_thread(check, role, entry["caller"], needs, get_account_id())
    if why is None:
        return None
    code, key = _CODES.get(entry["service"]), _OF_KEYS.get(entry["service"])
    status = 403 if code else 400
    if key and "is not authorized to perform: kms:" in why:
        code, status = key, 400
    fault = faults.Fault(entry["service"], kind="error", code=code or "AccessDeniedException", message=why, status=status)
    return fault.response(headers)


def check(role: Role, caller: str, needs: list, account: str | None = None) -> str | None:
    """Judge everything that a call needs. The sentence of AWS's refusal, or None."""
    global _judged
    account = account or get_account_id()
    sentence = None
    for need in needs:
        decision = judge.decide(role, need, account)
        figures.add("calls")
        with _lock:
            _judged += 1
            _used.update((role.owner, sid, need.action) for sid in decision.statements)
            if decision.allowed:
                continue
            told = {"role": role.owner, "action": need.action, "resource": need.resource, "why": decision.why, "times": 0}
            denial = _denials.setdefault((role, need), told)
            denial["times"] += 1
        figures.add("calls_denied")
        name = role.arn.rsplit("/", 1)[-1]
        _log.warning("%s may not %s on %s: %s", role.owner, need.action, need.resource, decision.why)
        sentence = sentence or (
            f"User: arn:aws:sts::{account}:assumed-role/{name}/{caller} is not authorized to perform: {need.action} "
            f"on resource: {need.resource} because no identity-based policy allows the {need.action} action"
        )
    return sentence


def report() -> dict:
    """Everything so far."""
    with _lock:
        return {
            "judged": _judged,
            "decisions": judge.count(),
            "denials": list(_denials.values()),
            "used": [{"role": owner, "statement": sid, "action": action} for owner, sid, action in sorted(_used)],
        }


def forgive() -> list:
    """Forget the denials, and return them: who denied on purpose takes them away."""
    with _lock:
        denials = list(_denials.values())
        _denials.clear()
    figures.add("calls_denied_on_purpose", sum(denial["times"] for denial in denials))
    return denials


def clear() -> None:
    """Forget everything but what the judge knows."""
    global _judged
    with _lock:
        _judged = 0
        _denials.clear()
        _used.clear()
