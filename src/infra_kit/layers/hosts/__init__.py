"""The hosts layer: a machine with a fresh operating system becomes a prepared host and a Kubernetes node, by Ansible roles."""
