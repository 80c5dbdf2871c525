"""OCSF 1.3.0 as JSON Schema: the two classes that are written, and the objects in them.

`ocsf_1_3_0.json` names their attributes, types, captions and constraints, as the published schema has them
(Apache-2.0; taken from its copy in the package `pydantic-ocsf`), without descriptions and profiles.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXCERPT = json.loads(Path(__file__).with_name("ocsf_1_3_0.json").read_text("utf-8"))
_BASES = {
    "boolean_t": {"type": "boolean"},
    "integer_t": {"type": "integer"},
    "long_t": {"type": "integer", "minimum": -(1 << 63), "maximum": (1 << 63) - 1},
    "string_t": {"type": "string", "maxLength": 65535},
    "json_t": {},
}


def class_schema(name: str) -> dict[str, Any]:
    """Schema of a class; its objects stand in `$defs`. What is not listed is refused."""
    described = EXCERPT["classes"][name]
    schema = _object(described)
    schema["properties"]["class_uid"]["const"] = described["uid"]
    schema["properties"]["class_name"]["const"] = described["caption"]
    schema["properties"]["category_uid"]["const"] = described["uid"] // 1000
    schema["properties"]["metadata"] = {
        "allOf": [
            {"$ref": "#/$defs/metadata"},
            {"properties": {"version": {"const": EXCERPT["version"]}}},
        ]
    }
    for activity in described["attributes"]["activity_id"]["enum"]:
        follows = {"properties": {"type_uid": {"const": described["uid"] * 100 + int(activity)}}}
        when = {"properties": {"activity_id": {"const": int(activity)}}}
        schema["allOf"].append({"if": when, "then": follows})
    schema["$defs"] = {each: _object(entry) for each, entry in EXCERPT["objects"].items()}
    return schema


def _object(described: dict[str, Any]) -> dict[str, Any]:
    attributes = described["attributes"]
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: _attribute(entry) for name, entry in attributes.items()},
        "required": [n for n, entry in attributes.items() if entry["requirement"] == "required"],
        "additionalProperties": False,
        "allOf": [
            rule
            for name, entry in attributes.items()
            if (caption := entry.get("sibling", name.removesuffix("_id"))) in attributes
            for rule in _captions(name, caption, entry.get("enum", {}))
        ],
    }
    if one_of := described.get("constraints", {}).get("at_least_one"):
        made["anyOf"] = [{"required": [name]} for name in one_of if name in attributes]
    return made


def _captions(name: str, sibling: str, captions: dict[str, str]) -> list[dict[str, Any]]:
    """Number and caption go together, but for 99, whose text is the source's own."""
    return [
        {
            "if": {"properties": {name: {"const": int(number)}}, "required": [name]},
            "then": {"properties": {sibling: {"const": caption}}},
        }
        for number, caption in captions.items()
        if number != "99"
    ]


def _attribute(entry: dict[str, Any]) -> dict[str, Any]:
    kind = entry["type"]
    if kind == "object":
        made: dict[str, Any] = {"type": "object"}
    elif kind in EXCERPT["objects"]:
        made = {"$ref": f"#/$defs/{kind}"}
    else:
        made = _scalar(kind)
    if "enum" in entry:
        made["enum"] = [int(number) for number in entry["enum"]]
    if entry.get("array"):
        return {"type": "array", "items": made, "minItems": 1}
    return made


def _scalar(kind: str) -> dict[str, Any]:
    if kind in _BASES:
        return dict(_BASES[kind])
    described = EXCERPT["types"][kind]
    made = dict(_BASES[described.get("type", "string_t")])
    if "regex" in described:
        made["pattern"] = described["regex"]
    if "max_len" in described:
        made["maxLength"] = described["max_len"]
    if "range" in described:
        made["minimum"], made["maximum"] = described["range"]
    return made
