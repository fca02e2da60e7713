"""From the name of a method to its class, which is imported when it is first used.

In: a name, or what a plugin names. Out: a class. It may import ``method`` and ``system``, and it
alone loads the catalogue of methods.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from bench.errors import InputError, placed, unknown
from bench.method import Method, check_part, check_stated
from bench.system.paths import load_object
from bench.system.plugins import from_anywhere, load_plugin_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.types import Kind

What: TypeAlias = Literal["method", "trainer", "index"]
"""What a plugin or an installed package may bring."""
ENTRY_POINTS: dict[What, str] = {
    "method": "treeline.methods",
    "trainer": "treeline.trainers",
    "index": "treeline.indexes",
}
"""The group of entry points by which packages bring each."""
BASES: dict[What, str] = {
    "method": "bench.method:Method",
    "trainer": "methods.trainers.base:Trainer",
    "index": "methods.indexes.base:Index",
}
"""The class that each inherits from."""
CATALOG = "methods.catalog"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of methods are typed after ``--methods`` and are folders of results."""


class Registry:
    """Methods by name: the catalogue, entry points of installed packages, plugins.

    A name ``trainer+index`` is composed of two parts without a file of its own.
    """

    def __init__(self, plugins: Iterable[str] = ()) -> None:
        """``plugins`` are ``FILE.py:Class``, ``PACKAGE_FOLDER:Class`` or ``MODULE:Class``."""
        self._catalog = importlib.import_module(CATALOG)
        self._targets: dict[What, dict[str, str]] = {
            "method": dict(self._catalog.METHODS),
            "trainer": dict(self._catalog.TRAINERS),
            "index": dict(self._catalog.INDEXES),
        }
        self.plugins = tuple(map(from_anywhere, plugins))
        self._loaded: dict[tuple[What, str], type] = {}
        self._brought: list[tuple[What, str]] = []
        for what, name, target in brought_by_packages():
            self._add(what, name, target)
        for plugin in self.plugins:
            what, found = _brought_by(plugin)
            self._add(what, found.name, plugin)
            self._loaded[what, found.name] = found
            self._brought.append((what, found.name))

    def names(self) -> list[str]:
        """The methods that ``--methods all`` stands for."""
        return [name for name in self._targets["method"] if name not in self._catalog.ON_REQUEST]

    def built_ins(self) -> list[str]:
        """Names of the methods of the catalogue, including those that run on request alone."""
        return list(self._catalog.METHODS)

    def brought(self, what: What) -> list[str]:
        """Names of the methods, trainers or indexes that plugins bring."""
        return [name for kind, name in self._brought if kind == what]

    def plugin_names(self, named: Iterable[str] = ()) -> list[str]:
        """Names of the methods that plugins bring.

        A trainer brings the method of its name, an index itself over each trainer of ``OVER``.

        Args:
            named: names of methods; a part that one of them has brings no other.
        """
        used = {part for name in named for part in self._parts_of(name)}
        found = []
        for what, name in self._brought:
            if what == "method" or (what, name) not in used:
                over = [f"{trainer}+{name}" for trainer in self._catalog.OVER]
                found += over if what == "index" else [name]
        return found

    def plugins_of(self, name: str) -> tuple[str, ...]:
        """The plugins that brought a method or its parts; empty for any other method.

        The process of a cell runs no other: what a file changes of built-ins when it is imported
        changes its own methods alone.
        """
        targets = (self._targets[what].get(part) for what, part in self._parts_of(name))
        return tuple(target for target in targets if target in self.plugins)

    def parts(self) -> tuple[list[str], list[str]]:
        """Names of the trainers and of the indexes that can be composed."""
        return list(self._targets["trainer"]), list(self._targets["index"])

    def built_in_parts(self) -> tuple[list[str], list[str]]:
        """Those of the catalogue."""
        return list(self._catalog.TRAINERS), list(self._catalog.INDEXES)

    def canonical(self, name: str) -> str:
        """The name that a composition has on boards: ``masked-de+exact`` is ``masked-de``."""
        methods = self._targets["method"].items()
        return next((method for method, parts in methods if parts == name), name)

    def resolve(self, name: str) -> type[Method]:
        """The class of a method.

        Raises:
            InputError: there is no method of that name, or its class is none.
        """
        name = self.canonical(name)
        if ("method", name) not in self._loaded:
            parts = self._parts_of(name)
            types = [self._part(what, part, name) for what, part in parts]
            if len(parts) > 1:
                types[0] = self._catalog.compose(name, *(part for _, part in parts), *types)
            self._loaded["method", name] = types[0]
        return self._loaded["method", name]

    def _parts_of(self, name: str) -> list[tuple[What, str]]:
        """The trainer and the index of a composition, or any other method alone."""
        name = self.canonical(name)
        target = self._targets["method"].get(name, name)
        if ":" in target or "+" not in target:
            return [("method", name)]
        trainer, _, index = target.partition("+")
        return [("trainer", trainer), ("index", index)]

    def _part(self, what: What, name: str, method: str) -> Any:  # noqa: ANN401 - a class of its base
        """The class of a part of ``method``, or of a method alone."""
        known = self._targets[what]
        if name not in known:
            of = "" if what == "method" else f" (in method {method!r})"
            raise unknown(f"{what}{of}", name, known)
        if (what, name) not in self._loaded:
            target = known[name]
            self._loaded[what, name] = _checked(
                load_object(target), what, f"{what} {name} ({target})", target.partition(":")[0]
            )
        return self._loaded[what, name]

    def _add(self, what: What, name: str, target: str) -> None:
        if not NAME.fullmatch(name) or name == "all":
            raise InputError(
                f"the {what} {target} cannot be named {name!r}: a name is made of at most 100 "
                "letters, digits, '.', '_' and '-', begins with a letter or digit, and is not 'all'"
            )
        known = self._targets[what]
        if name in known:
            several = "indexes" if what == "index" else f"{what}s"
            raise InputError(
                f"two {several} are named {name!r}: {known[name]} and {target}; rename one"
            )
        known[name] = target
        if what == "trainer":
            self._add("method", name, f"{name}+exact")


