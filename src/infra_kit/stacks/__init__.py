"""Pulumi stacks: their programs, and the two engines that carry them out against a Kubernetes cluster."""
