"""Lab hosts that are virtual machines (QEMU): for what a container cannot show, such as kernel settings, modules, disks and reboots."""
