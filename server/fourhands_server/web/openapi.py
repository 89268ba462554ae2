"""The OpenAPI document, made from the same rows as the routes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fourhands_server.web.api import Call
from fourhands_server.web.problem import ProblemBody


def document(calls: list[Call], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 for these calls."""
    shapes = {shape for call in calls for shape in (call.body, call.answer) if shape} | {ProblemBody}
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    reference = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        path = call.path.replace(":path}", "}")
        paths.setdefault(path, {})[call.method.lower()] = _operation(call, reference)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fourhands", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(call: Call, reference: dict[type, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": call.summary}
    if call.answer is not None:
        answer["content"] = {"application/json": {"schema": reference[call.answer]}}
    if call.raw_answer:
        answer["content"] = {"*/*": {}}
    problem = {"application/problem+json": {"schema": reference[ProblemBody]}}
    operation: dict[str, Any] = {
        "operationId": f"{call.method.lower()}_{re.sub(r'[^a-z]+', '_', call.path).strip('_')}",
        "summary": call.summary,
        "parameters": _parameters(call),
        "responses": {
            str(call.status): answer,
            "default": {"description": "A problem", "content": problem},
        },
        "security": [] if call.open else [{"bearer": []}],
    }
    if call.body is not None:
        content = {"application/json": {"schema": reference[call.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    if call.raw_body:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation


def _parameters(call: Call) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)", call.path)
    ]
    in_query = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in call.query
    ]
    return in_path + in_query
