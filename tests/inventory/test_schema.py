from __future__ import annotations

import jsonschema
import pytest
import yaml

from infra_kit.inventory.models.site import Site
from infra_kit.inventory.schema import site_schema


@pytest.fixture(scope="module")
def schema():
    return site_schema()


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_reference_sites_match_file_by_file(schema, reference_site):
    validator = jsonschema.Draft202012Validator(schema)
    for path in reference_site.glob("*.yaml"):
        if path.name != "workload.yaml":
            document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
            assert [error.message for error in validator.iter_errors(document)] == [], path.name


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"sites": {}}, "Additional properties"),
        ({"site": {"name": "Upper"}}, "does not match"),
        ({"credentials": [{"name": "bmc"}]}, "'user' is a required property"),
        ({"networks": {"name": "x"}}, "is not of type 'array'"),
    ],
)
def test_it_refuses_what_loading_refuses(schema, document, words):
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    assert any(words in error for error in errors), errors


def test_fields_and_nouns_are_described(schema):
    assert "Directory quota" in schema["$defs"]["Quota"]["description"] or "directory quota" in schema["$defs"]["Quota"]["description"]
    assert schema["$defs"]["Bond"]["properties"]["lag"]["description"] == "The port-channel number on both switches of the pair."
    assert "only through the endpoints overlay" in schema["$defs"]["SiteIdentity"]["properties"]["access"]["description"]


def test_describing_leaves_the_nouns_alone(schema):
    assert schema
    assert all(field.description is None for field in Site.model_fields.values())


def test_nouns_of_one_name_are_both_described(schema):
    exports = {name: each for name, each in schema["$defs"].items() if name.endswith("NfsExport")}
    assert len(exports) == 2
    assert {each["description"] for each in exports.values()} == {
        "An NFS export of a zone.",
        "An NFS export that volumes are directories of.",
    }
