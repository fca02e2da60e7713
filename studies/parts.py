"""Pages of which parts are computed: each stands between a comment that names it and an end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PART = r"(<!-- (\w+): made by {} -->\n).*?(<!-- end -->)"


def filled(page: Path, script: str, parts: Mapping[str, str]) -> str:
    """The text of a page with the parts that a script computes, by name.

    Raises:
        KeyError: the page has a part of that script that is not among ``parts``.
    """
    return re.sub(
        PART.format(re.escape(script)),
        lambda part: f"{part[1]}\n{parts[part[2]]}\n\n{part[3]}",
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
