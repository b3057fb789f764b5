"""The real programs of the lab: found on this machine, else downloaded with a pinned checksum, else built with Go."""
