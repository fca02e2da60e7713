"""Cells to measure: datasets times methods times seeds, with every hyper-parameter settled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError, reason_of
from bench.method import check_params
from bench.store.cell import Cell, Status
from bench.store.keys import cell_key, digest
from bench.versions.stated import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.method import Method, Value
    from bench.registry import Registry
    from bench.system.provenance import Provenance
    from bench.task import Task


NOT_MEASURED = "not measured"
"""Reason of a blank cell whose method accepts its parameters."""


@dataclass(frozen=True)
class Settings:
    """What ``--set`` or a suite asked for.

    Attributes:
        values: (method, parameter) to value; the method is empty where all are meant that have it.
            A text is read as the type of the parameter's default.
    """

    values: Mapping[tuple[str, str], Value] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Settings:
        """Read ``[METHOD.]PARAM=VALUE``.

        Raises:
            InputError: it has another form, or sets the same parameter twice.
        """
        values: dict[tuple[str, str], Value] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            method, dot, param = name.strip().rpartition(".")
            named = param.isidentifier() and bool(method) == bool(dot)
            if not equals or not named or not value.strip():
                raise InputError(f"--set takes [METHOD.]PARAM=VALUE, got {text!r}")
            if (method, param) in values:
                raise InputError(f"--set {name.strip()} is given twice; run once for each value")
            values[method, param] = value.strip()
        return cls(values)

    @classmethod
    def named(cls, values: Mapping[str, Value]) -> Settings:
        """Values by ``[METHOD.]PARAM``."""
        split = {name: name.rpartition(".") for name in values}
        return cls({(split[name][0], split[name][2]): value for name, value in values.items()})

    def of(self, method: type[Method]) -> dict[str, Value]:
        """The parameters of a method that are set, in the types of their defaults.

        Raises:
            InputError: a value is of another type.
        """
        found = {}
        for name in method.params:
            value = self.values.get((method.name, name), self.values.get(("", name)))
            if value is not None:
                found[name] = _read_value(method, name, value)
        return found


class Grid(NamedTuple):
    """Methods times seeds on a dataset, all under the same settings.

    Attributes:
        dataset: as typed after ``--dataset``.
        k: documents asked for each query, or None for as many as the measures read.
        place: where a suite lists it, for errors; empty on the command line.
    """

    dataset: str
    methods: list[type[Method]]
    settings: Settings
    seeds: tuple[int, ...]
    k: int | None = None
    place: str = ""


def methods_asked(listed: str, registry: Registry, plugins: Sequence[str]) -> list[type[Method]]:
    """The classes behind ``--methods``; those of ``--plugin`` always run.

    Raises:
        InputError: a name is unknown.
    """
    names = [name.strip() for name in listed.split(",") if name.strip()] + list(plugins)
    if not names:
        raise InputError("--methods is empty; take all, or names from `python -m bench list`")
    return methods_named(names, registry)


def methods_named(names: Iterable[str], registry: Registry) -> list[type[Method]]:
    """The classes of names, each once; ``all`` stands for those of ``bench list``.

    Raises:
        InputError: a name is unknown.
    """
    each = [one for name in names for one in (registry.names() if name == "all" else [name])]
    return [registry.resolve(name) for name in dict.fromkeys(map(registry.canonical, each))]


def settled(
    method: type[Method], task: Task, settings: Settings
) -> tuple[dict[str, Value], dict[str, Value]]:
    """All hyper-parameters of a method on a task, and those that the user changed.

    Defaults of the method give way to those of the dataset's card, and these to ``settings``.
    """
    base = dict(method.params)
    for name in base:
        for key in (name, f"{method.name}.{name}"):
            # A plugin may use a name of ours for something else.
            if key in task.defaults and _fits(task.defaults[key], method.params[name]):
                base[name] = task.defaults[key]
    values = base | settings.of(method)
    check_params(method, values)
    return values, {name: value for name, value in values.items() if value != base[name]}


def _fits(value: Value, default: Value) -> bool:
    """Whether a value may stand for a parameter of this default."""
    return type(value) is type(default) or (type(default) is float and type(value) is int)


def _read_value(method: type[Method], name: str, given: Value) -> Value:
    """A value of the type of the parameter's default, from one of that type or a text."""
    default = method.params[name]
    wanted = type(default)
    try:
        if wanted is bool and isinstance(given, str):
            return {"true": True, "false": False}[given.lower()]
        if not isinstance(given, str) and not _fits(given, default):
            raise ValueError
        value: Value = wanted(given)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
    except (ValueError, KeyError):
        kind = "true or false" if wanted is bool else wanted.__name__
        raise InputError(
            f"setting {method.name}.{name} takes {kind} (default {default!r}), got {given!r}"
        ) from None
    return value


