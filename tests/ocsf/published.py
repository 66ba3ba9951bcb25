"""OCSF as it was published, and what an event lacks of it.

The schema is the export of schema.ocsf.io that the package ocsf-json-schema holds; the package makes a JSON Schema of a class,
and jsonschema validates with it. What a JSON Schema does not say (captions, the sum in type_uid) is asked of the export itself.
"""

import functools

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.8.0"
PROFILES = ["datetime"]


@functools.cache
def exported():
    return get_ocsf_schema(version=VERSION)


@functools.cache
def classes():
    return {definition["uid"]: definition for definition in exported()["classes"].values()}


@functools.cache
def validator(class_uid):
    schema = OcsfJsonSchemaEmbedded(exported()).get_class_schema(classes()[class_uid]["name"], profiles=PROFILES)
    return jsonschema.Draft202012Validator(schema)


def faults(event):
    """Every way in which an event, as JSON has it, is not OCSF; empty where it is."""
    class_uid = event.get("class_uid")
    if class_uid not in classes():
        return [f"class_uid: {class_uid} is no class of OCSF {VERSION}"]
    found = [f"{error.json_path}: {error.message[:200]}" for error in validator(class_uid).iter_errors(event)]
    if event.get("type_uid") != class_uid * 100 + event.get("activity_id", 0):
        found.append(f"type_uid: {event.get('type_uid')} is not {class_uid} * 100 + {event.get('activity_id')}")
    metadata = event.get("metadata", {})
    if (metadata.get("version"), metadata.get("profiles")) != (VERSION, PROFILES):
        found.append(f"metadata: {metadata.get('version')}, {metadata.get('profiles')}")
    attributes = classes()[class_uid]["attributes"]
    found += [f"{name}: deprecated" for name in event if "@deprecated" in attributes.get(name, {})]
    return found + captions("", attributes, event) + [fault for at, each in enumerate(event.get("observables", [])) for fault in observable(at, each, event)]


def captions(path, attributes, value):
    """Where the word beside an id is not the word of that id, through every object."""
    found = []
    for name, given in value.items():
        attribute = attributes.get(name, {})
        if "enum" in attribute and attribute.get("sibling") and str(given) in attribute["enum"]:
            word = value.get(attribute["sibling"])
            caption = attribute["enum"][str(given)]["caption"]
            # 99 stands for what the source alone says, so its word is the source's and must be there.
            right = word not in (None, "", caption) if given == 99 and name != "type_uid" else word in (None, caption)
            found += [] if right else [f"{path}{attribute['sibling']}: {word!r} is not what {name} {given} is called"]
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, dict) and attribute.get("object_type") in exported()["objects"]:
                found += captions(f"{path}{name}.", exported()["objects"][attribute["object_type"]]["attributes"], each)
    return found


def observable(at, given, event):
    """An observable names an attribute of its event, and has its value."""
    values = [event]
    for name in given["name"].replace("[]", "").split("."):
        values = [below.get(name) for value in values for below in (value if isinstance(value, list) else [value]) if isinstance(below, dict)]
    return [] if given["value"] in values else [f"observables[{at}]: {given['value']!r} is not at {given['name']}"]


def as_json(value):
    """A value of an engine as JSON has it: times in RFC 3339, and what is null or empty left out."""
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, dict):
        kept = {key: as_json(below) for key, below in value.items()}
        return {key: below for key, below in kept.items() if below is not None} or None
    return [as_json(each) for each in value] if isinstance(value, list) else value
