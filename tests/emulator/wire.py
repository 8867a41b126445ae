"""Requests as the models know them: the operation, and its members, read from any protocol that the SDKs speak.

Members keep the names of the model. What the model does not know stays in, under the name that it had on the wire.
"""

import base64
import datetime
import json
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from . import cbor, models


_COPIES = ("CopyObject", "UploadPartCopy")


class Unreadable(ValueError):
    """A request that is not in its protocol."""


def read(service: str, method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple | None:
    """Operation and members, or None for what no model describes, as the API of a search domain itself."""
    target = headers.get("x-amz-target", "")
    try:
        if "." in target:
            return _named(service, target.rsplit(".", 1)[1], lambda shape: _json(shape, json.loads(body or b"{}")))
        if "/operation/" in path:  # Smithy RPC
            return _named(service, path.rsplit("/operation/", 1)[1], lambda shape: _json(shape, cbor.loads(body or b"\xa0")))
        protocol = models.protocols(service)[0]
        if protocol in ("query", "ec2") or ("query" in models.protocols(service) and "form" in headers.get("content-type", "")):
            return _form_call(service, body, query)
        return _rest(service, protocol, method, path, headers, body, query)
    except (ValueError, ElementTree.ParseError) as problem:
        raise Unreadable(f"{service}: {problem}") from None


def _named(service, name, members):
    known = models.operation(service, name)
    if known is None:
        raise Unreadable(f"no operation {name}")
    return name, (members(known.input_shape) if known.input_shape else {})


def _form_call(service, body, query):
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True)) or {name: _first(value) for name, value in query.items()}
    name = fields.pop("Action", None)
    fields.pop("Version", None)
    tree = {}
    for key, value in fields.items():
        node = tree
        *stems, leaf = key.split(".")
        for stem in stems:
            node = node.setdefault(stem, {})
            if not isinstance(node, dict):
                raise Unreadable(f"{key} and what is before its dot")
        node[leaf] = value
    return _named(service, name, lambda shape: _form(shape, tree))


def _rest(service, protocol, method, path, headers, body, query):
    found = _route(service, method, path, headers, query)
    if found is None:
        return None
    name, labels = found
    shape = models.operation(service, name).input_shape
    if shape is None:
        return name, {}
    members, rest = {}, {}
    payload = shape.serialization.get("payload")
    for member, its in shape.members.items():
        place, wire_name = its.serialization.get("location"), its.serialization.get("name", member)
        if place == "uri":
            value = labels.get(wire_name)
        elif place == "querystring":
            value = _of_query(its, query, wire_name)
        elif place == "header":
            value = headers.get(wire_name.lower())
            if value is not None and its.type_name == "list":
                value = [item.strip() for item in value.split(",")]
        elif place == "headers":
            start = wire_name.lower()
            value = {key[len(start):]: text for key, text in headers.items() if key.startswith(start)} or None
        elif member == payload:
            value = _payload(protocol, its, body)
        else:
            rest[wire_name] = (member, its)
            continue
        if value is not None:
            members[member] = value if place is None else _text(its, value)
    if payload is None and rest and body:
        members.update(_payload(protocol, shape, body))
    return name, members


def _route(service, method, path, headers, query):
    asked = _first(query.get("x-id"))
    for _, verb, pattern, labels, needed, name in models.routes(service):
        matched = pattern.fullmatch(path) if verb == method else None
        if not matched or not all(key in query and value in ("", _first(query[key])) for key, value in needed.items()):
            continue
        # The two writes of an object differ by a header only.
        if asked in (None, name) and (name in _COPIES) == ("x-amz-copy-source" in headers):
            return name, dict(zip(labels, matched.groups(), strict=True))
    return None


def _of_query(shape, query, name):
    if shape.type_name == "list":
        return query.get(name)
    return _first(query.get(name))


