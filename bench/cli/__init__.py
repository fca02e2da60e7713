"""The commands: text to typed values, and one call each.

In: the text that was typed. Out: an exit code. It may import ``advise``, ``experiment``,
``verify``, ``check``, ``executors``, ``report``, ``plan``, ``registry``, ``data``, ``store``,
``measures`` and ``system``; it loads the commands of the studies if they are there.
"""
