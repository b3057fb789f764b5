"""What the components of every stack are made of: labels, images, security, secrets, templates."""
