"""A complete, valid, explicit site from a few counts: nouns first, then readable text from templates."""
