"""The main claims of the papers: their figures, the place of ours, and the verdict."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from bench.errors import InputError
from bench.measures.budget import DEFAULT, UNLIMITED
from bench.system.records import Record


class ClaimVerdict(StrEnum):
    """Whether a claim holds here."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT = "not"
    NOT_MEASURED = "not measured"


AT = {"10 %": DEFAULT, "10 % work": DEFAULT.other, "all": UNLIMITED}
"""Budgets by their names in a figure."""


class Figure(Record):
    """One number of a claim.

    It is read from the cells of a row, or from a table of a published file.

    Attributes:
        what: name of the figure, in words.
        paper: the paper's figure, or empty.
        dataset, row: dataset and row of the cells; the row by its label on the boards.
        value: ``recall``, ``min``, ``distance N``, ``R@100``, ``unseen R@100``, ``empty leaves``,
            ``rho SUBSET by SCORE`` …
        at: the operating point that costs most, within one of ``AT``.
        ahead_of: another row, whose figure is subtracted.
        at_least, at_most: the bounds that the verdict rests on, in the unit that is shown.
        significant: whether the verdict rests on a significant difference, or on none that is.
        file: a published file in markdown, relative to the results folder.
        line, column: the beginning of a row of one of its tables, and the title of a column.
    """

    what: str
    paper: str = ""
    dataset: str = ""
    row: str = ""
    value: str = ""
    at: Literal["10 %", "10 % work", "all"] = "all"
    ahead_of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    significant: bool | None = None
    file: str = ""
    line: tuple[str, ...] = ()
    column: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Figure:
        measured = (self.dataset, self.row, self.value)
        published = (self.file, self.line, self.column)
        if self.file and self.ahead_of:
            raise ValueError("a difference is of two rows of cells")
        if not ((all(measured) and not any(published)) or (all(published) and not any(measured))):
            raise ValueError("a figure has dataset, row and value, or file, line and column")
        return self


class Claim(Record):
    """A claim of a paper.

    Attributes:
        claim: the claim, in our words.
        verdict: our verdict, resting on the figures.
        why: the reasons for the verdict, and what was tried.
    """

    claim: str
    verdict: ClaimVerdict
    why: str
    figures: tuple[Figure, ...] = ()


class Exhibit(Record):
    """A table or figure of a paper, and where it is here.

    Attributes:
        what: its number, as the paper has it.
        shows: what it shows.
        here: the place of ours, as markdown; links are relative to the results folder.
        claim: the claim that it supports, whose verdict is its own; empty: it has a verdict.
        verdict: our verdict, if no claim rests on it.
    """

    what: str
    shows: str
    here: str
    claim: str = ""
    verdict: Literal["partly", "not measured", "reported", "nothing to measure", ""] = ""

    @model_validator(mode="after")
    def _has_one_verdict(self) -> Exhibit:
        if bool(self.claim) == bool(self.verdict):
            raise ValueError(f"{self.what} has a claim, or a verdict of its own")
        return self


class Paper(Record):
    """A paper with its claims and its exhibits, in the order of the page."""

    title: str
    source: str
    claims: list[Claim] = Field(min_length=1)
    exhibits: tuple[Exhibit, ...] = ()

    @model_validator(mode="after")
    def _has_the_claims_of_its_exhibits(self) -> Paper:
        known = {claim.claim for claim in self.claims}
        for exhibit in self.exhibits:
            if exhibit.claim and exhibit.claim not in known:
                raise ValueError(f"{exhibit.what} names a claim that is not there: {exhibit.claim}")
        return self


class Claims(Record):
    """The file ``claims.toml``."""

    papers: list[Paper]


def read_claims() -> list[Paper]:
    """The papers whose claims are followed.

    Raises:
        InputError: the file is not well formed.
    """
    file = resources.files("bench.report.reproduction") / "claims.toml"
    try:
        return Claims.model_validate(tomllib.loads(file.read_text("utf-8"))).papers
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise InputError(f"bench/report/reproduction/claims.toml: {error}") from error
