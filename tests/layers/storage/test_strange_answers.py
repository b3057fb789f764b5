"""Whatever the array answers, the layer ends in an observation or one of our errors."""

import array_bench
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import DeviceError
from infra_kit.layers.storage import transport
from infra_kit.layers.storage.client import PapiReader
from infra_kit.layers.storage.exchange import Answer
from infra_kit.layers.storage.layer import LAYER
from infra_kit.plan.connections import Connections
from infra_kit.plan.reading import read_one
from infra_kit.plan.resource import Diff, Observed, ReadContext, Unknown

LISTS = ["zones", "groupnets", "subnets", "pools", "groups", "users", "proxyusers", "quotas", "exports", "schedules", "nodepools", "nodes"]
KEYS = ["settings", "name", "id", "path", "paths", "thresholds", "hardware", "product", "release", "gid", "uid", "member_of", "members"]
MORE = [
    "ranges",
    "ifaces",
    "clients",
    "map_root",
    "groupnet",
    "subnet",
    "resume",
    "errors",
    "message",
    "lnns",
    "protection_policy",
    "licenses",
]
WORDS = [*LISTS, *KEYS, *MORE, "global_settings"]
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "cdp", "hdfs", "GID:x", "v9.5.0.0", "H5600-4U", "/ifs/data/cdp"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6), max_leaves=20
)
LISTINGS = st.builds(
    lambda items: dict.fromkeys(LISTS, items), st.lists(st.dictionaries(st.sampled_from(WORDS), JSON, max_size=8), max_size=3)
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strange")
    site = array_bench.make_site(folder)
    stand = array_bench.Bench(folder, site)
    (folder / "array-password").write_text("x\n")
    stand.port = 1
    stand.write_overlay()
    return site, stand.overlay


@pytest.mark.parametrize("identified", [True, False])
@settings(max_examples=60, deadline=None)
@given(body=JSON | LISTINGS, status=st.sampled_from([200, 200, 200, 204, 400, 403, 404, 409]))
def test_random_answers_end_in_observations_or_errors_of_ours(site, identified, body, status):
    inventory, overlay = site

    def exchange(self, request, **_):
        return Answer("array01", f"{request.method} {request.path}", status, body, {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport.Transport, "exchange", exchange)
        if identified:
            patch.setattr("infra_kit.layers.storage.reading.identify", lambda *_: None)
        with Connections(Access(inventory, overlay), read_only=True) as connections:
            for each in LAYER.resources(inventory):
                found = read_one(each, ReadContext(inventory, connections))
                assert isinstance(found, Observed | Unknown)
                if isinstance(found, Observed):
                    assert found.digest
                    assert isinstance(each.diff(found), Diff)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>", "not JSON"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b"\xff\xfe", "not JSON"),
        (500, b"<html>oops</html>", "HTTP status 500"),
        (404, b"<html>", "without a proper list"),
        (400, b'{"errors": [{"code": "AEC_BAD_REQUEST"}, {"message": "no", "field": "x"}, 7]}', "AEC_BAD_REQUEST; no (field x)"),
    ],
)
def test_bytes_that_are_no_answer(site, status, body, words, monkeypatch):
    import httpx

    inventory, overlay = site
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    with Connections(Access(inventory, overlay), read_only=True) as connections:
        client = connections.client("array01", "papi", PapiReader, lambda endpoint: PapiReader(endpoint, "9.5"))
        answering = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
        client._transport._http = httpx.Client(transport=answering, base_url="https://array")
        with pytest.raises(DeviceError) as caught:
            client.listing("/platform/3/zones", "zones")
    assert words in str(caught.value)
