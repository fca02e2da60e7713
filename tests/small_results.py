"""A results folder small enough to check by hand, as the tests of the page read it."""

import base64
import gzip
import json
import re

import numpy as np

from bench.store.folder import QUERIES, Store
from bench.store.query_values import QueryValues, write_query_values
from bench.system.files import sha256_of
from tests.cells import cell, point, xrayed

QUERIES_ASKED = np.array([3, 5, 7, 9])
NEAR, FAR = (1, 1, 0.5, 0), (0.5, 1, 0, 0.25)
"""Of the four queries at at most 10 % visited: near wins twice, far once, and one is a tie."""
PROVENANCE = {
    "git": "0123456789abcdef", "dirty": False, "versions": {"torch": "2.13.0"},
    "machine": {"cpu": "A processor"}, "threads": 2, "date": "2026-01-02T03:04:05+00:00",
}  # fmt: skip


def small_results(root):
    """near and far (counts for itself) of two seeds, near dim=4, exact, and a cell that failed."""
    store = Store(root)
    store.prepare()
    near = [point(0.02, 0.5), xrayed(0.09, 0.6), point(1, 0.9)]
    far = [point(0.04, 0.3, self_reported=True), point(0.1, 0.4, self_reported=True)]
    cells = [
        (cell("near", key="a", points=near, provenance=PROVENANCE), NEAR),
        (cell("near", key="b", seed=1, points=near, provenance=PROVENANCE), NEAR),
        (cell("near", key="c", points=near[:2], params={"dim": 4}, changed={"dim": 4}), None),
        (cell("far", key="d", points=far), FAR),
        (cell("far", key="g", seed=1, points=far), FAR),
        (cell("exact", key="e", points=[point(1, 0.97)]), None),
        (cell("broken", key="f", status="failed", reason="</script> is no reason"), None),
    ]
    for each, values in cells:
        with store.staging(each.key) as folder:
            if values is not None:
                kept = QueryValues(QUERIES_ASKED, {1: {"recall": np.array(values)}})
                write_query_values(folder / QUERIES, kept)
                sha256 = sha256_of(folder / QUERIES)
                each = each.model_copy(update={"queries_sha256": sha256, "n_queries": 4})  # noqa: PLW2901
            store.commit(each, folder)
    return store


def data_of_page(page):
    """What is packed into the text of a page."""
    (packed,) = re.findall(r'<script id="data" type="application/gzip">(.*?)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(packed)))
