"""Deploy a SAM template to the emulated AWS with the real SAM CLI: `python -m emulator.deploy REQUEST.json`.

The request names the template, a folder with one folder a function (each with a `bootstrap`), the stack, its parameters,
and the file that gets the outputs. The template itself is not changed: a copy is, beside the functions.
"""

import json
import os
import pathlib
import platform
import sys
import urllib.request

from . import clock, libyaml

# What Lambda calls this machine's architecture: the sandbox runs host binaries.
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def _share_clock() -> None:
    """The SAM CLI compares its own time with that of stack events: let both live in the same day."""
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/_watchkeeper/health") as answer:
        clock.set_now(clock.parse(json.load(answer)["now"]))
    clock.install()


_share_clock()

libyaml.install()

import boto3  # noqa: E402
from samcli.cli.main import cli  # noqa: E402
from samcli.lib.utils import version_checker  # noqa: E402
from samcli.yamlhelper import yaml_dump, yaml_parse  # noqa: E402


def main(request_file: str) -> None:
    """Copy the template, deploy it, add what ministack leaves out, write the outputs."""
    request = json.loads(pathlib.Path(request_file).read_text(encoding="utf-8"))
    source = pathlib.Path(request["template"])
    template = yaml_parse(source.read_text(encoding="utf-8"))
    for name, resource in template["Resources"].items():
        _localise(name, resource, source.parent, pathlib.Path(request["functions"]))
    _architecture(template.get("Globals", {}).get("Function", {}))
    copy = pathlib.Path(request_file).with_name(f"{request['stack']}.yaml")
    copy.write_text(yaml_dump(template), encoding="utf-8")
    _sam(copy, request)
    _expire_items(template, request["stack"])
    pathlib.Path(request["outputs"]).write_text(json.dumps(_outputs(request["stack"])), encoding="utf-8")


def _localise(name, resource, root, functions) -> None:
    properties = resource.setdefault("Properties", {})
    match resource["Type"]:
        case "AWS::Serverless::Function":
            properties["CodeUri"] = str(_code(name, resource, functions))
            _architecture(properties)
        case "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = str(root / properties["ContentUri"])
        case "AWS::Serverless::StateMachine" if isinstance(properties.get("DefinitionUri"), str):
            properties["DefinitionUri"] = str(root / properties["DefinitionUri"])
    # Nothing is to be built: the bootstraps are there.
    resource.pop("Metadata", None)


def _code(name, resource, functions) -> pathlib.Path:
    binary = resource.get("Metadata", {}).get("BuildProperties", {}).get("Binary")
    if not binary:
        sys.exit(f"{name}: Metadata.BuildProperties.Binary is missing: expected the name of the function's binary")
    folder = functions / binary
    if not (folder / "bootstrap").is_file():
        sys.exit(f"{name}: Metadata.BuildProperties.Binary is {binary}, and cargo built no binary of that name")
    return folder


def _architecture(properties) -> None:
    if "Architectures" in properties:
        properties["Architectures"] = [_ARCHITECTURES[platform.machine().lower()]]


def _sam(template, request) -> None:
    arguments = [
        "deploy", "--template-file", str(template), "--stack-name", request["stack"], "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
    ]
    parameters = [f"{name}={value}" for name, value in request["parameters"].items()]
    if parameters:
        arguments += ["--parameter-overrides", *parameters]
    print("sam", *arguments, flush=True)
    # It would ask the package index for a newer one: the sandbox talks to nobody outside.
    version_checker._inform_newer_version = lambda: None
    try:
        cli.main(arguments, prog_name="sam")
    except SystemExit as end:
        if end.code:
            raise


def _expire_items(template, stack) -> None:
    """CloudFormation in ministack passes over a table's time to live."""
    ids = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for entry in boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    }
    for name, resource in template["Resources"].items():
        lifetime = resource["Properties"].get("TimeToLiveSpecification")
        if lifetime and name in ids:
            boto3.client("dynamodb").update_time_to_live(TableName=ids[name], TimeToLiveSpecification=lifetime)


def _outputs(stack) -> dict:
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


if __name__ == "__main__":
    main(sys.argv[1])
