"""What validation says: findings, and the forms in which they are shown."""

from infra_kit.inventory.findings.finding import Finding, Severity

__all__ = ["Finding", "Severity"]
