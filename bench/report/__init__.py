"""From stored cells to boards, charts, the page and the papers' claims.

In: a results folder. Out: LEADERBOARD.md, boards/, figures/, leaderboard.html and
REPRODUCTION.md. It may import ``plan``, ``registry``, ``data``, ``store``, ``versions``,
``measures`` and ``system``.
"""
