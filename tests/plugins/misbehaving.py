"""A method that goes wrong in the way that it is told to."""

import ctypes
import os
import sys
import time

import numpy as np

from bench.method import Method, SearchResult


class Misbehaving(Method):
    name = "misbehaving"
    params = {"how": "not at all"}

    def fit(self, train, *, seed, progress):
        how = self.values["how"]
        if how == "raise":
            raise ValueError("the moon is in the wrong phase")
        if how == "assert":
            assert seed < 0
        if how == "hang":
            time.sleep(600)
        if how == "hang on":  # deaf to being asked to end
            import signal

            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        if how == "huge array":
            np.ones(10**14)
        if how == "huge tensor":
            import torch

            torch.ones(10**14)
        if how == "exit":
            sys.exit(3)
        if how == "exit well":
            sys.exit(0)
        if how == "segfault":
            ctypes.string_at(0)
        if how == "kill":
            os.kill(os.getpid(), 9)
        if how == "leave a child":
            import subprocess

            wait = "import time; time.sleep(600)  # sleep-of-the-test"
            subprocess.Popen([sys.executable, "-c", wait], close_fds=False)
            ctypes.string_at(0)
        if how == "markup":
            raise ValueError("cannot open [/data/x]")
        if how == "print":
            print("noise " * 500_000)
        if how == "write":
            train.relevance.documents[0] = 0

    def index(self, corpus):
        self._size = corpus.size

    def search(self, queries, k, point):
        how = self.values["how"]
        ids = np.tile(np.arange(k), (len(queries.rows), 1))
        scores = -ids.astype(float)
        if how == "twice":
            ids[3, 1] = ids[3, 0]
        if how == "beyond":
            ids[0, 0] = self._size
        if how == "negative":
            ids[0, 0] = -2
        if how == "nan":
            scores[1, 1] = np.nan
        if how == "short":
            ids, scores = ids[:-1], scores[:-1]
        if how == "wide":
            ids = np.tile(np.arange(k + 1), (len(queries.rows), 1))
            scores = -ids.astype(float)
        if how == "float ids":
            ids = ids.astype(float)
        if how == "unequal":
            scores = scores[:, :-1]
        if how == "leaves without a partition":
            return SearchResult(ids, scores, leaves=np.zeros((len(ids), 1), int))
        if how == "visited nan":
            return SearchResult(ids, scores, visited=np.full(len(ids), np.nan))
        if how == "visited nothing":
            return SearchResult(ids, scores, visited=np.zeros(len(ids)))
        if how == "routing negative":
            return SearchResult(ids, scores, routing=-1.0)
        return SearchResult(ids, scores)


class NeedsMore(Misbehaving):
    name = "needs-more"
    requires = ("numpy", "a_package_that_is_not_there")


class Slow(Misbehaving):
    """Counts how often it was fitted in a file beside the results."""

    name = "slow"
    params = {"log": "", "seconds": 1.0, "number": 0}

    def fit(self, train, *, seed, progress):
        with open(self.values["log"], "a") as log:
            log.write(f"{seed}\n")
        time.sleep(self.values["seconds"])

    def search(self, queries, k, point):
        ids = np.tile(np.arange(k), (len(queries.rows), 1))
        return SearchResult(ids, -ids.astype(float))
