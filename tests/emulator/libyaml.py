"""YAML is read and written by libyaml, which PyYAML brings along: the SAM CLI reads a template eight times in Python otherwise."""

import yaml


def install() -> None:
    """To be called before anything makes a loader of its own out of PyYAML's."""
    yaml.SafeLoader, yaml.SafeDumper = yaml.CSafeLoader, yaml.CSafeDumper
