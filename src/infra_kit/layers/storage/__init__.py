"""The PowerScale array through its platform API."""
