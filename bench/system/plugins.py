"""Plugins as modules whose names say where they lie, so that any process can import them.

A process that a plugin starts, as ``multiprocessing`` does under ``spawn``, imports by name what it
was given; ``bench`` itself is imported there first.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import sys
from importlib.abc import MetaPathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

FORMS = "FILE.py:Class, PACKAGE_FOLDER:Class or MODULE:Class"
INIT = "__init__.py"
_PREFIX = "treeline_plugin"


def from_anywhere(plugin: str) -> str:
    """The same plugin with an absolute path, as any working directory understands it.

    A module of the working directory becomes its file; one that is installed keeps its name.
    """
    place, colon, attribute = plugin.rpartition(":")
    if not place:
        return plugin
    path = Path(place)
    if not path.exists() and _is_dotted(place):
        below = Path(*place.split("."))
        here = next(filter(Path.exists, (below.with_name(f"{below.name}.py"), below)), None)
        if here is None:
            return plugin
        path = here
    return f"{path.absolute()}{colon}{attribute}"


def load_plugin_object(plugin: str) -> tuple[object, str]:
    """What a plugin names, and the name of the module that it was found in.

    Raises:
        InputError: there is no such file, package or module, it cannot be run, or it lacks the
            name.
    """
    place, _, attribute = plugin.rpartition(":")
    if not place or not attribute.isidentifier():
        raise InputError(f"a plugin is {FORMS}, got {plugin!r}")
    path = Path(place)
    if path.is_dir() and not (path / INIT).is_file():
        raise InputError(
            f"plugin {plugin}: the folder {path.absolute()} has no {INIT}, so it is no package; "
            f"name a file in it: {path / 'FILE.py'}:{attribute}"
        )
    if path.exists():
        module = _of_path(path.absolute())
    elif _is_dotted(place) and path.suffix != ".py":
        module = _imported(place, plugin)
    else:
        raise InputError(f"plugin {plugin}: there is no file {path.absolute()}")
    if not hasattr(module, attribute):
        raise InputError(f"plugin {plugin}: {path} has no class {attribute!r}")
    return getattr(module, attribute), module.__name__


def _is_dotted(place: str) -> bool:
    return all(part.isidentifier() for part in place.split("."))


def _of_path(path: Path) -> ModuleType:
    """Import a package's folder, a file of a package under its name there, or any other file."""
    if path.is_file() and path.suffix != ".py":
        raise InputError(f"plugin {path} is not a Python file (its name must end in .py)")
    parts, folder = [path.stem if path.is_file() else path.name], path.parent
    while (folder / INIT).is_file():
        parts, folder = [folder.name, *parts], folder.parent
    if path.is_dir() and not path.name.isidentifier():
        possible = re.sub(r"\W", "_", path.name)
        raise InputError(
            f"plugin {path}: {path.name!r} is no name of a Python package; rename the folder to "
            f"{possible!r}, or name a file in it: {path / 'FILE.py'}:Class"
        )
    in_package = (path.is_dir() or len(parts) > 1) and all(map(str.isidentifier, parts))
    for place in map(str, (folder, path.parent) if in_package else (path.parent,)):
        if place not in sys.path:
            # Last: what has another's name there takes the place of no library.
            sys.path.append(place)
    if not in_package:
        return _imported(module_name(path), str(path))
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = _imported(name, str(path))
    file = path / INIT if path.is_dir() else path
    found = getattr(module, "__file__", None)
    if found is None or not file.samefile(found):
        raise InputError(
            f"plugin {path}: the name {name} is that of another module, {found}; rename the package"
        )
    return module


def _imported(name: str, plugin: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            reason += "; a module is looked for here and where packages are installed"
        elif isinstance(error, ImportError) and "relative import" in str(error):
            reason += (
                "; name a file beside it without a dot: `from helper import X`, or make a package "
                f"of its folder with a file {INIT}"
            )
        raise InputError(f"plugin {plugin} fails: {reason}") from error


def module_name(path: Path) -> str:
    """The name of a file's module; another if its content has changed.

    Raises:
        OSError: the file cannot be read.
    """
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    place = os.fsencode(path.absolute()).hex()
    return f"{_PREFIX}_{content}_{place}"


class PluginFinder(MetaPathFinder):
    """Finds the modules that ``module_name`` names."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - as importlib calls it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        prefix, _, place = fullname.rpartition("_")
        if not prefix.startswith(_PREFIX):
            return None
        return spec_from_file_location(fullname, os.fsdecode(bytes.fromhex(place)))


sys.meta_path.append(PluginFinder())
