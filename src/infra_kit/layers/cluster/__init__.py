"""What every workspace shares on the Kubernetes cluster: the platform stack."""
