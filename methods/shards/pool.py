"""Workers on shards: objects in this process, one after another, or Ray actors at once."""

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
"""How often an actor whose process or node died is made again; the call is then repeated."""


class Workers(ABC):
    """One object for each shard."""

    @abstractmethod
    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The results of a method of all workers, in order, with the same arguments for all."""


class Here(Workers):
    """Workers in this process."""

    def __init__(self, kind: type, parts: Sequence[tuple[Any, ...]]) -> None:
        """``kind`` is made once for each of ``parts``, with its items as arguments."""
        self._workers = [kind(*part) for part in parts]

    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The results, one worker after another."""
        return [getattr(worker, name)(*arguments) for worker in self._workers]


class Actors(Workers):
    """Workers on a Ray cluster, spread over its nodes."""

    def __init__(
        self, kind: type, parts: Sequence[tuple[Any, ...]], *, uses_gpu: bool = False
    ) -> None:
        """``uses_gpu``: each has a GPU to itself, if one is free; else they use none.

        They reserve no cores: the cell that waits for the actors may hold the last one.
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
        self._parts = parts  # an actor that is made again needs them
        self._actors = [actor.remote(*part) for part in parts[: gpus or None]]

    def call(self, name: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The results, all workers at once; their arguments are sent to each node once."""
        shared = [self._ray.put(argument) for argument in arguments]
        calls = [getattr(actor, name).remote(*shared) for actor in self._actors]
        with room_needed():
            answers: list[Any] = self._ray.get(calls)
        return answers

    def map(self, name: str, items: Iterable[Any]) -> Iterator[Any]:
        """The results of a method for each item, in order; each actor has one item at a time."""
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
    """Turn Ray's lack of room for a shard into an error with the way out.

    Raises:
        InputError: a node's object store is full, and so is the disk that extends it.
    """
    from ray.exceptions import ObjectStoreFullError, OutOfDiskError, RayError

    try:
        yield
    except RayError as error:
        # An actor that was not sent its shard has this in the text of its death.
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
    """The base of indexes that work in shards."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"workers": ("here", "ray")}

    shards: int = 4  # number of shards of whole blocks: a small corpus has fewer
    workers: str = "here"  # in this process, one after another; ray: an actor for each shard

    def __post_init__(self) -> None:
        """Refuse actors if Ray is not installed."""
        super().__post_init__()
        if self.workers == "ray":
            require_ray(ASKED)

    def share(self, value: Any) -> Any:  # noqa: ANN401
        """A reference to a value that is sent to several workers, or again after a death."""
        if self.workers == "here":
            return value
        join_cluster(ASKED)
        import ray

        with room_needed():
            return ray.put(value)

    def start(self, kind: type, parts: Sequence[tuple[Any, ...]]) -> Workers:
        """A worker for each of ``parts``."""
        return Here(kind, parts) if self.workers == "here" else Actors(kind, parts)
