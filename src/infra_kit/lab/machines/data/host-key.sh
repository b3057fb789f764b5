# Takes the SSH host key from its standard input; it is the only one that the machine presents.
set -e
umask 077
cat > /etc/ssh/ssh_host_ed25519_key
umask 022
mkdir -p /etc/ssh/sshd_config.d
echo 'HostKey /etc/ssh/ssh_host_ed25519_key' > /etc/ssh/sshd_config.d/lab.conf
ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key > /etc/ssh/ssh_host_ed25519_key.pub
systemctl restart ssh