def _payload(protocol, shape, body):
    if shape.type_name == "blob":
        return body
    if shape.type_name == "string":
        return body.decode()
    if not body:
        return None
    if "xml" in protocol:
        return _xml(shape, ElementTree.fromstring(body))
    return _json(shape, json.loads(body))


def _json(shape, value):
    """JSON, and CBOR, which has the same form."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        names = _wire_names(shape)
        return {
            names.get(key, key): _json(shape.members[names[key]], item) if key in names else item
            for key, item in value.items()
            if item is not None
        }
    if kind == "list" and isinstance(value, list):
        return [_json(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _json(shape.value, item) for key, item in value.items()}
    if kind in ("blob", "timestamp") and isinstance(value, str):
        return _text(shape, value)
    return value


def _form(shape, node):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(node, dict):
            return {} if node == "" else node
        found = {}
        left = dict(node)
        for member, its in shape.members.items():
            name = its.serialization.get("name", member)
            if its.type_name == "list" and its.serialization.get("flattened"):
                name = its.member.serialization.get("name", name)
            if name in left:
                found[member] = _form(its, left.pop(name))
        return {**found, **left}
    if kind == "list":
        items = node
        if isinstance(node, dict) and not shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name", "member")
            if set(node) != {name}:
                return node
            items = node[name]
        return [_form(shape.member, item) for item in _counted(items)]
    if kind == "map":
        entries = node if shape.serialization.get("flattened") or not isinstance(node, dict) else node.get("entry", node)
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {entry.get(key): _form(shape.value, entry.get(value)) for entry in _counted(entries)}
    return _text(shape, node)


def _counted(items):
    # An empty list is an empty text.
    if items == "":
        return []
    if not isinstance(items, dict) or not all(number.isdigit() for number in items):
        raise Unreadable(f"{items!r} where a list is expected")
    return [items[number] for number in sorted(items, key=int)]


def _xml(shape, element):
    kind = shape.type_name
    if kind == "structure":
        return _xml_structure(shape, element)
    if kind == "list":
        return [_xml(shape.member, child) for child in element]
    if kind == "map":
        pairs = [list(entry) for entry in element]
        return {pair[0].text: _xml(shape.value, pair[1]) for pair in pairs if len(pair) == 2}
    return _text(shape, element.text or "")


def _xml_structure(shape, element):
    names = {}
    for member, its in shape.members.items():
        names[its.serialization.get("name", member)] = (member, its)
    found = {}
    for child in element:
        tag = child.tag.rsplit("}", 1)[-1]
        member, its = names.get(tag, (tag, None))
        if its is None:
            found[tag] = child.text
        elif its.type_name == "list" and its.serialization.get("flattened"):
            found.setdefault(member, []).append(_xml(its.member, child))
        else:
            found[member] = _xml(its, child)
    for member, its in shape.members.items():
        if its.serialization.get("xmlAttribute"):
            name = its.serialization["name"].rsplit(":", 1)[-1]
            value = next((text for key, text in element.attrib.items() if key.rsplit("}", 1)[-1] == name), None)
            if value is not None:
                found[member] = value
    return found


def _text(shape, text):
    """A value that came as text. What is no value of its type stays text, and is found out by its type."""
    kind = shape.type_name
    if kind == "list" and isinstance(text, list):
        return [_text(shape.member, item) for item in text]
    if not isinstance(text, str):
        return text
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}.get(text, text)
        if kind == "timestamp":
            return _instant(text)
        if kind == "blob":
            return base64.b64decode(text)
    except ValueError:
        return text
    return text


def _instant(text):
    if text.endswith("GMT"):
        return datetime.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)
    return datetime.datetime.fromisoformat(text)


def _wire_names(shape):
    names = shape.__dict__.get("_wire_names")
    if names is None:
        names = {its.serialization.get("name", member): member for member, its in shape.members.items()}
        shape.__dict__["_wire_names"] = names
    return names


def _first(value):
    return value[0] if isinstance(value, list) and value else value or None
