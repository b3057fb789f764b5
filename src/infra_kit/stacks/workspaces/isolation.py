"""Who may talk to whom: everything is denied in every namespace, both ways, and then opened by name.

The openings among the services, and from the users to them, follow from `callers` and `outside` in `data/services.yaml`: one row yields
both sides. A connection needs both: the caller's egress and the called one's ingress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from infra_kit.stacks.parts import network_policies as policies
from infra_kit.stacks.workspaces.services import Service, services_of, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context

SESSION_PORT = 8888
"""Where a session listens (KubeSpawner's own default)."""
SESSION_PODS = {"component": "singleuser-server"}
"""The label that KubeSpawner gives to sessions, and finds them by."""
KERBEROS_PORT = 88
MAIL_PORT = 25
HTTPS_PORT = 443
MODEL_PODS = {"app.kubernetes.io/component": "model"}
APPLICATION_PODS = {"app.kubernetes.io/component": "application"}
_CLASSES = {"models": MODEL_PODS, "applications": APPLICATION_PODS}
Rule = dict[str, Any]


def ports(tcp: Iterable[int], udp: Iterable[int] = ()) -> list[dict[str, Any]]:
    """The `ports` of a rule."""
    return [{"protocol": "TCP", "port": port} for port in tcp] + [{"protocol": "UDP", "port": port} for port in udp]


def pods_of(caller: str) -> dict[str, str]:
    """Labels of the pods of a caller among the services."""
    return _CLASSES.get(caller) or {"app.kubernetes.io/name": caller}


def data_rules(site: Site) -> list[Rule]:
    """What users' pods may reach beyond the cluster: the data cluster's services on its hosts and on the array, and Kerberos.

    By ports, because the same hosts carry the kubelets, SSH and the API servers.
    """
    cluster = site.cluster
    if cluster is None:
        return []
    subnets = [str(network.subnet) for network in site.networks if network.purpose in {"cluster-data", "storage-front-end"}]
    known = table().data_ports
    wanted = sorted({port for name in cluster.services for port in known.get(name, [])})
    rules: list[Rule] = [{"to": policies.addresses(*subnets), "ports": ports(wanted)}] if subnets and wanted else []
    if cluster.kerberos:
        # The inventory knows the key distribution centres by name, and policies only addresses.
        rules.append({"to": [policies.anywhere_outside(site)], "ports": ports([KERBEROS_PORT], [KERBEROS_PORT])})
    return rules


class Isolation(ComponentResource):
    """Makes the network policies of all the workspace's namespaces."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Isolation", context.names.cluster_wide("isolation"), None, ResourceOptions(parent=parent))
        self._context = context
        self._rows = services_of(context.site, context.workspace)
        self._of_the_services()
        self._of_the_users()
        self.register_outputs({})

    # --- among the services -------------------------------------------------------------------------------------------------------

    def _of_the_services(self) -> None:
        place = self._context.services(self)
        policies.default_deny(place)
        policies.allow_dns(place)
        for row in self._rows:
            sources = [peer for caller in row.callers for peer in self._peers(caller)]
            if row.port and sources:
                policies.allow(place, f"allow-to-{row.name}", pods=pods_of(row.application), from_=sources, tcp=[row.port])
        for caller in self._callers():
            rules = [*self._called_by(caller), *(rule for row in self._rows if row.name == caller for rule in self._outside(row))]
            if rules:
                self._egress(place, f"allow-from-{caller}", pods_of(caller), rules)

    def _callers(self) -> list[str]:
        """Everything among the services that connects to something, each once."""
        return list(dict.fromkeys([*(row.application for row in self._rows), *_CLASSES]))

    def _called_by(self, caller: str) -> list[Rule]:
        return [
            {"to": [policies.pods_here(pods_of(row.application))], "ports": ports([row.port])}
            for row in self._rows
            if caller in self._names(row)
        ]

    def _names(self, row: Service) -> list[str]:
        """The callers of a row with `entrance` replaced by what it stands for."""
        return [self._entrance if caller == "entrance" else caller for caller in row.callers]

    @property
    def _entrance(self) -> str:
        return "saml-proxy" if any(row.name == "saml-proxy" for row in self._rows) else "ingress"

    def _peers(self, caller: str) -> list[policies.Peer]:
        if caller == "entrance":
            return self._peers(self._entrance)
        if caller == "users":
            return [policies.pods_of_namespaces(self._context.names.user_spaces)]
        if caller == "ingress":
            return [policies.pods_in(policies.INGRESS_NAMESPACE)]
        if caller == "monitoring":
            return [policies.pods_in(policies.MONITORING_NAMESPACE)]
        return [policies.pods_here(pods_of(caller))]

    def _outside(self, row: Service) -> list[Rule]:
        context, site = self._context, self._context.site
        elsewhere = policies.anywhere_outside(site)
        ldap = context.kubernetes.identity.ldap
        sessions = policies.pods_of_namespaces(context.names.user_spaces, SESSION_PODS)
        known: Mapping[str, list[Rule]] = {
            "api-server": [{"to": policies.control_plane(site), "ports": ports([policies.API_SERVER_PORT])}],
            "directory": [{"to": [elsewhere], "ports": ports([ldap.port])}] if ldap else [],
            "identity-provider": [{"to": [elsewhere], "ports": ports([HTTPS_PORT])}] if self._identity_by_web() else [],
            "mail": [{"to": [elsewhere], "ports": ports([MAIL_PORT])}],
            "sessions": [{"to": [sessions], "ports": ports([SESSION_PORT])}],
            "object-store": [{"to": [elsewhere]}] if context.workspace.artifacts.kind == "s3" else [],
            "lineage": [{"to": [elsewhere]}] if context.workspace.lineage else [],
        }
        return [rule for name in row.outside for rule in known[name]]

    def _identity_by_web(self) -> bool:
        identity = self._context.kubernetes.identity
        return identity.oidc is not None or identity.saml is not None

    # --- in the users' namespaces -------------------------------------------------------------------------------------------------

    def _of_the_users(self) -> None:
        openings = self._users_egress()
        services = self._context.names.services
        entrances = [policies.pods_in(services, pods_of("hub")), policies.pods_in(services, pods_of("proxy"))]
        for user in self._context.names.users:
            place = self._context.user(user, self)
            policies.default_deny(place)
            self._egress(place, "allow-workloads", {}, openings, within=True)
            policies.allow(place, "allow-to-sessions", pods=SESSION_PODS, from_=entrances, tcp=[SESSION_PORT])

    def _users_egress(self) -> list[Rule]:
        services = self._context.names.services
        rules: list[Rule] = [
            {
                "to": [policies.pods_in(policies.DNS_NAMESPACE, policies.DNS_PODS)],
                "ports": ports([policies.DNS_PORT], [policies.DNS_PORT]),
            }
        ]
        rules += [
            {"to": [policies.pods_in(services, pods_of(row.application))], "ports": ports([row.port])}
            for row in self._rows
            if "users" in row.callers
        ]
        rules += data_rules(self._context.site)
        if self._context.workspace.spark.enabled:  # a driver asks for its executors
            rules.append({"to": policies.control_plane(self._context.site), "ports": ports([policies.API_SERVER_PORT])})
        return rules

    @staticmethod
    def _egress(place: Place, name: str, pods: Mapping[str, str], rules: list[Rule], *, within: bool = False) -> None:
        """One policy with several openings to elsewhere.

        Args:
            place: where.
            name: the policy's.
            pods: whose egress; empty: that of all pods.
            rules: where to.
            within: also open the namespace to itself, both ways: a user's Spark drivers and executors, the ranks of a training.
        """
        selector: dict[str, Any] = {"matchLabels": dict(pods)} if pods else {}
        spec: Any = {"podSelector": selector, "policyTypes": ["Egress"], "egress": list(rules)}
        if within:
            spec["policyTypes"] = ["Ingress", "Egress"]
            spec["ingress"] = [{"from": [policies.pods_here()]}]
            spec["egress"].append({"to": [policies.pods_here()]})
        NetworkPolicy(place.logical(name), metadata=place.metadata(name, "network"), spec=spec, opts=place.options())
