"""What the benchmarks of the Kubernetes layers share: a lab with nothing but a control plane, and what is put on it."""
