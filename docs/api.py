"""Writes ``docs/api.md`` from the docstrings: ``make docs``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "api.md"
HEAD = """# API

For those who measure from Python, write a method, a trainer or an index, or read results. `make
docs` makes this page from the docstrings; a test fails if it is stale, another runs the examples.
[CONTRIBUTING.md](../CONTRIBUTING.md) says how a method gets on the board, and
[measures.md](measures.md) what the measures mean.

Arrays are numpy's: `Ints`, `Floats` and `Bools` name the kind of number, and a shape is in
brackets, as in [n_queries, k].
"""
WIDTH = 100
PARTS = {
    "From Python": ("bench",),
    "To write a method": (
        "bench.method.contract",
        "bench.method.exported",
        "bench.method.workspace",
        "bench.method.checkpoint",
        "bench.types:Kind",
        "bench.task.task",
        "bench.arrays.relevance",
        "bench.task.judgements",
        "bench.leaves",
        "bench.system.cluster",
        "bench.errors",
    ),
    "To write a trainer or an index": (
        "methods.hyperparameters",
        "methods.indexes.base",
        "methods.indexes.leaves:LeafIndex",
        "methods.trainers.base",
        "methods.encoders.base:Encoder",
        "methods.encoders.table:TableEncoder",
    ),
    "To read results": (
        "bench.store.cell",
        "bench.measures.records",
        "bench.store.folder:Store",
        "bench.store.run_file",
        "bench.store.query_values",
    ),
    "Measures": (
        "bench.measures.recall",
        "bench.measures.ranking",
        "bench.measures.visited",
        "bench.measures.xray",
        "bench.measures.intervals",
        "bench.measures.word_pairs",
    ),
}


def page() -> str:
    """The text of ``docs/api.md``."""
    loader = griffe.GriffeLoader(
        search_paths=[ROOT],
        docstring_parser="google",
        docstring_options={"returns_multiple_items": False},
        allow_inspection=False,
    )
    for package in ("bench", "methods"):
        loader.load(package)
    modules = loader.modules_collection
    lines = [HEAD]
    for part, targets in PARTS.items():
        names = [target.partition(":")[0] for target in targets]
        links = (f"[{name}](#{name.replace('.', '')})" for name in names)
        lines.append(f"- {part}: {', '.join(links)}")
    for part, targets in PARTS.items():
        lines += ["", f"# {part}"]
        for target in targets:
            name, _, only = target.partition(":")
            lines += ["", f"## {name}", *_module(modules[name], only)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _module(module: griffe.Object, only: str) -> Iterator[str]:
    """The docstring of a module and its public names, or one of them alone."""
    yield from _docstring(module)
    for member in _public(module):
        if only not in {"", member.name}:
            continue
        if isinstance(member, griffe.Class):
            yield from ("", f"### {member.name}", *_class(member))
        elif isinstance(member, griffe.Function):
            yield from ("", f"### {member.name}", *_code(_signature(member)), *_docstring(member))
        elif member.docstring or "TypeAlias" in str(getattr(member, "annotation", "")):
            yield from ("", f"### {member.name}", *_code(_field(member)), *_docstring(member))


def _public(scope: griffe.Object) -> list[griffe.Object]:
    """The public definitions of a module or class, in the order of the source."""
    members = [
        member
        for member in scope.members.values()
        if isinstance(member, griffe.Object) and not isinstance(member, griffe.Module)
        if not member.name.startswith("_")
    ]
    return sorted(members, key=lambda member: member.lineno or 0)


def _class(found: griffe.Class) -> Iterator[str]:
    """Fields as code, then methods and properties."""
    init = found.members.get("__init__")
    methods, fields = [], []
    for member in _public(found):
        if isinstance(member, griffe.Function) or "property" in member.labels:
            methods.append(member)
        elif member.name != "model_config" and not _made_in(init, member):
            fields.append(f"    {_field(member)}")
    bases = ", ".join(str(base) for base in found.bases)
    head = f"class {found.name}({bases})" if bases else f"class {found.name}"
    if isinstance(init, griffe.Function) and not fields:
        head = _signature(init).replace("def __init__(self, ", f"class {found.name}(", 1)
    yield from _code("\n".join([head + ":" * bool(fields), *fields]))
    yield from _docstring(found)
    if isinstance(init, griffe.Function):
        yield from _docstring(init)
    for member in methods:
        code = _signature(member) if isinstance(member, griffe.Function) else _field(member)
        marks = {"property": " (property)", "abstractmethod": " (must be written)"}
        mark = "".join(text for label, text in marks.items() if label in member.labels)
        yield from ("", f"#### {found.name}.{member.name}{mark}", *_code(code))
        yield from _docstring(member)


def _made_in(init: object, member: griffe.Object) -> bool:
    """Whether a member is set in ``__init__`` and is no field of the class."""
    if not isinstance(init, griffe.Function):
        return False
    return (init.lineno or 0) < (member.lineno or 0) <= (init.endlineno or 0)


def _field(member: griffe.Object) -> str:
    """``name: type = value``."""
    annotation, value = (getattr(member, name, None) for name in ("annotation", "value"))
    text = member.name + (f": {annotation}" if annotation else "")
    return f"{text} = {value}" if value is not None else text


def _signature(function: griffe.Function) -> str:
    """``def name(a: int, *, b: str = "") -> bool``."""
    parts: list[str] = []
    starred = False
    for parameter in function.parameters:
        kind = parameter.kind
        if kind is griffe.ParameterKind.keyword_only and not starred:
            parts.append("*")
        starred |= kind in {
            griffe.ParameterKind.keyword_only,
            griffe.ParameterKind.var_positional,
        }
        stars = {
            griffe.ParameterKind.var_positional: "*",
            griffe.ParameterKind.var_keyword: "**",
        }.get(kind, "")
        typed = f": {parameter.annotation}" if parameter.annotation else ""
        default = "" if stars or parameter.default is None else f" = {parameter.default}"
        parts.append(f"{stars}{parameter.name}{typed}{default}")
    returns = f" -> {function.returns}" if function.returns else ""
    whole = f"def {function.name}({', '.join(parts)}){returns}"
    if len(whole) <= WIDTH:
        return whole
    rows = ",\n    ".join(parts)
    return f"def {function.name}(\n    {rows},\n){returns}"


def _docstring(described: griffe.Object) -> Iterator[str]:
    """Its text, and its sections as lists."""
    if not described.docstring:
        return
    for section in described.docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield from ("", _marked(section.value))
            continue
        yield from ("", f"*{section.kind.value.capitalize()}*", "")
        if section.kind is griffe.DocstringSectionKind.examples:
            for kind, text in section.value:
                is_code = kind is griffe.DocstringSectionKind.examples
                yield from _code(text) if is_code else ("", _marked(text))
            continue
        for item in section.value:
            name = getattr(item, "name", "") or ""
            if section.kind is griffe.DocstringSectionKind.raises:
                name = str(item.annotation)
            text = _marked(" ".join(item.description.split()))
            yield f"- `{name}`: {text}" if name else f"- {text}"


def _code(text: str) -> list[str]:
    return ["", "```python", text, "```"]


def _marked(text: str) -> str:
    """Code in single backquotes, names of classes as code."""
    return re.sub(r"``([^`]+)``", r"`\1`", re.sub(r":\w+:`([^`]+)`", r"`\1`", text)).strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
