"""The embedded engine: server-side apply, ApplySets, nothing beside the cluster."""
