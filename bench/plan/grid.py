"""A typed request: methods × seeds on a dataset, with the values of hyper-parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.method import check_params
from bench.system.device import fast_precision
from bench.system.paths import program
from bench.types import has_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.method import Method, Params, Value
    from bench.registry import Registry
    from bench.task import Task


PRECISION = "precision"
"""The hyper-parameter of text encoders: float32 or bfloat16."""


@dataclass(frozen=True)
class Settings:
    """Values of hyper-parameters that the user or a suite sets.

    Attributes:
        values: (method, parameter) to value; the method is empty for a parameter of all methods
            that have it. A text is read as the type of the parameter's default.
    """

    values: Mapping[tuple[str, str], Value] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Settings:
        """Read ``[METHOD.]PARAM=VALUE``, the form that ``--set`` takes.

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
        """Settings from values by ``[METHOD.]PARAM``.

        Raises:
            TypeError: they have another form.
        """
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            raise TypeError(f"settings takes values by name, such as {{'dim': 32}}, got {values!r}")
        split = {name: name.rpartition(".") for name in values}
        return cls({(split[name][0], split[name][2]): value for name, value in values.items()})

    def and_of(self, method: str, values: Mapping[str, Value]) -> Settings:
        """The same settings, with these values of a method on top."""
        own = {(method, name): value for name, value in values.items()}
        return Settings({**self.values, **own})

    def of(self, method: type[Method]) -> dict[str, Value]:
        """The parameters of a method that are set, in the types of their defaults.

        Raises:
            InputError: a value is of another type.
        """
        found = {}
        for name in method.params:
            key = next(
                (key for key in ((method.name, name), ("", name)) if key in self.values), None
            )
            if key is not None:
                found[name] = _read_value(method, name, self.values[key])
        return found


class Grid(NamedTuple):
    """Methods times seeds on a dataset, all under the same settings.

    Attributes:
        dataset: the name that ``--dataset`` takes.
        k: documents asked for each query, or None for as many as the measures read.
        place: its place in a suite's file, for errors; empty on the command line.
        runs: by the names of their rows, files of runs that were made elsewhere.
    """

    dataset: str
    methods: list[type[Method]]
    settings: Settings = Settings()
    seeds: tuple[int, ...] = (0,)
    k: int | None = None
    place: str = ""
    runs: Mapping[str, Path] = MappingProxyType({})


def grids(
    methods: Sequence[str],
    datasets: Sequence[str],
    registry: Registry,
    *,
    settings: Settings = Settings(),
    seeds: tuple[int, ...] = (0,),
    k: int | None = None,
    runs: Mapping[str, Path] = MappingProxyType({}),
) -> list[Grid]:
    """The same methods, settings and seeds on each of several datasets.

    Args:
        methods: names, or ``all``; those that plugins bring are added (``plugin_names``).
        datasets: names that ``--dataset`` takes.
        registry: the registry of the methods.
        settings: values of hyper-parameters.
        seeds: the seeds of the fits.
        k: documents asked for each query, or None for as many as the measures read.
        runs: by the names of their rows, files of runs that were made elsewhere, of one dataset.

    Raises:
        InputError: no method is named and no run, a name is unknown, a setting fits no named
            method, or runs come with several datasets.
    """
    names = [*methods, *registry.plugin_names(methods)]
    if runs and len(datasets) > 1:
        raise InputError(
            f"a run is of one dataset, and {len(datasets)} are named: {', '.join(datasets)}; name "
            "the one that it was made on"
        )
    if not names and not runs:
        raise InputError(f"no method is named; take all, or names from `{program()} list`")
    classes = methods_named(names, registry)
    check_settings(classes, settings)
    return [Grid(dataset, classes, settings, seeds, k, runs=runs) for dataset in datasets]


def methods_named(names: Iterable[str], registry: Registry) -> list[type[Method]]:
    """The classes of names, each once; ``all`` stands for those of ``bench list``.

    Raises:
        InputError: a name is unknown.
    """
    each = [one for name in names for one in (registry.names() if name == "all" else [name])]
    return [registry.resolve(name) for name in dict.fromkeys(map(registry.canonical, each))]


def defaults_on(method: type[Method], task: Task, stated: Params) -> dict[str, Value]:
    """All hyper-parameters of a method; defaults of the dataset's card replace its own.

    A default of ``masked-de`` on the card holds for ``masked-de+faiss-ivf``, too. Those of the card
    for any method give way to the method's own where these depend on other values.

    Args:
        method: the class of the method.
        task: the task with the card's defaults.
        stated: the values that are set by hand.
    """
    trainer = method.name.partition("+")[0]
    of_all, of_method = (
        {
            name: task.defaults[key]
            for prefix in prefixes
            for name, default in method.params.items()
            # A plugin may use a name of ours for something else.
            if (key := prefix + name) in task.defaults and has_type(task.defaults[key], default)
        }
        for prefixes in ([""], [f"{trainer}.", f"{method.name}."])
    )
    texts = task.document_texts is not None
    given = method.defaults_given({**of_all, **of_method, **stated}, texts=texts)
    return {**method.params, **of_all, **given, **of_method}


def settled(method: type[Method], task: Task, settings: Settings) -> dict[str, Value]:
    """All hyper-parameters of a method on a task; settings replace the defaults.

    The default of ``precision`` holds for methods that are made by hand; here texts are encoded in
    the fastest precision of this machine unless another one is asked for.
    """
    asked = settings.of(method)
    values = defaults_on(method, task, asked) | asked
    stated = {name.rpartition(".")[2] for name in (*asked, *task.defaults)}
    if method.params.get(PRECISION) != "float32":
        pass  # it has none, or means something else by the name
    elif task.document_texts is None:
        values[PRECISION] = "float32"  # nothing is encoded, so that it makes no other row
    elif PRECISION not in stated:
        values[PRECISION] = fast_precision()
    check_params(method, values)
    return values


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


def _read_value(method: type[Method], name: str, given: Value) -> Value:
    """A value in the type of the parameter's default, from one of that type or from a text."""
    default = method.params[name]
    wanted = type(default)
    try:
        if wanted is bool and isinstance(given, str):
            return {"true": True, "false": False}[given.lower()]
        if not isinstance(given, str) and not has_type(given, default):
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
