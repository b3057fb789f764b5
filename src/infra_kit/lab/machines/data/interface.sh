# Gives a network card its name, MAC and address, now and after a reboot. CARD, INTERFACE, MAC, ADDRESS (with its prefix), GATEWAY (or empty), MTU
set -e
ip link set "$CARD" down
ip link set "$CARD" address "$MAC"
ip link set "$CARD" name "$INTERFACE"
mkdir -p /etc/systemd/network
cat > "/etc/systemd/network/10-$INTERFACE.link" <<END
[Match]
MACAddress=$MAC
Type=ether

[Link]
Name=$INTERFACE
MTUBytes=$MTU
END
cat > "/etc/systemd/network/50-$INTERFACE.network" <<END
[Match]
Name=$INTERFACE

[Network]
Address=$ADDRESS
${GATEWAY:+Gateway=$GATEWAY}
END
ip link set "$INTERFACE" mtu "$MTU"
