"""From the name of a method to its class, which is imported when it is first used.

In: a name, or a plugin's file. Out: a class. It may import ``method`` and ``system``, and it alone
loads the catalogue of methods.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError, placed, unknown
from bench.method import Method, check_stated
from bench.system.paths import load_object
from bench.system.plugins import module_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from bench.types import Kind

ENTRY_POINTS = "treeline.methods"
CATALOG = "methods.catalog"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of methods are typed after ``--methods`` and are folders of results."""


class Registry:
    """Methods by name: the catalogue, entry points of installed packages, plugin files.

    A name ``trainer+index`` is composed from the catalogue's parts without a file of its own.
    """

    def __init__(self, plugins: Iterable[str] = ()) -> None:
        """``plugins`` are ``FILE.py:Class``."""
        self._catalog = importlib.import_module(CATALOG)
        self._targets: dict[str, str] = dict(self._catalog.METHODS)
        self.plugins = tuple(map(_absolute, plugins))
        self._loaded: dict[str, type[Method]] = {}
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
            self._add(point.name, point.value)
        for plugin in self.plugins:
            method = load_plugin(plugin)
            self._add(method.name, plugin)
            self._loaded[method.name] = method

    def names(self) -> list[str]:
        """The methods that ``--methods all`` stands for."""
        return [name for name in self._targets if name not in self._catalog.ON_REQUEST]

    def built_ins(self) -> list[str]:
        """Names of the methods of the catalogue, including those that run on request alone."""
        return list(self._catalog.METHODS)

    def plugin_names(self) -> list[str]:
        """Names of the methods that plugin files brought."""
        return [name for name, target in self._targets.items() if target in self.plugins]

    def plugin_of(self, name: str) -> str | None:
        """The plugin file that brought a method, with the class; None for any other method.

        The process of a cell runs no other: what a file changes of built-ins when it is imported
        changes its own methods alone.
        """
        target = self._targets.get(name)
        return target if target in self.plugins else None

    def parts(self) -> tuple[list[str], list[str]]:
        """Names of the trainers and of the indexes that can be composed."""
        return list(self._catalog.TRAINERS), list(self._catalog.INDEXES)

    def canonical(self, name: str) -> str:
        """The one name of a method that several compositions may name."""
        return str(self._catalog.canonical(name))

    def resolve(self, name: str) -> type[Method]:
        """The class of a method.

        Raises:
            InputError: there is no method of that name.
        """
        name = self.canonical(name)
        if name in self._loaded:
            return self._loaded[name]
        target = self._targets.get(name)
        if target is not None and ":" in target:
            method: type[Method] = _known_by(load_object(target), target.partition(":")[0])
            check_stated(method)
        elif "+" in (target or name):
            method = self._composed(name, target or name)
        else:
            raise unknown("method", name, self._targets)
        self._loaded[name] = method
        return method

    def _composed(self, name: str, parts: str) -> type[Method]:
        trainer, _, index = parts.partition("+")
        for kind, part, known in (
            ("trainer", trainer, self._catalog.TRAINERS),
            ("index", index, self._catalog.INDEXES),
        ):
            if part not in known:
                raise unknown(f"{kind} (in method {name!r})", part, known)
        composed: type[Method] = self._catalog.compose(name, trainer, index)
        return composed

    def _add(self, name: str, target: str) -> None:
        if not NAME.fullmatch(name) or name == "all":
            raise InputError(
                f"a method cannot be named {name!r} ({target}): a name is made of at most 100 "
                "letters, digits, '.', '_' and '-', begins with a letter or digit, and is not 'all'"
            )
        if name in self._targets:
            raise InputError(
                f"two methods are named {name!r}: {self._targets[name]} and {target}; rename one"
            )
        self._targets[name] = target


class About(NamedTuple):
    """What boards say of a method.

    Attributes:
        summary: a sentence, or several for a composition; empty for a method that is not here.
    """

    kind: Kind
    summary: str


@cache
def about(method: str, plugin: str | None = None) -> About:
    """What a method of stored cells is: from the docstring of its class.

    Args:
        method: its name in the cells.
        plugin: the file and the class that it came from; such a file is not run again.
    """
    if plugin is None:
        with contextlib.suppress(InputError):
            found = Registry().resolve(method)
            summary = " ".join((found.__doc__ or "").partition("\n\n")[0].split())
            return About(found.kind, summary)
    return About("other", "")


def _absolute(plugin: str) -> str:
    """The same ``FILE.py:Class`` with an absolute path, valid from any working directory."""
    file, colon, attribute = plugin.rpartition(":")
    return f"{Path(file).absolute()}{colon}{attribute}" if file else plugin


def load_plugin(plugin: str) -> type[Method]:
    """The method class in a ``FILE.py:Class``.

    Raises:
        InputError: the file cannot be run, lacks the class, or the class is no Method.
    """
    file, _, attribute = plugin.rpartition(":")
    path = Path(file)
    if not file or not attribute.isidentifier():
        raise InputError(f"a plugin is FILE.py:Class, got {plugin!r}")
    if not path.is_file():
        raise InputError(f"plugin {plugin}: there is no file {path.absolute()}")
    module = _run_file(path)
    found = getattr(module, attribute, None)
    if found is None:
        raise InputError(f"plugin {plugin}: {path} has no class {attribute!r}")
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise InputError(f"plugin {plugin}: {attribute} is not a subclass of bench.method.Method")
    if not isinstance(getattr(found, "name", None), str) or found.__abstractmethods__:
        missing = ", ".join(sorted(found.__abstractmethods__)) or "name"
        raise InputError(f"plugin {plugin}: {attribute} lacks {missing}")
    with placed(f"plugin {plugin}"):
        check_stated(found)
    return _known_by(found, module.__name__)


def _known_by(method: type[Method], module: str) -> type[Method]:
    """The method as a class of the module that names it, whose code may have changed it."""
    if method.__module__ == module:
        return method
    return type(method.__name__, (method,), {"__module__": module, "__doc__": method.__doc__})


def _run_file(path: Path) -> ModuleType:
    """Import a file under a module name of its own; it may import the files beside it."""
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        # Last: a file of another's name there takes the place of no library.
        sys.path.append(folder)
    if path.suffix != ".py":
        raise InputError(f"plugin {path} is not a Python file (its name must end in .py)")
    try:
        return importlib.import_module(module_name(path))
    except (Exception, SystemExit) as error:
        relative = isinstance(error, ImportError) and "relative import" in str(error)
        way = "; name a file beside it without a dot: `from helper import X`" * relative
        raise InputError(f"plugin {path} fails: {type(error).__name__}: {error}{way}") from error
