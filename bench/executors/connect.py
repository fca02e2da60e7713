"""Joining a Ray cluster, with an error that says what is wrong before anything is begun."""

from __future__ import annotations

import importlib.util
import os
import socket

from bench.errors import InputError

REACH_S = 5.0
"""How long a head node may take to answer; Ray itself tries for minutes."""


def connect(address: str | None) -> None:
    """Connect this process to a cluster.

    Args:
        address: ``HOST:PORT`` of its head node; None: what ``RAY_ADDRESS`` says, or a new cluster
            of this machine alone. What ran here last is not looked for: Ray waits minutes for one
            that is gone.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "--executor ray needs Ray, which is not installed: "
            "pip install -c constraints.txt -e '.[cluster]'"
        )
    named = address or os.environ.get("RAY_ADDRESS") or "local"
    _check(named)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    try:
        ray.init(address=named, include_dashboard=False, log_to_driver=False, logging_level=40)
    except Exception as error:  # Ray raises just that where a node does not start in time
        raise InputError(
            f"cannot join the Ray cluster {named}: {error}; one that asks for a token "
            "(`InvalidAuthToken`) is joined with RAY_AUTH_MODE=token in the environment"
        ) from error


def _check(address: str) -> None:
    """Raise InputError where nothing answers."""
    if address in {"auto", "local"}:
        return
    host, colon, port = address.rpartition(":")
    if not colon or "/" in host or not port.isdigit():
        raise InputError(
            f"--address takes HOST:PORT of the head node of a Ray cluster, got {address!r}; run "
            "this on a machine that has joined it (`ray start --address HOST:PORT`)"
        )
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"nothing answers at --address {address} ({error}); start a head node there with "
            f"`ray start --head --port {port}`, or leave --address out for a cluster of this "
            "machine alone"
        ) from error
