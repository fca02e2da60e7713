"""Which code a method is: the version that it states, and the hash of what it depends on.

In: a method's class. Out: its version, or the hash of its modules, and the keys of cells and of
fitted states. It may import ``method`` and ``system``.
"""
