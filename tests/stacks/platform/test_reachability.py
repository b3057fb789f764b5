"""Who reaches whom in the platform's namespaces."""

from __future__ import annotations

import pytest

from .conftest import platform_of
from .reachability import End, reaches


def own(namespace: str, name: str) -> End:
    return End(namespace, {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "platform"})


TRAEFIK, METRICS = own("ingress", "traefik"), own("platform", "metrics-server")
SCHEDULER, ADMISSION = own("platform", "yunikorn-scheduler"), own("platform", "yunikorn-admission")
PLUGIN = own("gpu", "nvidia-device-plugin")
PROMETHEUS = End("monitoring", {"app.kubernetes.io/name": "prometheus"})
SESSION, DNS = End("fraud-user-ada"), End("kube-system", {"k8s-app": "kube-dns"})
CLIENT, API, API_VIRTUAL, KUBELET = (End(address=each) for each in ("192.0.2.7", "10.21.1.11", "10.21.1.200", "10.21.2.11"))

TABLE = [
    # from, to, port, whether
    (CLIENT, TRAEFIK, 8443, True),
    (CLIENT, TRAEFIK, 8000, True),
    (CLIENT, TRAEFIK, 9100, False),
    (PROMETHEUS, TRAEFIK, 9100, True),
    (PROMETHEUS, TRAEFIK, 22, False),
    (TRAEFIK, SESSION, 8888, True),
    (TRAEFIK, API, 6443, True),
    (TRAEFIK, CLIENT, 443, False),
    (TRAEFIK, METRICS, 10250, False),
    (METRICS, KUBELET, 10250, True),
    (METRICS, KUBELET, 22, False),
    (METRICS, API_VIRTUAL, 6443, True),
    (METRICS, CLIENT, 443, False),
    (API, METRICS, 10250, True),
    (KUBELET, METRICS, 10250, False),
    (SESSION, METRICS, 10250, False),
    (SESSION, SCHEDULER, 9080, False),
    (ADMISSION, SCHEDULER, 9080, True),
    (METRICS, SCHEDULER, 9080, False),
    (PROMETHEUS, SCHEDULER, 9080, True),
    (API, ADMISSION, 9089, True),
    (SESSION, ADMISSION, 9089, False),
    (PLUGIN, API, 6443, False),
    (PLUGIN, DNS, 53, False),
    (SESSION, PLUGIN, 80, False),
    (TRAEFIK, DNS, 53, True),
    (SCHEDULER, DNS, 53, True),
]


@pytest.mark.parametrize(("source", "target", "port", "whether"), TABLE)
def test_who_reaches_whom(source: End, target: End, port: int, whether: bool) -> None:
    policies = [item.manifest for item in platform_of("everything").objects if item.key.kind == "NetworkPolicy"]
    assert reaches(policies, source, target, port) is whether
