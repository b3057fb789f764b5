"""The workspaces on the Kubernetes cluster: one stack each."""
