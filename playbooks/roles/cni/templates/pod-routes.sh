#!/bin/sh
# Compares the routes that the file lists with the kernel's own, by the protocol number that marks ours, and says what differs.
#   pod-routes look    changes nothing
#   pod-routes set     adds what is missing, removes what is not listed
set -eu
protocol=77
wanted=$(sort /etc/kubernetes/infra-kit/pod-routes)
present=$(ip -4 route show proto $protocol | awk '{print $1, $2, $3}' | sort)

echo "$wanted" | while read -r subnet _ hop; do
    [ -n "$subnet" ] || continue
    echo "$present" | grep -qxF "$subnet via $hop" && continue
    echo "+ $subnet via $hop"
    [ "$1" = look ] || ip -4 route replace "$subnet" via "$hop" proto $protocol
done
echo "$present" | while read -r subnet _ hop; do
    [ -n "$subnet" ] || continue
    echo "$wanted" | grep -q "^$subnet " && continue
    echo "- $subnet via $hop"
    [ "$1" = look ] || ip -4 route del "$subnet" via "$hop" proto $protocol
done
