"""`pulumi up` in this folder: the platform of the site that the setting `infra-kit:site` names."""

from infra_kit.stacks.programs.running import run

run("platform")
