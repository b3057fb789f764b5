"""The workspaces stack: one machine-learning workspace, made of small components."""
