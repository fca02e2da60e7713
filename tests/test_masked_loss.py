"""The masked loss for sentence-transformers: what it masks, its value, and a whole training."""

import math
import re
from importlib.util import find_spec

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from bench.errors import InputError
from methods.encoders.sentence import model_folder
from methods.masked_loss import MaskedRankingLoss
from methods.trainers.batches import Batch
from methods.trainers.losses import MaskedSoftmax, Temperature
from tests.conftest import ROOT

WORDS = "kids rain sandals boots footwear shoes hats".split()  # noqa: SIM905 - as they are read
PADDING = 9


class Rows(nn.Module):
    """A model whose text of one token is a row of a table."""

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(torch.tensor(table, dtype=torch.float32))

    def forward(self, features):
        features["sentence_embedding"] = self.table[features["input_ids"][:, 0]]
        return features


def column(*tokens):
    """Features of texts of a token each, padded."""
    ids = torch.tensor([[token, PADDING] for token in tokens])
    return {"input_ids": ids, "attention_mask": (ids != PADDING).long()}


def dot(a, b):
    return a @ b.T


def loss_of(table, columns, labels=None, relevant=None):
    model = Rows(table)
    loss = MaskedRankingLoss(model, relevant, scale=1, similarity=dot)
    value = loss([column(*each) for each in columns], labels)
    value.backward()
    return value.item(), model.table.grad


# Scores of anchor 0: 1, 2, 3 with texts 2, 3, 4; of anchor 1: 4, 5, 6.
TABLE = [[1, 0], [0, 1], [1, 4], [2, 5], [3, 6]]


def pair(positive, *negatives):
    """The loss of one row: log(1 + sum of exp(negative - positive))."""
    return math.log1p(sum(math.exp(negative - positive) for negative in negatives))


def test_another_positive_of_an_anchor_is_no_negative():
    # Rows (0, 2), (0, 3), (1, 4): text 3 is not a negative of the first row, nor 2 of the second.
    value, _ = loss_of(TABLE, [(0, 0, 1), (2, 3, 4)])
    assert value == pytest.approx((pair(1, 3) + pair(2, 3) + pair(6, 4, 5)) / 3)


def test_a_document_of_several_rows_counts_once_and_is_relevant_to_each():
    # Rows (0, 2), (1, 2), (1, 3): text 2 is relevant to both anchors; 3 is a negative of 0 alone.
    value, _ = loss_of(TABLE, [(0, 1, 1), (2, 2, 3)])
    assert value == pytest.approx((pair(1, 2) + 0 + 0) / 3)


def test_columns_after_the_second_are_negatives_but_for_a_positives_text():
    value, _ = loss_of(TABLE, [(0, 1), (2, 3), (4, 2)])
    assert value == pytest.approx((pair(1, 2, 3) + pair(5, 4, 6)) / 2)


def test_rows_of_one_number_share_their_positives():
    # As in a group of duplicates: anchors 0 and 1 differ, their positives are each other's.
    value, _ = loss_of(TABLE, [(0, 1, 0), (2, 3, 4)], torch.tensor([7, 7, 8]))
    assert value == pytest.approx((pair(1, 3) + pair(5, 6) + pair(3, 1, 2)) / 3)


def test_a_pair_that_is_relevant_in_no_row_of_the_batch_is_masked():
    labels = torch.tensor([[0, 10], [1, 11]])
    columns = [(0, 1), (2, 3)]
    value, _ = loss_of(TABLE, columns, labels, relevant=[(0, 10), (0, 11), (1, 11)])
    assert value == pytest.approx((0 + pair(5, 4)) / 2)
    value, _ = loss_of(TABLE, columns, labels, relevant=[(0, 10)])
    assert value == pytest.approx((pair(1, 2) + pair(5, 4)) / 2)


def test_a_batch_without_a_negative_has_a_loss_and_a_gradient_of_zero():
    value, gradient = loss_of(TABLE, [(0, 0), (2, 3)])
    assert value == 0
    assert (gradient == 0).all()


def test_it_is_the_loss_of_masked_de():
    """The same batch by the trainer's own loss: one row a query, gradients by hand."""
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(6, 3, generator=generator)
    value, gradient = loss_of(table.tolist(), [(0, 0, 1), (2, 3, 4)])
    batch = Batch(
        torch.arange(2), torch.arange(3), torch.zeros(3), torch.tensor([0, 1, 5]),
        torch.tensor([0, 0, 1]), torch.ones(3),
    )  # fmt: skip
    ours = MaskedSoftmax(Temperature(1.0))(table[:2], table[2:5], batch)
    assert value == pytest.approx(ours.loss.item(), rel=1e-5)
    assert torch.allclose(gradient[:2], ours.queries, atol=1e-6)
    assert torch.allclose(gradient[2:5], ours.documents, atol=1e-6)


