"""The source files that results of a class depend on, and one hash over what they do.

Comments, docstrings and the types of functions do not count. Names of files do not count for
built-ins either: a built-in that is documented, moved or renamed keeps its hash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import site
import sys
import sysconfig
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.versions.source_code import (
    BUILT_IN,
    HARNESS,
    code_that_counts,
    imported,
    parsed,
    runs_unnamed_code,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.machinery import ModuleSpec


def hash_of(files: Iterable[Path], own: Path | None = None) -> str:
    """Hexadecimal sha256 over the code of source files, in whatever order.

    Args:
        files: built-ins count under whatever name; others under the name that they are imported by.
        own: the one of them that may have any name, and beside which the others lie.
    """
    texts = sorted(_code_of(path, own) for path in files)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def hash_of_class(found: type) -> str:
    """Hash of the code that a class depends on, or an empty text for one of Python itself.

    A class in a package depends on all its modules; one in a file, on those that the file imports
    from where nothing is installed: the files beside it, for one. What is imported of the built-in
    methods counts with all that it imports of them, and so do the files of data that it states.

    Raises:
        InputError: a file beside it is not the one that is imported under its name, or is missing.
    """
    files: set[Path] = set()
    built_ins: set[str] = set()
    read: set[str] = set()
    modules = set() if _is_standard(found.__module__) else {found.__module__}
    while unread := modules - read:
        read |= unread
        for file in set().union(*map(_files_of_module, unread)) - files:
            files.add(file)
            if file.suffix == ".py" and not _is_installed(file):
                named = set(imported(parsed(_text(file))))
                built_ins |= {name for name in named if _package(name) == BUILT_IN}
                modules |= _own_imports(file)
    files |= reachable(*built_ins)
    own = _origin(found.__module__)
    if own is not None:
        files |= {own.parent / name for name in vars(found).get("files", ())}
    return hash_of(files, own) if files else ""


def reachable(*modules: str) -> frozenset[Path]:
    """The files of modules and of all that they import of their own package, at whatever depth."""
    return frozenset(modules_reached(*modules).values())


def modules_reached(*modules: str) -> dict[str, Path]:
    """The same files, by the names of their modules."""
    packages = set(map(_package, modules))
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _origin(name)
        if name not in found and path is not None:
            found[name] = path
            named = imported(parsed(_text(path)))
            waiting += [each for each in named if _package(each) in packages]
    return found


def _package(module: str) -> str:
    return module.partition(".")[0]


def _files_of_module(name: str) -> set[Path]:
    """All files of the package that a module is of, or the one file of a module without one."""
    path = _origin(name)
    own = set() if path is None else {path}
    if folders := _folders_of(_package(name)):
        return own | {file for folder in folders for file in folder.rglob("*.py")}
    if path is not None and path.suffix == ".py" and runs_unnamed_code(parsed(_text(path))):
        # It cannot be read off what it loads: each file in its folder may be, but for those in
        # folders that a name with a dot keeps apart, such as .venv.
        folder = path.parent
        own |= {
            file
            for file in folder.rglob("*.py")
            if not any(part.startswith(".") for part in file.relative_to(folder).parts)
        }
    return own


def _own_imports(file: Path) -> set[str]:
    """Top modules and packages that a file imports from where nothing is installed."""
    own = set()
    in_package = (file.parent / "__init__.py").exists()  # where absolute imports look elsewhere
    for name in set(map(_package, imported(parsed(_text(file))))):
        if name in HARNESS or name == BUILT_IN or _is_standard(name):
            continue
        places = {*_folders_of(name), *filter(None, [_origin(name)])}
        beside = (file.parent / f"{name}.py", file.parent / name / "__init__.py")
        expected = next((path for path in beside if path.exists()), None)
        if expected is not None and not in_package:
            _require_among(expected, places, f"{file} imports {name}, which is {_origin(name)}")
        if any(not _is_installed(place) for place in places):
            own.add(name)
    return own


def _require_among(path: Path, places: Iterable[Path], what: str) -> None:
    if not any(map(path.samefile, filter(Path.exists, places))):
        raise InputError(f"{what} and not {path} beside it; rename the one beside it")


def _is_standard(module: str) -> bool:
    return _package(module) in sys.stdlib_module_names - {"__main__"}


def folder_of(package: str) -> Path:
    """Where the modules of a package lie; it is not imported."""
    folders = _folders_of(package)
    if not folders:
        raise InputError(f"the package {package} has no folder to read its code from")
    return folders[0]


def _spec(module: str) -> ModuleSpec | None:
    """How a module would be imported, or None for what is no module. Nothing is imported."""
    package = module.rpartition(".")[0]
    try:
        if not package:
            return importlib.util.find_spec(module)
        above = _spec(package)  # find_spec would import it, and PyTorch with it
        folders = above and above.submodule_search_locations
        return PathFinder.find_spec(module, [*folders]) if folders else None
    except (ImportError, ValueError):
        return None


def _folders_of(package: str) -> list[Path]:
    """Where the modules of a package lie, of one without ``__init__.py`` in several places."""
    spec = _spec(package)
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def _origin(module: str) -> Path | None:
    """The file of a module, or None for what is no module or has no file."""
    origin = getattr(sys.modules.get(module), "__file__", None)
    if origin is None and (spec := _spec(module)) is not None and spec.has_location:
        origin = spec.origin
    return Path(origin) if origin else None


@cache
def _is_installed(path: Path) -> bool:
    """Whether a file lies where packages are installed to, whose versions are recorded."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    return any(path.is_relative_to(folder) for folder in folders)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8").replace("\r\n", "\n")
    except UnicodeError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path}, which is part of a method, cannot be read ({error}); put it back, or leave the "
        "method out"
    )


def _code_of(path: Path, own: Path | None) -> str:
    """The code of a file without what changes no result, under its name if that counts."""
    if path.is_relative_to(_built_ins()):
        return code_that_counts(_text(path), built_in=True)
    if path.suffix != ".py":
        code = hashlib.sha256(_content(path)).hexdigest()
    else:
        code = _text(path) if _is_installed(path) else code_that_counts(_text(path), built_in=False)
    if path == own:
        return code
    beside = own is not None and path.is_relative_to(own.parent)
    name = path.relative_to(own.parent) if own and beside else f"{path.parent.name}/{path.name}"
    return f"{name}\n{code}"


@cache
def _built_ins() -> Path:
    return folder_of(BUILT_IN)
