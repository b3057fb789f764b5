#!/bin/sh
# etcd-restore.sh BACKUP: this master becomes a cluster of one, with what the backup holds. What was there is kept in /var/lib/etcd.before-TIME.
set -eu
umask 077
backup=$1
manifests=/etc/kubernetes/manifests
export KUBECONFIG=/etc/kubernetes/admin.conf

[ -d "$manifests.stopped" ] || { mkdir "$manifests.stopped" && mv "$manifests"/*.yaml "$manifests.stopped/"; }
# The kubelet ends the pods of manifests that are gone.
for _ in $(seq 120); do
    ctr --namespace k8s.io task list | awk 'NR > 1 {print $1}' | while read -r each; do
        ctr --namespace k8s.io container info "$each" | grep -qE '"io.kubernetes.container.name": "(etcd|kube-apiserver)"' && echo "$each"
    done | grep -q . || break
    sleep 1
done

etcd=$manifests.stopped/etcd.yaml
image=$(sed -n 's/^ *image: //p' "$etcd")
name=$(sed -n 's/^ *- --name=//p' "$etcd")
peer=$(sed -n 's/^ *- --initial-advertise-peer-urls=//p' "$etcd")
[ ! -e /var/lib/etcd/member ] || { mkdir -p "/var/lib/etcd.before-$(date -u +%Y%m%dT%H%M%SZ)" && mv /var/lib/etcd/* "$(ls -d /var/lib/etcd.before-* | tail -n 1)/"; }
# The revision goes up, so that nobody who still watches takes old objects for new ones.
programs=$(mktemp -d)
trap 'ctr --namespace k8s.io images unmount --rm "$programs" > /dev/null 2>&1; rmdir "$programs"' EXIT
ctr --namespace k8s.io images mount "$image" "$programs" > /dev/null
"$programs/usr/local/bin/etcdutl" snapshot restore "$backup/etcd.db" --data-dir /var/lib/etcd/restored --name "$name" \
    --initial-cluster "$name=$peer" --initial-advertise-peer-urls "$peer" --bump-revision 1000000000 --mark-compacted
mv /var/lib/etcd/restored/* /var/lib/etcd/
rmdir /var/lib/etcd/restored
mv "$manifests.stopped"/*.yaml "$manifests/"
rmdir "$manifests.stopped"

for _ in $(seq 180); do
    kubectl --request-timeout=5s get --raw /readyz > /dev/null 2>&1 && break
    sleep 1
done
kubectl --request-timeout=20s get nodes --selector node-role.kubernetes.io/control-plane --output name | grep -vx "node/$name" |
    xargs -r kubectl --request-timeout=20s delete > /dev/null
echo "restored $backup on $name: revision $(sed 's/.*"revision":\([0-9]*\).*/\1/' "$backup/status.json")"
