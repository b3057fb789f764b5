# Says of data disks whether they turn, now and after a reboot: virtio does not tell. ROTATIONAL: words such as data0=1
set -e
rules=/etc/udev/rules.d/60-lab-disks.rules
: > "$rules"
for each in $ROTATIONAL; do
    echo "SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", ATTR{serial}==\"${each%=*}\", ATTR{queue/rotational}=\"${each#*=}\"" >> "$rules"
done
if [ -s "$rules" ]; then
    udevadm control --reload
    udevadm trigger --settle --subsystem-match=block --action=change
fi
