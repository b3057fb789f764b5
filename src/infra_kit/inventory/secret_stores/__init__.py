"""Where secrets are kept outside files and environment: an Ansible vault, HashiCorp Vault."""
