"""What the lab's hosts install from, in place of the internet: a Debian package mirror and an image registry."""
