"""Stand-ins for a site's devices: stateful, strict, on loopback, able to misbehave on demand."""
