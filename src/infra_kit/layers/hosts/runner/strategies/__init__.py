"""Loaded by Ansible, not by infra-kit."""
