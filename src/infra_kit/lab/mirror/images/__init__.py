"""Images without a registry, a Docker daemon or root in a container: layers are directories, packed once."""
