"""Cross-object checks, one file a family.

A rule is a generator over (site, index) that yields a Problem for each defect; `@rule(id)` registers it under the family of its module.
The families' numbers:

| ids | family |
|---|---|
| IK00xx | files: reading and YAML (found while loading) |
| IK01xx | form: types, unknown and missing keys (found while loading) |
| IK02xx | literals: secrets written out in the files (found while loading) |
| IK10xx | identity: names, service tags, MAC addresses, references |
| IK11xx | addressing: subnets, ranges, addresses |
| IK12xx | cabling (00-29) and ports (30-49) |
| IK13xx | vlt: pairs and their symmetry |
| IK14xx | lags: port-channels of the switches, and bonds: those of the devices |
| IK15xx | vlans (00-19), gateways (20-29) and mtu (30-39) |
| IK16xx | routing: BGP, static routes |
| IK17xx | bandwidth |
| IK18xx | fabric: what all switches share |
| IK20xx | racks: space and power |
| IK21xx | hardware (00-19), disks (20-29), gpus (30-39), power supplies (40-49), bios (50-59) |
| IK30xx | roles: which servers the reference configurations ask for |
| IK31xx | hdfs |
| IK32xx | storage (00-19), array network (20-39), zones (40-59) |
| IK40xx | kubernetes (00-19), platform (20-29), volumes (30-39), node groups (40-49), identity providers (50-59) |
| IK41xx | workspaces (00-29), users (30-49), jobs (50-69), models (70-89) |
| IK42xx | cluster: the data cluster's services |
| IK43xx | teams |
| IK50xx | secrets: references |
| IK51xx | services: NTP, DNS, trust, Kerberos |
| IK52xx | monitoring |
"""
