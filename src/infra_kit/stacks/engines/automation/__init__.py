"""The engine over the Pulumi program and its Kubernetes provider."""
