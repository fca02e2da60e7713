"""From rankings to figures: pure functions of arrays, and the records of their results.

In: ranked ids, relevant pairs, leaves. Out: recall by distance, ranking measures, the share of
visited documents (``visited.py``), the X-ray, intervals. It may import ``arrays``, ``leaves`` and
``system``.
"""
