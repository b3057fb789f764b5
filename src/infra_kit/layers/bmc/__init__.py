"""Servers through their BMC: BIOS attributes, boot order, power, identity."""
