"""What the server writes in another form than it was sent is no difference; what it cannot take is refused in its own words."""

from __future__ import annotations

from conformance_bench import case


@case("defaulted")
def test_defaults_and_other_ways_to_write_a_value_are_no_difference(bench):
    bench.converge("defaulted")
    cpu = bench.get("Deployment", "web")["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
    assert cpu == "1", "the server does write it in another form"
    generation = bench.get("Deployment", "web")["metadata"]["generation"]
    assert {kind for kind, _ in bench.apply().values()} == {"none"}
    assert bench.get("Deployment", "web")["metadata"]["generation"] == generation


@case("settings_large")
def test_a_large_config_map(bench):
    bench.converge("settings_large")
    assert sum(len(text) for text in bench.settings().values()) == 900_000


@case("settings_unicode")
def test_text_in_any_script(bench):
    bench.converge("settings_unicode")
    assert bench.settings() == {"text": 'Ünïcödé 漢字 🚀\n\ttab "quotes" \\ \u2028 \ufeff \x1b[0m #: - {}', "empty": ""}


@case("settings_control")
def test_control_characters_arrive_or_are_refused_at_plan_time(bench, engine):
    """Pulumi's provider writes them as they are, and the API server reads an apply as YAML, which has none."""
    if engine == "server-side":
        bench.converge("settings_control")
        assert bench.settings() == {"text": "\x7f \x85"}
        return
    bench.use("settings_control")
    entry = bench.plan()[f"ConfigMap/{bench.namespace}/settings"]
    assert entry.diff.action == "unknown"
    assert "data.text holds the character U+007F, which Pulumi's Kubernetes provider cannot send" in entry.diff.reason
    assert "the engine server-side can" in entry.diff.reason


@case("just_namespace", "misspelt_field")
def test_a_field_that_does_not_exist_is_refused_at_plan_time(bench):
    bench.converge("just_namespace")
    bench.use("misspelt_field")
    entry = bench.plan()[f"Deployment/{bench.namespace}/web"]
    assert entry.diff.action == "unknown"
    assert 'unknown field "spec.replica"' in entry.diff.reason or ".spec.replica: field not declared in schema" in entry.diff.reason


@case("just_namespace", "bad_value")
def test_a_value_that_is_out_of_range_is_refused_at_plan_time(bench):
    bench.converge("just_namespace")
    bench.use("bad_value")
    entry = bench.plan()[f"Service/{bench.namespace}/web"]
    assert entry.diff.action == "unknown"
    assert "must be between 1 and 65535" in entry.diff.reason


@case("definition_and_resource", "blue_resource")
def test_a_value_that_a_definition_does_not_take_is_refused_at_plan_time(bench):
    bench.converge("definition_and_resource")
    bench.on_clear(
        lambda: bench.hand.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"widgets.{bench.namespace}.example.org")
    )
    bench.use("blue_resource")
    (entry,) = [entry for name, entry in bench.plan().items() if name.startswith("Widget")]
    assert entry.diff.action == "unknown"
    assert 'Unsupported value: "blue"' in entry.diff.reason


@case("basic")
def test_an_object_whose_namespace_the_plan_makes_says_what_could_not_be_checked(bench):
    bench.use("basic")
    reason = bench.plan()[f"ConfigMap/{bench.namespace}/settings"].diff.reason
    assert f"namespace {bench.namespace} does not exist yet" in reason


@case("misspelt_field")
def test_what_does_not_depend_on_a_refused_object_is_done(bench):
    bench.use("misspelt_field")
    report = bench.run()
    outcomes = bench._outcomes(report)
    assert outcomes[f"Namespace/{bench.namespace}"][0] == "done"
    assert outcomes[f"Deployment/{bench.namespace}/web"][0] == "failed"
    assert report.exit_code == 5
