"""A method that reaches for what is the harness's: its pipe, and the process that watches."""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.method import Method, SearchResult

LINES = {
    "a number": b"5\n",
    "another key": b'{"phase": "x"}\n',
    "another kind": b'{"kind": "wild", "text": "x"}\n',
    "no UTF-8": b"\xff\xfe\n",
    "deep": b"[" * 4000 + b"\n",
    "a cell elsewhere": json.dumps({"cell": {"task": "../../out", "key": "k"}}).encode() + b"\n",
    "an outcome": b'{"status": "ok", "reason": null, "provenance": {}}\n',
    "infinity": b'{"kind": "phase", "text": "x", "done": 1e999, "total": 2}\n',
}


def write(line):
    """Write to every pipe: one takes the events, another what is printed."""
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            is_pipe = number > 2 and stat.S_ISFIFO(os.fstat(number).st_mode)
            if is_pipe and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_WRONLY:
                os.write(number, line)
        except OSError:
            continue


def start_child(log):
    """A process in a session of its own, whose number is in ``log``."""
    wait = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'a')); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", wait, log], start_new_session=True, env={})
    while not os.path.exists(log) or not Path(log).read_text().strip():
        time.sleep(0.02)


class Forging(Method):
    name = "forging"
    params = {"how": "", "log": ""}

    def index(self, corpus):
        self._size = corpus.size
        how = self.values["how"]
        if how in LINES:
            write(LINES[how])
        if how == "an endless line":
            while True:
                write(b"x" * 60_000)
        if how == "a flood":
            while True:
                write(b'{"kind": "phase", "text": "x", "done": 1, "total": 2}\n')
        if how == "stop itself":
            os.kill(os.getpid(), signal.SIGSTOP)
        if how.endswith("supervisor"):
            start_child(self.values["log"])
            number = signal.SIGKILL if how.startswith("kill") else signal.SIGSTOP
            os.kill(os.getppid(), number)
        if how == "stop the supervisor, and hang":
            os.kill(os.getppid(), signal.SIGSTOP)
            time.sleep(600)

    def search(self, queries, k, point):
        ids = np.tile(np.arange(min(k, self._size)), (len(queries.rows), 1))
        return SearchResult(ids, -ids.astype(float))
