"""Real hosts of a lab: systemd containers with a kernel view, a network and a disk of their own, reached by SSH."""
