"""A stack's program, from its file to its objects: found, run in a child process, recorded, put together, written as YAML."""
