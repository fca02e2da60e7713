"""The command that shows and clears the user's cache."""

from __future__ import annotations

import click

from bench.cli.options import Command


@click.command(name="cache", cls=Command)
@click.option(
    "--clear",
    "cleared",
    multiple=True,
    metavar="KIND",
    help="Remove all of a kind, or of all. May be repeated.",
)
def cache_command(cleared: tuple[str, ...]) -> None:
    """What the cache holds, by kind: embeddings, downloads and more; --clear removes a kind.

    Results are elsewhere, and stay.
    """
    from bench.data.cache import clear, kinds, sizes
    from bench.system.paths import cache_folder
    from bench.system.terminal import counted, say, say_table, size_text

    if not cleared:
        found = sizes()
        rows = [
            [name, f"{found[name].files:,}", size_text(found[name].n_bytes), kind.what]
            for name, kind in kinds().items()
        ]
        total = size_text(sum(each.n_bytes for each in found.values()))
        say(f"{cache_folder()}: {total} (TREELINE_CACHE names another folder)")
        say_table(["kind", "files", "size", "what it is"], rows)
        return
    for name, (freed, busy) in clear(cleared).items():
        say(f"{name}: {size_text(freed.n_bytes)} freed, {counted(freed.files, 'file')}")
        for path in busy:
            say(f"  in use, and left: {path}")
