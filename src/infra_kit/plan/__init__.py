"""The plan over all layers: resources, changes, the graph, plan files, execution, journal, lock.

Knows no layer; layers implement its `Resource` and `Layer` protocols.
"""
