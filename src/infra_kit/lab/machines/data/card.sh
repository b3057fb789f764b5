# Gives a network card its name and MAC, now and after a reboot, and the address that a fresh installation would have on it.
# CARD, INTERFACE, MAC, ADDRESS (with its prefix, or empty), GATEWAY (or empty), MTU
set -e
ip link set "$CARD" down
ip link set "$CARD" address "$MAC"
ip link set "$CARD" name "$INTERFACE"
# Not in /etc: on a real server it is the firmware that names the cards, and no configuration.
mkdir -p /usr/local/lib/systemd/network /etc/systemd/network
cat > "/usr/local/lib/systemd/network/10-$INTERFACE.link" <<END
[Match]
PermanentMACAddress=$MAC

[Link]
Name=$INTERFACE
END
if [ -n "$ADDRESS" ]; then
    cat > "/etc/systemd/network/50-$INTERFACE.network" <<END
[Match]
Name=$INTERFACE

[Link]
MTUBytes=$MTU

[Network]
Address=$ADDRESS
${GATEWAY:+Gateway=$GATEWAY}
END
    ip link set "$INTERFACE" mtu "$MTU"
fi
