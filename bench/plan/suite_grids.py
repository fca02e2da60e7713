"""The grids of a suite, with the classes of the methods that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import InputError, placed, unknown
from bench.plan.grid import Grid, Settings, check_settings, methods_named
from bench.plan.suite import ALL

if TYPE_CHECKING:
    from collections.abc import Collection

    from bench.method import Method
    from bench.plan.suite import Entry, Suite
    from bench.registry import Registry


def grids_of(
    suite: Suite, registry: Registry, methods: Collection[str] = (), datasets: Collection[str] = ()
) -> list[Grid]:
    """The boards of a suite, in its order.

    Args:
        suite: the suite as it was read.
        registry: the registry of the methods.
        methods: names of the methods to keep; all if none is named.
        datasets: names of the datasets to keep; all if none is named.

    Raises:
        InputError: a method is unknown or has another name on boards, a setting has no method or
            another type, a row is listed twice, or the suite does not list a name to keep or a
            plugin's.
    """
    grids = [_grid(entry, place, registry) for place, entry in suite.boards.items()]
    _check_once(grids)
    listed = {method.name for grid in grids for method in grid.methods}
    for name in registry.plugin_names(listed):
        if name not in listed:
            raise InputError(
                f"suite {suite.name!r} does not list {name}, which a plugin brings; name it in a "
                "copy of the suite, or leave the plugin out"
            )
    named = [] if set(methods) <= {ALL} else [m.name for m in methods_named(methods, registry)]
    return _only(suite, grids, named, datasets)


def _only(
    suite: Suite, grids: list[Grid], methods: Collection[str], datasets: Collection[str]
) -> list[Grid]:
    """The grids of some methods and datasets; all if none is named.

    Raises:
        InputError: the suite lists no such method or dataset, or not that method on that dataset.
    """
    by_method = {method.name for grid in grids for method in grid.methods}
    for kind, asked, known in (
        ("method", methods, by_method),
        ("dataset", datasets, {grid.dataset for grid in grids}),
    ):
        for each in asked:
            if each not in known:
                raise unknown(f"{kind} of suite {suite.name!r}", each, known)
    kept = [
        grid._replace(methods=[m for m in grid.methods if not methods or m.name in methods])
        for grid in grids
        if not datasets or grid.dataset in datasets
    ]
    if not any(grid.methods for grid in kept):
        raise InputError(
            f"suite {suite.name!r} does not list {', '.join(methods)} on {', '.join(datasets)}; "
            "name other methods or datasets of it, or leave one of the two out"
        )
    return [grid for grid in kept if grid.methods]


def _grid(entry: Entry, place: str, registry: Registry) -> Grid:
    """The grid of an entry."""
    with placed(f"{place}: methods"):
        methods = methods_named(entry.methods, registry)
        for name in entry.methods:
            if name != ALL and name != registry.canonical(name):
                raise InputError(f"{name} is {registry.canonical(name)} on boards; list it as that")
    with placed(f"{place}: settings"):
        settings = Settings.named(entry.settings)
        check_settings(methods, settings)
        for each in methods:
            _check_types(each, settings)
    return Grid(entry.dataset, methods, settings, tuple(entry.seeds), entry.k, place)


def _check_types(method: type[Method], settings: Settings) -> None:
    """Raise InputError for a value of another type, such as a number in quotes."""
    read = settings.of(method)
    for (named, param), value in settings.values.items():
        if named not in {"", method.name} or param not in read or not isinstance(value, str):
            continue
        if not isinstance(read[param], str):
            raise InputError(
                f"{param} takes {type(read[param]).__name__}, got the text {value!r}; write it "
                "without quotes"
            )


def _check_once(grids: list[Grid]) -> None:
    """Raise InputError for a row and seed that are listed twice."""
    seen: dict[tuple[object, ...], str] = {}
    for grid in grids:
        for method in grid.methods:
            params = tuple(sorted(grid.settings.of(method).items()))
            for seed in grid.seeds:
                row = grid.dataset, method.name, params, seed, grid.k
                if row in seen:
                    raise InputError(
                        f"{grid.place}: {method.name} with seed {seed} and the same settings is "
                        f"listed before, in {seen[row]}; list it once"
                    )
                seen[row] = grid.place
