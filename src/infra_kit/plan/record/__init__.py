"""What is on record of a site: its runs and their steps, what infra-kit created, and who holds its locks."""
