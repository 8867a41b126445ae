"""IAM's policy simulator and Access Analyzer's validation of policies, answered by the judge: an evaluator of others.

IAM API reference, SimulateCustomPolicy: only the documents of the request count, and the context that it brings.
"""

import itertools
import json
from xml.sax.saxutils import escape

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import iam as aws

from . import judge

_ANALYZER = "access-analyzer"


def install() -> None:
    """Replace ministack's simulation, and add the service that it lacks."""
    aws._IAM_HANDLERS["SimulateCustomPolicy"] = simulate
    router.SERVICE_PATTERNS[_ANALYZER] = {}
    app.SERVICE_HANDLERS[_ANALYZER] = analyze


def simulate(request):
    """Each action on each resource."""
    policies, actions = _listed(request, "PolicyInputList"), _listed(request, "ActionNames")
    context = dict(_context(request))
    results = [
        _result(action, resource, judge.simulate(policies, _question(action, resource, context)))
        for action, resource in itertools.product(actions, _listed(request, "ResourceArns") or ["*"])
    ]
    inner = f"<EvaluationResults>{''.join(results)}</EvaluationResults><IsTruncated>false</IsTruncated>"
    answer = f"<SimulateCustomPolicyResult>{inner}</SimulateCustomPolicyResult>"
    return aws._xml(200, "SimulateCustomPolicyResponse", answer, ns="iam")


async def analyze(method, path, _headers, body, _query_params):
    """ValidatePolicy, of identities; Access Analyzer API reference."""
    if (method, path.rstrip("/")) != ("POST", "/policy/validation"):
        return error_response_json("ResourceNotFoundException", f"the sandbox does not know {method} {path}", 404)
    try:
        found = judge.validate(json.loads(json.loads(body)["policyDocument"]))
    except ValueError as problem:
        found = [{"code": "JSON_SYNTAX_ERROR", "text": str(problem)}]
    learn = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
    findings = [
        {"findingType": "ERROR", "issueCode": it["code"], "findingDetails": it["text"], "learnMoreLink": learn, "locations": []}
        for it in found
    ]
    return json_response({"findings": findings})


def _question(action, resource, context):
    # A policy of the resource is none of the request; without one, the evaluator takes a key to admit nobody.
    account = get_account_id()
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [root]} if action.startswith("kms:") else None
    return {"account": account, "action": action, "resource": resource, "context": context, "policy": policy}


def _result(action, resource, answer) -> str:
    decision = "allowed" if answer["allowed"] else "explicitDeny" if answer["explicit"] else "implicitDeny"
    missing = "".join(f"<member>{escape(key)}</member>" for key in answer["missing"])
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/><MissingContextValues>{missing}</MissingContextValues></member>"
    )


def _context(request):
    for number in itertools.count(1):
        start = f"ContextEntries.member.{number}"
        key = aws._p(request, f"{start}.ContextKeyName")
        if not key:
            return
        values = _listed(request, f"{start}.ContextKeyValues")
        several = aws._p(request, f"{start}.ContextKeyType").endswith("List")
        yield key, values if several else values[0]


def _listed(request, name) -> list:
    values = (aws._p(request, f"{name}.member.{number}") for number in itertools.count(1))
    return list(itertools.takewhile(bool, values))
