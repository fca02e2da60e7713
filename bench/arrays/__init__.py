"""Texts, vectors, relevance and ancestors by the million, as flat arrays.

In: sequences and edges. Out: arrays with offsets, which are sliced and saved without a loop over
rows. It may import ``errors`` and ``types``.
"""
