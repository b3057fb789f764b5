"""The platform stack: what every workspace and the monitoring share on the cluster."""
