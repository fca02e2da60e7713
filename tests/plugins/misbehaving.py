"""A method that goes wrong in the way that it is told to."""

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from bench.method import Method, SearchResult

EAT = "import os, sys, time; b = b'x' * 5 * 10**8; print(os.getpid(), "
EAT += "file=open(sys.argv[1], 'a')); time.sleep(600)"


def feed_a_daemon(log):
    if os.fork() == 0:
        subprocess.Popen([sys.executable, "-c", EAT, log])
        os._exit(0)
    os.wait()
    while not os.path.exists(log):
        time.sleep(0.02)
    time.sleep(0.6)  # until memory is sampled


def start_family(log):
    """A child in another program, a fork, and a grandchild that has left group, session and all.

    Each writes the number of its process to ``log``.
    """
    wait = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'a')); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", wait, log], close_fds=False)
    if os.fork() == 0:
        with open(log, "a") as file:
            print(os.getpid(), file=file)
        time.sleep(600)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve(sys.executable, [sys.executable, "-c", wait, log], {})
        os._exit(0)
    while not os.path.exists(log) or Path(log).read_text().count("\n") < 3:
        time.sleep(0.02)


def start_family_and(then, log):
    start_family(log)
    if then == "crash":
        ctypes.string_at(0)
    if then == "kill itself":
        os.kill(os.getpid(), 9)
    if then == "hang":
        ctypes.PyDLL(None).sleep(600)


def eat_memory():
    eaten = []
    while True:
        eaten.append(np.empty(10**7, np.uint8))  # asked for, not touched


class Misbehaving(Method):
    name = "misbehaving"
    params = {"how": "not at all", "log": ""}

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
        if how == "exit at once":
            os._exit(0)
        if how == "interrupt":
            raise KeyboardInterrupt
        if how == "hang in C":  # no other thread of the process runs
            ctypes.PyDLL(None).sleep(600)
        if how == "never end a thread":
            threading.Thread(target=time.sleep, args=(600,)).start()
        if how == "eat memory":
            eat_memory()
        if how == "feed a child":
            subprocess.run([sys.executable, "-c", EAT, self.values["log"]])
        if how == "feed a daemon":
            feed_a_daemon(self.values["log"])
        if how.startswith("start a family"):
            start_family_and(how.removeprefix("start a family and "), self.values["log"])
        if how == "markup":
            raise ValueError("cannot open [/data/x]")
        if how == "print":
            for _ in range(100):
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
        if how == "visited too much":
            return SearchResult(ids, scores, visited=np.full(len(ids), 1e9))
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


class Held(Slow):
    """Is fitted once a file is there; its name may hold the seed, as ``{seed}``."""

    name = "held"
    params = {"log": "", "until": ""}

    def fit(self, train, *, seed, progress):
        with open(self.values["log"], "a") as log:
            log.write(f"{seed}\n")
        while not os.path.exists(self.values["until"].format(seed=seed)):
            time.sleep(0.05)


class FillsTheDisk(Misbehaving):
    """Takes what room there is for a file, at a moment that it is told."""

    name = "fills-the-disk"
    params = {"file": "", "when": "never"}

    def _now(self, when):
        if when == self.values["when"]:
            with contextlib.suppress(OSError), open(self.values["file"], "wb", 0) as file:
                while True:
                    file.write(bytes(4096))

    def fit(self, train, *, seed, progress):
        pass

    def search(self, queries, k, point):
        self._now("before the run is written")
        ids = np.tile(np.arange(k), (len(queries.rows), 1))
        return SearchResult(ids, -ids.astype(float))

    def index_bytes(self):
        self._now("before the cell is written")
        return 0
