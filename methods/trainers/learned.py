"""A trainer by gradient steps: the same loop for tables and for text encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from bench.errors import InputError
from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from bench.method import Params, Progress, Value, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder, Learner
    from methods.trainers.batches import Batches
    from methods.trainers.losses import Loss, Temperature
    from methods.trainers.optimizers import RowOptimizer

    RowOptimizers = Callable[[torch.Tensor], RowOptimizer]

VALIDATED_PAIRS = 25_000_000
"""Pairs of a validation query and a document up to which tables are validated: scoring them takes
as long as five steps of masked-de. Whole WordNet, with seven times as many, is trained to the end.
"""


@dataclass(frozen=True)
class Learned(Trainer):
    """The base of trainers by gradient steps.

    A text encoder reads a dataset with texts; any other dataset gets tables. Training lasts
    ``steps``, or as many epochs as a trainer needs on data of any size: on a few hundred queries a
    batch is nearly the whole of them, and steps that suffice for 82,115 would be thousands of
    epochs. It ends earlier where validation shows that nothing is left to gain.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ("steps", "patience", "temperature_lr")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "geometry": ("dot", "cosine", "lorentz"),
        "tune": ("none", "head", "neighbours", "last-layer", "full"),
        "precision": ("float32", "bfloat16"),
    }

    encoder: str = "minilm"  # of texts: minilm, wordllama, a sentence-transformers name, a folder
    tune: str = "head"  # trained of a text encoder: none, head, neighbours, last-layer, full
    precision: str = "float32"  # of a text encoder's products, or bfloat16
    siamese: bool = True  # queries and documents share one text encoder, or have one each
    head_width: int = 384  # hidden units of a head
    dim: int = 64  # dimension of free vectors: of tables, and of tune=neighbours
    steps: int = 20_000  # the most
    max_epochs: int = 6000  # passes over the training queries, the most
    lr: float = 0.005  # at the first step: for lazy Adam of tables, for AdamW of a head
    encoder_lr: float = 2e-5  # the same for a transformer's weights: tune=last-layer and full
    geometry: str = "cosine"  # comparison of a table's vectors: dot, cosine, or lorentz
    temperature: float = 20.0  # factor of the score; the first one, if it is learned
    temperature_lr: float = 0.0  # learning rate of the temperature's logarithm; 0: it is fixed
    checks: int = 12  # validations in a training; the best one is kept
    patience: int = 6  # validations without a better one before training stops; 0: never

    def __post_init__(self) -> None:
        """A temperature is learned by steps."""
        super().__post_init__()
        if self.temperature_lr and not self.is_trained:
            raise InputError(
                f"temperature_lr is {self.temperature_lr}, but in 0 steps no temperature is "
                "learned; set temperature_lr=0, or more steps"
            )
        if self.temperature_lr > 1:
            raise InputError(
                f"temperature_lr is {self.temperature_lr}, which would change the temperature by "
                "more than a factor of e in a step; it is 1 at most, and 0.01 is usual"
            )

    @property
    def is_trained(self) -> bool:
        """Whether there are steps."""
        return self.steps > 0

    @classmethod
    def defaults_given(cls, stated: Params, *, texts: bool) -> Params:
        """Vectors of texts have length 1; the defaults of tables may depend on their dimension."""
        if texts:
            return {"geometry": "cosine"}
        given = cls.of_tables(int(stated.get("dim", cls.dim)), stated.get("geometry"))
        untrained = stated.get("steps") == 0 and not stated.get("epochs")
        return {**given, "temperature_lr": 0.0} if untrained else given

    @classmethod
    def for_tables(cls, **stated: Any) -> Self:  # noqa: ANN401 - values of any parameters
        """The trainer of tables with these values, and the defaults that go with them."""
        return cls(**{**cls.defaults_given(stated, texts=False), **stated})

    @classmethod
    def of_tables(cls, dim: int, geometry: Value | None) -> Params:  # noqa: ARG003
        """Defaults for tables of a dimension, and of a geometry if it is stated."""
        return {}

    def skip(self, data: Training) -> str | None:
        """There must be pairs to learn from."""
        if data.document_texts is not None and self.geometry != "cosine":
            return f"vectors of texts have length 1: geometry is cosine there, not {self.geometry}"
        if data.document_texts is not None and self.tune != "none" and not data.relevance.n_pairs:
            return "no training pairs are left beside validation; with --tune none it needs none"
        return None

    def new_temperature(self) -> Temperature:
        """The temperature of the loss, before training."""
        from methods.trainers.losses import Temperature

        return Temperature(self.temperature, self.temperature_lr)

    def reads(self) -> str | None:
        """The text encoder that is trained."""
        return self.encoder

    def rate(self, data: Training) -> float:
        """The learning rate at the first step."""
        return float(getattr(self, self.rate_name(data)))

    def rate_name(self, data: Training) -> str:
        """The parameter that is the learning rate: a transformer has one of its own."""
        of_transformer = self.tune in {"last-layer", "full"} and data.document_texts is not None
        return "encoder_lr" if of_transformer else "lr"

    def new_encoder(self, data: Training, workspace: Workspace, *, seed: int) -> Encoder:
        """The encoder before training: random tables, or a pretrained text encoder."""
        if data.document_texts is not None and self.tune == "neighbours":
            from methods.encoders.neighbours import NeighbourEncoder
            from methods.encoders.pretrained import Pretrained
            from methods.encoders.towers import Frozen

            frozen = Frozen(Pretrained.of(self.encoder, self.precision, workspace), workspace)
            return NeighbourEncoder.untrained(
                frozen, data, memory=self.dim, width=self.head_width, seed=seed
            )
        if data.document_texts is not None:
            from methods.encoders.embeddings import embed
            from methods.encoders.pretrained import Pretrained
            from methods.encoders.text import TextEncoder, TextRecipe

            recipe = TextRecipe(self.encoder, self.tune, self.siamese, precision=self.precision)
            if self.tune == "head":  # as wide as the embeddings, which training needs anyway
                encoder = Pretrained.of(self.encoder, self.precision, workspace)
                dim = embed(encoder, data.document_texts, workspace).shape[1]
                recipe = recipe._replace(dim=dim, width=self.head_width)
            return TextEncoder.pretrained(recipe, workspace, seed)
        from methods.encoders.table import TableEncoder

        relevance = data.relevance
        return TableEncoder.random(
            relevance.n_queries, relevance.n_documents, self.dim, geometry=self.geometry, seed=seed
        )

    def learn(
        self,
        encoder: Encoder,
        data: Training,
        workspace: Workspace,
        batches: Batches,
        loss: Loss,
        progress: Progress,
        tables: RowOptimizers | None = None,
    ) -> Encoder:
        """Train an encoder, and return it as it was at its best validation.

        Args:
            encoder: the encoder, which is changed.
            data: the training data, with the validation.
            workspace: the device, and the place of a checkpoint.
            batches: the batches.
            loss: the loss of a batch.
            progress: called as training proceeds.
            tables: a function that makes the optimiser of a table; lazy Adam by default.
        """
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.loop import train_encoder

        is_text = data.document_texts is not None
        if is_text and self.tune == "none":
            return encoder
        learner = learner_of(encoder, data, workspace, tables)
        steps = min(self.steps, self.max_epochs * batches.per_epoch)
        best = None
        validated = len(data.validation_queries.rows) * data.relevance.n_documents
        if is_text or 0 < validated <= VALIDATED_PAIRS:
            best = BestCheckpoint(
                encoder, data, steps=steps, checks=self.checks, patience=self.patience
            )
        train_encoder(
            learner,
            batches,
            loss,
            steps=steps,
            lr=self.rate(data),
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=best.after_step if best else None,
            changed={"best": best},
            lower=f"{self.rate_name(data)} or temperature",
        )
        return best.encoder if best else encoder


def learner_of(
    encoder: Encoder, data: Training, workspace: Workspace, tables: RowOptimizers | None = None
) -> Learner:
    """The learner of an encoder; ``tables`` makes the optimiser of a table, else it is Adam."""
    from methods.encoders.table import TableEncoder

    if isinstance(encoder, TableEncoder):
        from methods.device import device_of
        from methods.encoders.table import TableLearner
        from methods.trainers.optimizers import RowAdam

        return TableLearner(encoder, tables or RowAdam, device_of(workspace))
    from methods.encoders.neighbours import NeighbourEncoder

    if isinstance(encoder, NeighbourEncoder):
        from methods.encoders.neighbour_learner import NeighbourLearner

        return NeighbourLearner(encoder, data)
    from methods.encoders.text import TextEncoder, TextLearner

    return TextLearner(cast("TextEncoder", encoder), data)
