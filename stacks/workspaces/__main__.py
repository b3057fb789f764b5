"""`pulumi up` in this folder: the workspace that the setting `infra-kit:workspace` names, of the site in `infra-kit:site`."""

from infra_kit.stacks.programs.running import run

run("workspaces")
