"""What a function in Python does at its start, and for one event: the same reads as `reconcile`, with boto3, under the Lambda
runtime API."""

import http.client
import json
import os

import boto3

NEXT = "/2018-06-01/runtime/invocation/next"
# The clients that `reconcile` has, too.
clients = {service: boto3.client(service) for service in ("dynamodb", "ecs", "application-autoscaling")}


def handle(reads: list) -> list:
    """Each read in its turn: client, operation and parameters come with the event."""
    return [bool(getattr(clients[service], operation)(**parameters)) for service, operation, parameters in reads]


def main() -> None:
    """Answer events for ever."""
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", NEXT)
        answer = api.getresponse()
        number = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.loads(answer.read())
        done = json.dumps(handle(event["reads"]))
        api.request("POST", f"/2018-06-01/runtime/invocation/{number}/response", body=done)
        api.getresponse().read()


main()
