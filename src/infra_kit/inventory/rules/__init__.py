"""Cross-object checks, one file a family."""
