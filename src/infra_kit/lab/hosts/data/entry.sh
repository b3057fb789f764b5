#!/bin/sh
# What a host's container runs first, before its systemd: a control group tree and a view of the kernel of its own.
here=$(dirname "$0")

# Control groups of version 1: podman shows the machine's own systemd tree, which all hosts would share; the container's is beneath it.
if [ -e /sys/fs/cgroup/systemd ]; then
    umount /sys/fs/cgroup/systemd/release_agent 2>/dev/null
    umount /sys/fs/cgroup/systemd 2>/dev/null
fi
for place in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts); do
    mount -o remount,rw,bind "$place"
done
mount --make-rshared /

# The kernel is the machine's: nothing of it may be set but what belongs to the host's own network namespace. What the kubelet
# insists on setting is a file of that value.
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
mkdir -p /run/lab/sysctl
while read -r name value; do
    file=/run/lab/sysctl/$(echo "$name" | tr / _)
    echo "$value" > "$file"
    mount --bind "$file" "/proc/sys/$name"
done < "$here/sysctl"
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,rw,bind /proc/sys/net

# The processors and the memory that the inventory says.
if [ -d "$here/capacity" ]; then
    for name in meminfo cpuinfo; do
        mount --bind "$here/capacity/$name" "/proc/$name"
    done
    for name in cpu node; do
        if [ -d "/sys/devices/system/$name" ]; then
            mount --bind "$here/capacity/$name" "/sys/devices/system/$name"
        fi
    done
fi
# NFS, as far as a lab has it.
for program in /usr/sbin/mount.nfs /usr/sbin/mount.nfs4; do
    if [ -e "$program" ]; then
        mount --bind "$here/mount.nfs" "$program"
    fi
done
# How systemd, and by its word Ansible, knows that the kernel is not the host's own; podman does not say it of a --rootfs.
export container=podman
exec /sbin/init
