"""Switches: OS10 configuration, rendered, compared, pushed, verified."""
