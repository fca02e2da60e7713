"""The masked loss for trainers of sentence-transformers: several positives for each anchor.

``SentenceTransformerTrainer`` takes it as any other loss. It needs ``accelerate``, which comes with
``pip install 'treeline-bench[sentence-transformers]'``.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sentence_transformers.util import cos_sim
from torch import nn
from torch.nn.functional import softplus

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from sentence_transformers import SentenceTransformer

    Features = Mapping[str, torch.Tensor]

LEAST = torch.finfo(torch.float32).min


class MaskedRankingLoss(nn.Module):
    """Each positive against the documents of the batch that are *not* relevant to its anchor.

    The loss of ``masked-de`` for rows (anchor, positive) or (anchor, positive, negative_1, …): the
    mean over rows of softplus(logsumexp(scores of irrelevant documents) - score of the positive).
    ``MultipleNegativesRankingLoss`` takes an anchor's other positives as its negatives, and so
    needs batches without them. Here an anchor may stand in several rows of a batch, and a document
    that stands in several counts once.

    The dataset tells what is relevant to an anchor; these are the positives of

    - no label: all rows of the batch with the same anchor text;
    - ``label``, a whole number: all rows of the batch with this number, such as that of a query, or
      of a group of texts that mean the same;
    - ``label``, a list of two: numbers of the query and of the document. Relevant are also the
      pairs of ``relevant``, whether a row of the batch has them or not.

    A document with the text of a positive is that document, among the negatives too.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        relevant: Iterable[tuple[int, int]] | None = None,
        scale: float = 20.0,
        similarity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = cos_sim,
    ) -> None:
        """Make the loss of a model.

        Args:
            model: the model that is trained.
            relevant: all pairs of a query and a document that are known to be relevant, as numbers
                of 0 or more.
            scale: factor of the similarities, the inverse of a temperature; above 0.
            similarity: a function of [b, dim] and [c, dim] that gives [b, c].

        Raises:
            InputError: the scale is not above 0, or a pair is not two whole numbers.
        """
        super().__init__()
        if not scale > 0:
            raise InputError(f"scale is the factor of similarities and above 0, got {scale}")
        self.model = model
        self.scale = scale
        self.similarity = similarity
        self.relevant: dict[Hashable, set[Hashable]] | None = None
        if relevant is not None:
            self.relevant = {}
            for pair in relevant:
                query, document = _two_numbers(pair)
                self.relevant.setdefault(query, set()).add(document)

    def forward(
        self, sentence_features: Iterable[Features], labels: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The loss of a batch of b rows.

        Args:
            sentence_features: the features of each column: anchors, positives, and negatives.
            labels: [b] or [b, 2] whole numbers, or None.

        Raises:
            InputError: there is one column only, or labels are of another form.
        """
        columns = list(sentence_features)
        if len(columns) < 2:  # noqa: PLR2004 - anchors and positives
            raise InputError(
                "the dataset has one column of texts; it needs an anchor and a positive"
            )
        texts = [_texts(column) for column in columns]  # before the model adds to the features
        anchors, *others = (self.model(column)["sentence_embedding"] for column in columns)
        scores = self.similarity(anchors, torch.cat(others)).float() * self.scale
        masked = self._masked(texts, labels, len(anchors)).to(scores.device)
        # One irrelevant score of minus infinity would make the gradient of a full mask NaN.
        z = scores.masked_fill(masked, LEAST).logsumexp(1) - scores.diagonal()
        return softplus(z).mean()

    def _masked(
        self, texts: list[list[Hashable] | None], labels: torch.Tensor | None, n_rows: int
    ) -> torch.Tensor:
        """[b, c] whether a document is no negative: relevant, or the same as one before it."""
        queries, documents = self._numbers(texts, labels, n_rows)
        found: dict[Hashable, set[Hashable]] = {}
        for query, document in zip(queries, documents, strict=False):  # the first are positives
            found.setdefault(query, set()).add(document)
        place: dict[Hashable, int] = {}
        again = [place.setdefault(document, i) != i for i, document in enumerate(documents)]
        known = self.relevant or {}
        rows = {}
        for query, own in found.items():
            those = own | known.get(query, set())
            rows[query] = [
                twice or document in those for document, twice in zip(documents, again, strict=True)
            ]
        return torch.tensor([rows[query] for query in queries])

    def _numbers(
        self, texts: list[list[Hashable] | None], labels: torch.Tensor | None, n_rows: int
    ) -> tuple[list[Hashable], list[Hashable]]:
        """What stands for the b queries, and for the c documents: equal for equal ones."""
        documents: list[Hashable] = []
        for column, those in enumerate(texts[1:]):
            documents += those or [(column, row, "unknown") for row in range(n_rows)]
        if self.relevant is not None and (labels is None or labels.ndim == 1):
            raise InputError(
                "pairs in `relevant` need a column label with [query, document] in each row"
            )
        if labels is None:
            if texts[0] is None:
                raise InputError(
                    "features have no input_ids with a row for each text, by which equal texts are "
                    "known; give the dataset a column label with the number of each row's query"
                )
            return texts[0], documents
        if labels.is_floating_point() or labels.shape not in {(n_rows,), (n_rows, 2)}:
            raise InputError(
                f"label holds {labels.dtype} of shape {tuple(labels.shape)}; it is a whole number "
                "for each row, its query, or a list of two, its query and its document"
            )
        if labels.ndim == 1:
            return labels.tolist(), documents
        queries, positives = labels.T.tolist()
        named = dict(zip(documents, positives, strict=False))
        return queries, [*positives, *(named.get(each, each) for each in documents[n_rows:])]

    def get_config_dict(self) -> dict[str, Any]:
        """What a model card says of the loss."""
        return {"scale": self.scale, "similarity_fct": getattr(self.similarity, "__name__", "")}


def _texts(column: Features) -> list[Hashable] | None:
    """[b] the tokens of each text; None for features that have no row for each."""
    ids, mask = column.get("input_ids"), column.get("attention_mask")
    if ids is None or mask is None or ids.ndim != 2 or ids.shape != mask.shape:  # noqa: PLR2004
        return None
    rows = zip(ids.tolist(), mask.tolist(), strict=True)
    return [tuple(i for i, kept in zip(*row, strict=True) if kept) for row in rows]


def _two_numbers(pair: object) -> tuple[int, int]:
    """The numbers of a query and of a document.

    Raises:
        InputError: it is something else.
    """
    numbers = tuple(pair) if isinstance(pair, list | tuple | np.ndarray) else ()
    if len(numbers) != 2 or not all(isinstance(each, Integral) for each in numbers):  # noqa: PLR2004
        raise InputError(
            f"`relevant` has pairs (number of a query, number of a document), got {pair!r}; number "
            "them as the column label does"
        )
    return int(numbers[0]), int(numbers[1])