@cache
def brought_by_packages() -> list[tuple[What, str, str]]:
    """What the installed packages bring: kind, name and target of each.

    It is read once: it takes longer than all else that a registry does.
    """
    points = importlib.metadata.entry_points()
    return [
        (what, point.name, point.value)
        for what, group in ENTRY_POINTS.items()
        for point in points.select(group=group)
    ]


class About(NamedTuple):
    """What boards say of a method.

    Attributes:
        summary: a sentence, or several for a composition; empty for a method that is not here.
    """

    kind: Kind
    summary: str


@cache
def about(method: str, plugins: tuple[str, ...] = ()) -> About:
    """What a method of stored cells is: from the docstring of its class.

    Args:
        method: its name in the cells.
        plugins: the plugins that it came from; they are not run again.
    """
    if not plugins:
        with contextlib.suppress(InputError):
            found = Registry().resolve(method)
            summary = " ".join((found.__doc__ or "").partition("\n\n")[0].split())
            return About(found.kind, summary)
    return About("other", "")


def load_plugin(plugin: str) -> Any:  # noqa: ANN401 - a class of one of three bases
    """The class that a plugin brings: a Method, a Trainer or an Index.

    Raises:
        InputError: it cannot be run, lacks the class, or the class is none of the three.
    """
    return _brought_by(plugin)[1]


def _brought_by(plugin: str) -> tuple[What, Any]:
    """The kind of what a plugin brings, and the class."""
    found, module = load_plugin_object(plugin)
    what, place = _what_of(found), f"plugin {plugin}"
    if what is None:
        bases = ", ".join(base.replace(":", ".") for base in BASES.values())
        named = plugin.rpartition(":")[2]
        raise InputError(f"{place}: {named} is not a subclass of one of {bases}")
    if not hasattr(found, "name"):
        raise InputError(f"{place}: {plugin.rpartition(':')[2]} lacks name")
    return what, _checked(found, what, place, module)


def _what_of(found: object) -> What | None:
    """Which of the three a class is; None: none of them."""
    if not isinstance(found, type):
        return None
    return next(
        (what for what, base in BASES.items() if issubclass(found, load_object(base))), None
    )


def _checked(found: Any, what: What, place: str, module: str) -> Any:  # noqa: ANN401 - as above
    """A class, once it is known to be what it must be, as one of the module that names it.

    Raises:
        InputError: it is not; the message begins with ``place``.
    """
    if _what_of(found) != what:
        raise InputError(f"{place}: it is not a subclass of {BASES[what].replace(':', '.')}")
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        raise InputError(f"{place}: {found.__name__} lacks {', '.join(missing)}")
    with placed(place):
        check_stated(found) if what == "method" else check_part(found)
    if found.__module__ == module:
        return found
    # Its module may have changed it: it counts as a class of that module.
    return type(found.__name__, (found,), {"__module__": module, "__doc__": found.__doc__})
