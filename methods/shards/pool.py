"""Who works on shards: objects in this process, one after another, or Ray actors at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from bench.errors import InputError
from bench.method import join_cluster, require_ray
from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ASKED = "workers=ray"
RESTARTS = 3
"""How often an actor is made again whose process or node died; the call is then made again."""


class Workers(ABC):
    """One object for each shard."""

    @abstractmethod
    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """What a method of each returns, in their order, when all are given the same."""


class Here(Workers):
    """In this process."""

    def __init__(self, kind: type, parts: Sequence[tuple[Any, ...]]) -> None:
        """``kind`` is made once for each of ``parts``, of which it is given the items."""
        self._workers = [kind(*part) for part in parts]

    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """One after another."""
        return [getattr(worker, name)(*arguments) for worker in self._workers]


class Actors(Workers):
    """On a Ray cluster, spread over its nodes."""

    def __init__(
        self, kind: type, parts: Sequence[tuple[Any, ...]], *, uses_gpu: bool = False
    ) -> None:
        """``uses_gpu``: each has a device to itself, where one is free; else they take none.

        Cores are not asked for: the cell that waits for the actors may hold the last one.
        """
        join_cluster(ASKED)
        import ray

        gpus = int(ray.available_resources().get("GPU", 0)) if uses_gpu else 0
        actor = ray.remote(kind).options(
            num_cpus=0,
            num_gpus=1 if gpus else 0,
            scheduling_strategy="SPREAD",
            max_restarts=RESTARTS,
            max_task_retries=RESTARTS,
        )
        self._ray = ray
        self._parts = parts  # an actor that is made again is made of them
        self._actors = [actor.remote(*part) for part in parts[: gpus or None]]

    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """All at once; what they are given is sent to each node once."""
        shared = [self._ray.put(argument) for argument in arguments]
        calls = [getattr(actor, name).remote(*shared) for actor in self._actors]
        with room_needed():
            answers: list[Any] = self._ray.get(calls)
        return answers

    def map(self, name: str, items: Iterable[Any]) -> Iterator[Any]:
        """What a method returns of each item, in their order; each actor has one at a time."""
        from ray.util import ActorPool

        pool, waiting = ActorPool(self._actors), iter(items)

        def give(count: int) -> None:
            for item in islice(waiting, count):
                pool.submit(lambda actor, given: getattr(actor, name).remote(given), item)

        give(len(self._actors))
        while pool.has_next():
            answer = pool.get_next()
            give(1)
            yield answer


@contextmanager
def room_needed() -> Iterator[None]:
    """Say what to do where Ray has no room for a shard.

    Raises:
        InputError: a node's object store is full, and so is the disk that it goes on to.
    """
    from ray.exceptions import ObjectStoreFullError, OutOfDiskError, RayError

    try:
        yield
    except RayError as error:
        # An actor that was not sent its shard tells so in the text of its death.
        full = isinstance(error, (ObjectStoreFullError, OutOfDiskError))
        if not full and OutOfDiskError.__name__ not in str(error):
            raise
        raise InputError(
            f"{ASKED}: there is no room for the shards: a node's object store is full, and so is "
            "the disk that it goes on to; give the nodes more (`ray start --object-store-memory "
            "BYTES --object-spilling-directory FOLDER`), or have more nodes"
        ) from error


@dataclass
class Sharded(Hyperparameters):
    """What parts that work in shards have in common."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"workers": ("here", "ray")}

    shards: int = 4  # of whole blocks of documents, so that a small corpus has fewer
    workers: str = "here"  # in this process, one after another; ray: an actor for each shard

    def __post_init__(self) -> None:
        """Refuse actors where there is no Ray."""
        super().__post_init__()
        if self.workers == "ray":
            require_ray(ASKED)

    def share(self, value: Any) -> Any:  # noqa: ANN401
        """What stands for a value that is given to several workers, or anew after a death."""
        if self.workers == "here":
            return value
        join_cluster(ASKED)
        import ray

        with room_needed():
            return ray.put(value)

    def start(self, kind: type, parts: Sequence[tuple[Any, ...]]) -> Workers:
        """A worker for each of ``parts``."""
        return Here(kind, parts) if self.workers == "here" else Actors(kind, parts)
