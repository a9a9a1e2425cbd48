"""CDDL (RFC 8610) of the JSON messages, from their JSON Schemas: the same rules, for those whose tools read CDDL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

Schema = Mapping[str, object]


def json_cddl(schemas: Mapping[str, Schema], version: str) -> str:
    """One rule per message; the first admits any of them.

    Args:
        schemas: rule name to JSON Schema (draft 2020-12).
        version: of the contract.

    Raises:
        ValueError: a schema uses what is not known here.
    """
    shared: dict[str, Schema] = {}
    for schema in schemas.values():
        shared |= {_name(key): _mapping(value) for key, value in _mapping(schema.get("$defs", {})).items()}
    lines = [f"; Contract {version}: the JSON messages.", _choice(schemas), "decimal = int / float", ""]
    for name, schema in schemas.items():
        lines += [*_rule(_name(name), schema), ""]
    for name, schema in sorted(shared.items()):
        lines += [*_rule(name, schema), ""]
    return "\n".join(lines)


def _choice(schemas: Mapping[str, Schema]) -> str:
    return f"message = {' / '.join(map(_name, schemas))}"


def _rule(name: str, schema: Schema) -> Iterator[str]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        yield f"{name} = {_type(schema)}"
        return
    required = schema.get("required", [])
    yield f"{name} = {{"
    for key, value in properties.items():
        mark = "" if isinstance(required, list) and key in required else "? "
        yield f'  {mark}"{key}": {_type(_mapping(value))},'
    yield "}"


def _type(schema: Schema) -> str:
    """The CDDL type of a schema."""
    if "$ref" in schema:
        return _name(str(schema["$ref"]).rpartition("/")[2])
    if "anyOf" in schema:
        # What may be null is left out on the wire instead.
        choices = [_type(one) for one in _list(schema["anyOf"]) if one.get("type") != "null"]
        return " / ".join(choices)
    words = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(words, list):
        return " / ".join(json.dumps(word) for word in words)
    match schema.get("type"):
        case "string":
            return _text(schema)
        case "integer":
            return _integer(schema)
        case "number":
            return "decimal"
        case "boolean":
            return "bool"
        case "array":
            return _array(schema)
        case "object":
            return _map(schema)
    raise ValueError(f"no CDDL for {json.dumps(schema)}")


def _text(schema: Schema) -> str:
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return f"tstr .regexp {json.dumps(pattern.removeprefix('^').removesuffix('$'))}"
    return "tstr"


def _integer(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, int) and isinstance(high, int):
        return f"{low}..{high}"
    return "uint" if isinstance(low, int) and low >= 0 else "int"


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in _list(schema['prefixItems']))}]"
    items = _type(_mapping(schema.get("items", {})))
    return f"[* ({items})]" if " / " in items else f"[* {items}]"


def _map(schema: Schema) -> str:
    value = _type(_mapping(schema.get("additionalProperties", {})))
    names = _mapping(schema.get("propertyNames", {}))
    words = names.get("enum")
    if isinstance(words, list):
        return "{ " + ", ".join(f'? "{word}": {value}' for word in words) + " }"
    return f"{{ * tstr => {value} }}"


def _name(text: str) -> str:
    """As CDDL writes names: "StateMessage" becomes "state-message"."""
    out = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in text)
    return out.lstrip("-").replace("_", "-")


def _mapping(value: object) -> Schema:
    if not isinstance(value, Mapping):
        raise TypeError(f"no schema: {value!r:.40}")
    return value


def _list(value: object) -> list[Schema]:
    return [_mapping(one) for one in value] if isinstance(value, list) else []
