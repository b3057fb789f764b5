import bmc_bench
import pytest
from ruamel.yaml import YAML

from infra_kit.inventory.access import Endpoint
from infra_kit.inventory.errors import SecretError, UsageError
from infra_kit.inventory.secrets import SecretStore
from infra_kit.layers.bmc import discovery


def found(stand):
    return discovery.discover(discovery.site_candidates(stand.site, stand.access()))


def test_what_the_bmcs_say_is_what_is_written(stand):
    result = found(stand)
    assert result.unknown == []
    assert result.servers[3] == {
        "name": "gpu01",
        "model": "R7525",
        "service_tag": "TAG0004",
        "bmc": {"address": "10.9.0.14", "mac": "02:00:00:00:00:04"},
        "nics": [
            {"name": "NIC.Integrated.1-1-1", "mac": "02:01:00:00:00:04", "speed_gbps": 25},
            {"name": "NIC.Integrated.1-2-1", "mac": "02:01:01:00:00:04", "speed_gbps": 25},
        ],
        "processors": {"model": "AMD EPYC 7313P 16-Core Processor", "count": 2, "cores": 16},
        "memory": {"dimms": 8, "dimm_gib": 32},
    }
    assert YAML(typ="safe").load(result.yaml()) == {"servers": result.servers, "unknown": []}
    for name in stand.bmcs:
        assert {verb for verb, _ in stand.requests(name)} == {"GET"}


def test_what_does_not_answer_is_unknown_with_the_reason_and_the_rest_is_found(stand):
    stand.unplug("master01")
    stand.bmcs["master02"].faults.server_errors = 99
    stand.bmcs["worker01"].faults.refuse_logins = 99
    result = found(stand)
    assert [server["name"] for server in result.servers] == ["gpu01"]
    reasons = {entry["name"]: entry["reason"] for entry in result.unknown}
    assert "no answer" in reasons["master01"]
    assert "SYS518" in reasons["master02"]
    assert "refused the login" in reasons["worker01"]
    assert bmc_bench.PASSWORD not in result.yaml()


def test_nothing_is_made_up_where_a_bmc_is_silent(stand, monkeypatch):
    from infra_kit.lab.redfish import hardware

    empty = {"MemoryDeviceType": "DDR4"}
    monkeypatch.setitem(stand.bmcs["worker01"].profile.__dict__, "gpus", None)
    monkeypatch.setattr(hardware, "OK", {})
    reader = Silent(
        {
            "Processors": [{"ProcessorType": "CPU"}, {"ProcessorType": "GPU", "Model": "A30"}],
            "Memory": [empty],
            "EthernetInterfaces": [{"Id": "NIC.1", "MACAddress": None}, {"Id": "NIC.2", "MACAddress": "AA:00:00:00:00:01", "SpeedMbps": 0}],
        }
    )
    described = discovery._described(discovery.Candidate("", "10.0.0.1", lambda: None, 1), reader)
    assert described == {
        "name": "abc1234",
        "model": "R6515",
        "service_tag": "ABC1234",
        "bmc": {"address": "10.0.0.1"},
        "nics": [{"name": "NIC.2", "mac": "aa:00:00:00:00:01"}],
        "gpus": {"model": "A30", "count": 1},
    }


def test_uneven_memory_is_given_as_its_sum(stand):
    described = {}
    discovery._describe_memory(described, Silent({"Memory": [{"CapacityMiB": 32768}, {"CapacityMiB": 65536}]}))
    assert described == {"memory": {"total_gib": 96}}


class Silent:
    """A reader whose BMC says only this."""

    def __init__(self, collections):
        self.collections = collections

    def server(self):
        from infra_kit.layers.bmc.readings import ServerState

        return ServerState("PowerEdge R6515", "ABC1234", "On", ())

    def members(self, path):
        return [] if "Managers" in path else self.collections.get(path.rpartition("/")[2], [])


def test_every_address_of_a_network_is_a_candidate(monkeypatch):
    monkeypatch.setenv("BMC_PASSWORD", "x")
    candidates = discovery.network_candidates("127.9.0.0/29", user="root", password_reference="env:BMC_PASSWORD", ca=None)
    assert [candidate.address for candidate in candidates] == [f"127.9.0.{host}" for host in range(1, 7)]
    endpoint = candidates[0].endpoint()
    assert (endpoint.host, endpoint.port, endpoint.user) == ("127.9.0.1", 443, "root")
    result = discovery.discover(candidates)
    assert result.servers == []
    assert all("no answer from 127.9.0." in entry["reason"] for entry in result.unknown)
    assert len(result.unknown) == 6


def test_a_server_found_in_a_network_is_named_by_its_service_tag(stand):
    secrets = SecretStore(stand.folder)
    endpoint = Endpoint(
        "x",
        "redfish",
        "127.0.0.1",
        stand.ports["worker01"],
        bmc_bench.USER,
        "file:bmc-password",
        ca=stand.authority.certificate_file,
        secrets=secrets,
    )
    result = discovery.discover([discovery.Candidate("", "127.0.0.1", lambda: endpoint, 1)])
    assert result.servers[0]["name"] == "tag0003"


@pytest.mark.parametrize("network", ["10.0.0.0/8", "10.0.0.1/24", "nowhere", "10.0.0.0/33"])
def test_what_is_no_network_to_scan(network):
    with pytest.raises(UsageError):
        discovery.network_candidates(network, user="root", password_reference="env:X", ca=None)


def test_without_the_password_nothing_is_asked(monkeypatch):
    monkeypatch.delenv("BMC_PASSWORD", raising=False)
    with pytest.raises(SecretError, match="BMC_PASSWORD"):
        discovery.network_candidates("127.9.0.0/30", user="root", password_reference="env:BMC_PASSWORD", ca=None)
