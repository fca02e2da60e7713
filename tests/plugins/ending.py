"""Methods that end their process, or never end."""

import os
import signal
import subprocess
import sys
import threading
import time

from mutants import Sound


class ExitsAtOnce(Sound):
    def index(self, corpus):
        os._exit(0)


class KillsItself(Sound):
    def index(self, corpus):
        os.kill(os.getpid(), signal.SIGKILL)


class Exits(Sound):
    def index(self, corpus):
        sys.exit(0)


class Interrupts(Sound):
    def index(self, corpus):
        raise KeyboardInterrupt


class Hangs(Sound):
    def index(self, corpus):
        time.sleep(600)


class Stops(Sound):
    def index(self, corpus):
        os.kill(os.getpid(), signal.SIGSTOP)


class ExitsWhereItLoads(Sound):
    def load(self, folder):
        os._exit(0)


class LeavesAChild(Sound):
    """Its child holds all that it inherits."""

    def load(self, folder):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
        os._exit(0)


class LeavesAThread(Sound):
    def index(self, corpus):
        super().index(corpus)
        if threading.active_count() < 3:
            threading.Thread(target=time.sleep, args=(600,)).start()