def check_settings(methods: Iterable[type[Method]], settings: Settings) -> None:
    """Raise InputError for a setting that no chosen method reads."""
    methods = list(methods)
    by_name = {method.name: method for method in methods}
    known = sorted({param for method in methods for param in method.params})
    for method_name, name in settings.values:
        if not method_name:
            if name not in known:
                raise InputError(
                    f"setting {name}: no chosen method has this parameter; they have: "
                    f"{', '.join(known) or 'none'}"
                )
        elif method_name not in by_name:
            raise InputError(
                f"setting {method_name}.{name}: {method_name!r} is not among the chosen methods: "
                f"{', '.join(by_name)}"
            )
        elif name not in by_name[method_name].params:
            check_params(by_name[method_name], {name: ""})


def depth_needed(task: Task, k: int | None) -> int:
    """Documents to ask for each query.

    Raises:
        InputError: ``k`` is less than the task's measures need.
    """
    needed = int(task.test.depth.max(initial=0))
    if k is None:
        return needed
    if k < needed:
        raise InputError(
            f"k={k} is too small for {task.name}: its measures read rankings down to {needed}; "
            f"give at least {needed}, or leave k out"
        )
    return min(k, len(task.document_names))


def blank_cell(
    task: Task,
    method: type[Method],
    seed: int,
    k: int | None,
    settings: Settings,
    provenance: Provenance,
) -> Cell:
    """The cell to be measured, with its key and nothing measured yet.

    Where the method refuses a value of its parameters, the reason says so: that cell is going to
    fail, and the others need not.

    Args:
        task: the dataset.
        method: the class.
        seed: of the fit.
        k: documents asked for each query, or None for as many as the measures read.
        settings: what the user set.
        provenance: of the run.

    Raises:
        InputError: a parameter has a value of another type, or ``k`` is too small.
    """
    values, _ = settled(method, task, settings)
    depth = depth_needed(task, k)
    reason = NOT_MEASURED
    key = digest(["refused", task.digest, method.name, values, seed, depth])
    try:
        key = cell_key(task.digest, method(**values), seed, depth)
    except InputError as error:
        reason = f"{method.name}: {error}"
    except Exception as error:
        reason = f"{method.name} cannot be made with its parameters: {reason_of(error)}"
    return _blank(key, reason, task, method, values, seed, depth, provenance)


def cell_of(task: Task, method: Method, seed: int, k: int | None, provenance: Provenance) -> Cell:
    """The cell to be measured of a method that is made already; the rest as in ``blank_cell``.

    Raises:
        InputError: ``k`` is too small.
    """
    depth = depth_needed(task, k)
    key = cell_key(task.digest, method, seed, depth)
    return _blank(key, NOT_MEASURED, task, type(method), method.values, seed, depth, provenance)


def _blank(
    key: str,
    reason: str,
    task: Task,
    method: type[Method],
    values: dict[str, Value],
    seed: int,
    depth: int,
    provenance: Provenance,
) -> Cell:
    """A cell with nothing measured yet."""
    base, _ = settled(method, task, Settings())
    changed = {name: value for name, value in values.items() if value != base[name]}
    if depth != depth_needed(task, None):
        changed["k"] = depth
    return Cell(
        key=key,
        status=Status.FAILED,
        reason=reason,
        task=task.name,
        task_digest=task.digest,
        notes=list(task.notes),
        n_queries=task.n_asked,
        n_documents=len(task.document_names),
        cut=task.test.cut,
        seen_means=task.seen,
        method=method.name,
        params=values,
        changed=changed,
        sees_test=method.sees_test,
        code=code_of(method),
        seed=seed,
        k=depth,
        provenance=provenance,
    )
