"""Joining a Ray cluster, to run cells there or to work on one of them by actors."""

from __future__ import annotations

import os
import socket

from bench.errors import EXTRAS, InputError, lacks_packages
from bench.system.paths import CHECKOUT

_REACH_S = 5.0
"""Seconds that a head node has to answer; Ray itself tries for minutes."""
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # The last lines of a dead node's log. The error of what was lost with it is one line already.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^Raylet is terminated",
}
"""Variables for Ray that the environment has not set."""


def require_ray(asked: str) -> None:
    """Raise InputError if Ray is not installed.

    Args:
        asked: the option that needs it.
    """
    if reason := lacks_packages(EXTRAS["cluster"]):
        raise InputError(f"{asked} {reason}")


def join_cluster(asked: str, address: str | None = None) -> None:
    """Join a Ray cluster, unless this process is part of one.

    Args:
        asked: the option that needs it.
        address: ``HOST:PORT`` of its head node, as given by ``--address``; None: the address in
            ``RAY_ADDRESS`` (a cell on a cluster finds its own there), or a new cluster of this
            machine alone. The last cluster of this machine is not looked for: Ray waits minutes for
            one that is gone.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    require_ray(asked)
    named = os.environ.get("RAY_ADDRESS") or "local" if address is None else address
    _check(named, "RAY_ADDRESS" if address is None else "--address")
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        return
    try:
        ray.init(
            address=named,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=40,
            # So that workers import the code whose versions are in the key.
            runtime_env={"env_vars": {"PYTHONPATH": f"{CHECKOUT}:${{PYTHONPATH}}"}},
        )
    except Exception as error:  # Ray raises just that where a node does not start in time
        raise InputError(
            f"cannot join the Ray cluster {named}: {error}; one that asks for a token "
            "(`InvalidAuthToken`) is joined with RAY_AUTH_MODE=token in the environment"
        ) from error


def _check(address: str, source: str) -> None:
    """Raise InputError if nothing answers at the address."""
    if address in {"auto", "local"}:
        return
    host, colon, port = address.rpartition(":")
    if not colon or "/" in host or not port.isdigit():
        raise InputError(
            f"{source} takes HOST:PORT of the head node of a Ray cluster, got {address!r}; run "
            "this on a machine that has joined it (`ray start --address HOST:PORT`)"
        )
    try:
        socket.create_connection((host, int(port)), _REACH_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"nothing answers at {source} {address} ({error}); start a head node there with "
            f"`ray start --head --port {port}`, or leave {source} out for a cluster of this "
            "machine alone"
        ) from error
