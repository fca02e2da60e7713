"""Studies of the project's own claims: ablations, EHI, geometry, LIMIT, rivals, speed.

Nothing imports them. They may import ``bench`` and ``methods``; ``python -m bench`` has their
commands if this folder is beside ``bench``.
"""
