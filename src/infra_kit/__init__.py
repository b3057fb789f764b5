"""infra-kit: one typed inventory, one plan, from the BMC to the workspace."""

__version__ = "0.1.0"
