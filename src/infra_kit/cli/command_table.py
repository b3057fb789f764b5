"""Every command: where it is, and what the overview says of it, so that the overview imports none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One command."""

    module: str
    attribute: str
    summary: str
    """The first line of the function's docstring; a test keeps the two equal."""


COMMANDS: dict[str, Entry] = {
    "init": Entry("init", "init", "Write a complete, valid, explicit site to edit."),
    "validate": Entry("validate", "validate", "Check sites and show every finding with its place."),
    "rules": Entry("rules", "rules", "List every rule that validation knows."),
    "schema": Entry("schema", "schema", "Print the JSON Schema of a site's files, for editors."),
    "render": Entry("render", "render", "Write everything that the devices would get, as files."),
    "plan": Entry("plan", "plan", "Read every device and show what would change."),
    "apply": Entry("apply", "apply", "Change the devices to what the inventory says."),
    "drift": Entry("drift", "drift", "Show where devices differ from the inventory; changes nothing."),
    "destroy": Entry("destroy", "destroy", "Remove what infra-kit created."),
    "history": Entry("history", "history", "List the runs of a site, or the steps of one."),
    "status": Entry("status", "status", "Say what a site's last run left, and who holds its lock."),
    "workspace": Entry("workspace", "app", "Make, suspend, resume, restore and remove workspaces."),
    "discover": Entry("discover", "discover", "Find servers by their BMCs and write them as inventory."),
    "import": Entry("import_", "import_", "Adopt an existing switch into the inventory."),
    "lab": Entry("lab", "app", "Give every device of a site a stand-in on this machine."),
    "doctor": Entry("doctor", "doctor", "Say what is installed, what is missing, and how to get it."),
}
