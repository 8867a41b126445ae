"""Whether members fit their shape: type, required, known, length, range, pattern, enumeration, size.

botocore itself checks the first three and the lower bounds only, since its copy of the model may be older than AWS's.
Texts are matched whole, as AWS does it.
"""

import datetime
import functools
import re

import regex

_INTEGERS = ("integer", "long")
_NUMBERS = ("float", "double", "bigdecimal")


def problems(shape, value, path: str = "") -> list:
    """What is wrong with `value`, in the words of AWS, one line each."""
    found = []
    if shape is not None:
        _check(shape, value, path, found)
    elif value:
        found.append(f"Unknown members {', '.join(sorted(value))}: the operation takes none")
    return found


def _check(shape, value, path, found) -> None:
    _CHECKS.get(shape.type_name, _any)(shape, value, path, found)


def _structure(shape, value, path, found) -> None:
    if getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, dict):
        found.append(_typed(path, value, "a structure"))
        return
    for member in shape.required_members:
        if value.get(member) is None:
            found.append(f"Value null at '{_at(path, member)}' failed to satisfy constraint: Member must not be null")
    known = shape.members
    for member, item in value.items():
        if member not in known:
            found.append(f"Unknown member '{_at(path, member)}'")
        elif item is not None:
            _check(known[member], item, _at(path, member), found)
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        found.append(f"'{path}' is a union: found {sorted(value)}, expected exactly one member")


def _list(shape, value, path, found) -> None:
    if not isinstance(value, list):
        found.append(_typed(path, value, "a list"))
        return
    _size(shape, value, path, found)
    for number, item in enumerate(value, 1):
        _check(shape.member, item, f"{path}.{number}", found)


def _map(shape, value, path, found) -> None:
    if not isinstance(value, dict):
        found.append(_typed(path, value, "a map"))
        return
    _size(shape, value, path, found)
    for key, item in value.items():
        _check(shape.key, key, f"{path}.key", found)
        _check(shape.value, item, f"{path}.{key}", found)


def _string(shape, value, path, found) -> None:
    if not isinstance(value, str):
        found.append(_typed(path, value, "text"))
        return
    rules = shape.metadata
    if not rules:
        return
    _size(shape, value, path, found)
    enum, pattern = rules.get("enum"), rules.get("pattern")
    if enum and value not in enum:
        found.append(_constraint(path, value, f"Member must satisfy enum value set: {enum}"))
    if pattern and not compiled(pattern).fullmatch(value):
        found.append(_constraint(path, value, f"Member must satisfy regular expression pattern: {pattern}"))


def _blob(shape, value, path, found) -> None:
    if isinstance(value, (bytes, str)):
        _size(shape, value, path, found)
    else:
        found.append(_typed(path, value, "bytes"))


def _number(shape, value, path, found) -> None:
    types = int if shape.type_name in _INTEGERS else (int, float)
    # A whole number is one, however it is written.
    if types is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    # JSON has no other way to write these.
    if types is not int and value in ("NaN", "Infinity", "-Infinity"):
        return
    if isinstance(value, bool) or not isinstance(value, types):
        found.append(_typed(path, value, "a whole number" if types is int else "a number"))
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        found.append(_constraint(path, value, f"Member must have value greater than or equal to {least}"))
    if most is not None and value > most:
        found.append(_constraint(path, value, f"Member must have value less than or equal to {most}"))


def _boolean(_shape, value, path, found) -> None:
    if not isinstance(value, bool):
        found.append(_typed(path, value, "true or false"))


def _timestamp(_shape, value, path, found) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, datetime.datetime)):
        found.append(_typed(path, value, "an instant"))


def _any(_shape, _value, _path, _found) -> None:
    pass


_CHECKS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "blob": _blob,
    "boolean": _boolean,
    "timestamp": _timestamp,
    **dict.fromkeys((*_INTEGERS, *_NUMBERS), _number),
}


def _size(shape, value, path, found) -> None:
    rules = shape.metadata
    least, most = rules.get("min"), rules.get("max")
    if least is not None and len(value) < least:
        found.append(_constraint(path, value, f"Member must have length greater than or equal to {least}"))
    if most is not None and len(value) > most:
        found.append(_constraint(path, value, f"Member must have length less than or equal to {most}"))


@functools.cache
def compiled(pattern: str):
    """A pattern of a model. They are Java's; Python knows nearly all of it, and `regex` the classes of Unicode too."""
    # What is beyond the 16 bits of Java's `\\u` stands there as a pair, or with five or six digits.
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    pattern = re.sub(r"\\u(10[0-9A-F]{3,4})(?![0-9A-Fa-f])", lambda found: rf"\U{found[1]:0>8}", pattern)
    try:
        return re.compile(pattern)
    except re.error:
        return regex.compile(pattern)


def _at(path, member) -> str:
    return f"{path}.{member}" if path else member


def _typed(path, value, expected) -> str:
    return f"'{path}': found {_shown(value)}, expected {expected}"


def _constraint(path, value, rule) -> str:
    return f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {rule}"


def _shown(value) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else f"{text[:120]}… ({len(text)} characters)"
