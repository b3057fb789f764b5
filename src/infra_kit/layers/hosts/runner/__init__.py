"""Ansible in a process of its own: what it is told, how it is run, what it says."""
