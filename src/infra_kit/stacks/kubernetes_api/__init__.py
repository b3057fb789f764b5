"""Talking to a Kubernetes API server: one thin client, its errors, field ownership, readiness."""
