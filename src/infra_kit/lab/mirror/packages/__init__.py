"""A Debian repository of exactly what the hosts install, with packages made from the lab's own Kubernetes programs."""
