"""The rules' figures against the stacks' own: what a rule lets pass, the workspaces' program does not refuse."""

from __future__ import annotations

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.workspaces import Application, Workspace, WorkspaceQuota
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.needs import LARGEST_BYTES, LARGEST_MILLICORES, SERVICES_BYTES, SERVICES_MILLICORES, needs
from infra_kit.stacks.workspaces.division import Division
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.services import table


def test_the_constants_cover_the_table_of_services():
    rows = [(row.replicas, millicores(row.cpu), in_bytes(row.memory)) for row in table().services]
    hint = "the table in stacks/workspaces/data/services.yaml has grown: raise the constant in inventory/rules/needs.py"
    assert sum(count * cpu for count, cpu, _ in rows) <= SERVICES_MILLICORES, hint
    assert sum(count * memory for count, _, memory in rows) <= SERVICES_BYTES, hint
    assert max(cpu for _, cpu, _ in rows) <= LARGEST_MILLICORES, hint
    assert max(memory for _, _, memory in rows) <= LARGEST_BYTES, hint


def test_what_the_rule_lets_pass_can_be_divided(reference_site):
    site = load_site(reference_site)
    for workspace in site.workspaces:
        needed, divided = needs(workspace), Division(site, workspace, Names(site, workspace)).needed
        assert needed.millicores >= divided.cpu_millicores
        assert needed.memory_bytes >= divided.memory_bytes
        assert needed.gpus == divided.gpus


def test_one_more_of_the_largest_is_counted():
    quota = WorkspaceQuota(cpu="32", memory="256Gi", storage="1Ti")
    none = needs(Workspace(name="small", team="any", quota=quota))
    application = Application(name="review", runtime="python-jupyterlab", command=["serve"], cpu="4", memory="16Gi")
    one = needs(Workspace(name="small", team="any", quota=quota, applications=[application]))
    assert one.millicores - none.millicores == 4000 + 4000 - LARGEST_MILLICORES
    assert one.memory_bytes - none.memory_bytes == 2 * 16 * 2**30 - LARGEST_BYTES
