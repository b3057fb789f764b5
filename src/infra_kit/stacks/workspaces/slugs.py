"""The names of users' namespaces; the inventory's rules need the same ones, so they are made there."""

from __future__ import annotations

from infra_kit.inventory.slugs import SLUG_LENGTH, hub_name, safe_slug, user_slug

__all__ = ["SLUG_LENGTH", "hub_name", "safe_slug", "user_slug"]
