"""The forms that a hierarchy of one's own may have: a module for each, all of which return Nodes.

In: a file, or a graph of NetworkX. Out: :class:`~bench.data.readers.hierarchies.nodes.Nodes`, with
the line of each link. It may import ``arrays``.
"""
