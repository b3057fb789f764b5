#!/bin/sh
# Makes what mmdebstrap installed a root file system that any number of hosts begin with. $1: its root. Lists come by the environment.
set -eu
root=$1
# What belongs to one host alone is made with the host.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
: > "$root/etc/resolv.conf"
: > "$root/etc/fstab"
# Hosts have no way to where this machine gets its packages: mirrors are the roles' to say.
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/auth.conf* "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/var/lib/apt/lists/*
: > "$root/etc/apt/sources.list"
mkdir -p "$root/etc/ssh/sshd_config.d"
echo 'HostKey /etc/ssh/ssh_host_ed25519_key' > "$root/etc/ssh/sshd_config.d/lab.conf"
for unit in $MASKED; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
for unit in $DISABLED; do
    systemctl --root "$root" --quiet disable "$unit" 2>/dev/null || true
done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