@pytest.mark.parametrize(
    ("columns", "labels", "relevant", "says"),
    [
        ([(0, 1)], None, None, "one column of texts; it needs an anchor and a positive"),
        ([(0, 1), (2, 3)], None, [(0, 2)], r"`relevant` need a column label with \[query, docum"),
        ([(0, 1), (2, 3)], torch.tensor([0, 1]), [(0, 2)], "`relevant` need a column label"),
        ([(0, 1), (2, 3)], torch.tensor([0.5, 1]), None, r"label holds torch.float32 of shape \(2"),
        ([(0, 1), (2, 3)], torch.ones(2, 3).long(), None, r"of shape \(2, 3\); it is a whole"),
    ],
)
def test_data_of_another_form_is_named(columns, labels, relevant, says):
    with pytest.raises(InputError, match=says):
        loss_of(TABLE, columns, labels, relevant)


@pytest.mark.parametrize("pair", [(0,), ("a", "b"), (0, 1, 2), 7, (0.5, 1)])
def test_a_pair_that_is_not_two_whole_numbers_is_named(pair):
    with pytest.raises(InputError, match=r"has pairs \(number of a query, .*, got "):
        MaskedRankingLoss(Rows(TABLE), relevant=[pair])


def test_a_model_without_rows_of_tokens_needs_labels():
    class Flat(Rows):
        def forward(self, features):
            return {"sentence_embedding": self.table[features["flat"]]}

    loss = MaskedRankingLoss(Flat(TABLE), scale=1, similarity=dot)
    columns = [{"flat": torch.tensor(each)} for each in ((0, 1), (2, 3))]
    with pytest.raises(InputError, match="no input_ids .* give the dataset a column label"):
        loss(columns)
    assert loss(columns, torch.tensor([5, 5])).item() == 0


def test_a_scale_that_is_not_above_zero_is_named():
    with pytest.raises(InputError, match="scale is the factor of similarities and above 0, got 0"):
        MaskedRankingLoss(Rows(TABLE), scale=0)


@pytest.fixture
def model(tmp_path):
    """A transformer of one block with random weights, and a tokenizer of seven words."""
    torch.manual_seed(0)
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    vocabulary = {word: i for i, word in enumerate([*special.values(), *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, pad_token_id=1,
    )  # fmt: skip
    BertModel(config).save_pretrained(tmp_path)
    transformer = Transformer(str(tmp_path))
    return SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu")


needs_accelerate = pytest.mark.skipif(
    find_spec("accelerate") is None,
    reason="needs accelerate: pip install 'treeline-bench[sentence-transformers]'",
)
ANCHORS = ["kids sandals", "kids sandals", "rain boots", "rain boots"]
POSITIVES = ["sandals", "footwear", "boots", "footwear"]


def first_two(model):
    """The two nearest documents of each anchor."""
    documents = ["sandals", "boots", "footwear", "hats"]
    scores = model.similarity(model.encode(["kids sandals", "rain boots"]), model.encode(documents))
    return [{documents[place] for place in row} for row in scores.topk(2).indices.tolist()]


@needs_accelerate
@pytest.mark.slow
@pytest.mark.parametrize("label", [None, [0, 0, 1, 1], [[0, 0], [0, 1], [1, 2], [1, 1]]])
def test_a_trainer_learns_both_positives_of_each_anchor(model, label, tmp_path):
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )

    from datasets import Dataset

    columns = {"anchor": ANCHORS, "positive": POSITIVES, "negative": ["hats"] * 4}
    if label:
        columns["label"] = label
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "out"), num_train_epochs=60, per_device_train_batch_size=4,
        learning_rate=0.02, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(columns),
        loss=MaskedRankingLoss(model),
    ).train()
    assert first_two(model) == [{"sandals", "footwear"}, {"boots", "footwear"}]


@needs_accelerate
@pytest.mark.slow
def test_the_example_of_the_docs_runs(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "text.md").read_text()
    section = page.partition("## Several positives in sentence-transformers")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    named = "sentence-transformers/all-MiniLM-L6-v2"
    assert named in code
    read = {}
    exec(compile(code.replace(named, str(model_folder("minilm"))), "docs/text.md", "exec"), read)
    before = SentenceTransformer(str(model_folder("minilm")))
    assert (read["model"].encode("kids sandals") != before.encode("kids sandals")).any()
