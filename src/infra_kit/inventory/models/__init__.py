"""The nouns of the inventory, one file each."""
