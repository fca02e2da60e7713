"""Text encoders: embeddings kept on disk, and what is trained of an encoder."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from bench.arrays.strings import Strings
from bench.errors import InputError
from bench.method import Workspace
from bench.registry import Registry
from methods.encoders import embeddings, sentence, tokens
from methods.encoders.embeddings import embed
from methods.encoders.pretrained import Pretrained
from methods.encoders.text import TextEncoder, TextRecipe
from methods.trainers.learned import learner_of
from methods.trainers.loop import train_encoder
from methods.trainers.losses import InBatchSoftmax, Temperature
from methods.trainers.standard import Standard
from tests.searching import searcher_of

MINILM = Pretrained("minilm", "", mixed=False)
WORDLLAMA = Pretrained("wordllama", "", mixed=False)
with_wordllama = pytest.mark.skipif(
    sentence.lacks_encoder("wordllama") is not None, reason="the extra static is not installed"
)
TEXTS = Strings.of(["a dog barks", "", "the quick brown fox jumps over the lazy dog", "pianos"])
QUICK = {"steps": 8, "checks": 2, "lr": 0.001, "batch": 8}


def silent(done, total):
    pass


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def fitted(task, workspace, name="standard-de", **params):
    method = Registry().resolve(name)(**{**QUICK, **params})
    method.workspace = workspace
    method.fit(task.training(), seed=0, progress=silent)
    return method


def test_embeddings_are_those_of_sentence_transformers(workspace):
    model = sentence.load_model("minilm", torch.device("cpu"))
    expected = model.encode(list(TEXTS), normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(embed(MINILM, TEXTS, workspace), expected, atol=1e-6)


def test_a_second_run_encodes_nothing(workspace, monkeypatch):
    first = np.array(embed(MINILM, TEXTS, workspace))
    monkeypatch.setattr(Pretrained, "encode", lambda *given: pytest.fail("encoded again"))
    np.testing.assert_array_equal(embed(MINILM, TEXTS, workspace), first)


@with_wordllama
def test_a_vector_of_wordllama_is_the_mean_of_those_of_its_tokens(workspace):
    model = WORDLLAMA.model()
    found = embed(WORDLLAMA, TEXTS, workspace)
    assert found.shape == (4, 256)
    for text, vector in zip(TEXTS, found, strict=True):
        ids = model.tokenizer.encode(text, add_special_tokens=False).ids
        mean = model[0].embedding.weight[ids].mean(0) if ids else torch.zeros(256)
        expected = torch.nn.functional.normalize(mean, dim=0).detach().numpy()
        np.testing.assert_allclose(vector, expected, atol=1e-6)


@with_wordllama
def test_static_vectors_are_looked_up_at_once(monkeypatch):
    passes = []
    looked_up = torch.nn.EmbeddingBag.forward
    monkeypatch.setattr(
        torch.nn.EmbeddingBag,
        "forward",
        lambda *given: passes.append(1) or looked_up(*given),
    )
    embed(WORDLLAMA._replace(device="cpu"), Strings.of(["dog " * 1000] * 30), Workspace())
    assert len(passes) == 1


@with_wordllama
@pytest.mark.parametrize("tune", ["none", "head", "full"])
def test_static_vectors_are_tuned_as_those_of_a_transformer_are(small_text_task, workspace, tune):
    encoder = fitted(small_text_task, workspace, encoder="wordllama", tune=tune).encoder
    assert encoder.encode_documents(TEXTS).shape == (4, 256)


@with_wordllama
def test_static_vectors_have_no_last_layer_to_tune(workspace):
    recipe = TextRecipe("wordllama", "last-layer")
    with pytest.raises(InputError, match="'wordllama' has none; take tune=head or tune=full"):
        TextEncoder.pretrained(recipe, workspace, seed=0)


@pytest.mark.parametrize("name", ["zero-shot-de", "standard-de", "ehi"])
def test_an_encoder_whose_package_is_not_installed_is_skipped(small_text_task, monkeypatch, name):
    monkeypatch.setitem(sentence.PACKAGED, "wordllama", sentence.Packaged("not-installed", "."))
    sentence.model_folder.cache_clear()
    method = Registry().resolve(name)(encoder="wordllama")
    reason = "the encoder wordllama needs not_installed; pip install not_installed"
    assert method.skip(small_text_task.training()) == reason
    without_texts = dataclasses.replace(
        small_text_task.training(), document_texts=None, query_texts=None
    )
    assert method.skip(without_texts) != reason


def test_texts_are_tokenised_once_as_sentence_transformers_does_it(workspace, monkeypatch):
    theirs = MINILM.model().preprocess(list(TEXTS))
    found = MINILM.tokens(TEXTS, workspace)
    np.testing.assert_array_equal(found.values, theirs["input_ids"][theirs["attention_mask"] > 0])
    monkeypatch.setattr("methods.encoders.tokens.Tokenizer", None)
    again = MINILM._replace(mixed=True).tokens(TEXTS, workspace)
    np.testing.assert_array_equal(again.values, found.values)
    np.testing.assert_array_equal(again.lengths, theirs["attention_mask"].sum(1))


def test_a_long_text_is_cut_where_the_model_cuts_it(workspace):
    found = MINILM.tokens(Strings.of(["dog " * 1000]), workspace)
    assert found.lengths.tolist() == [MINILM.model().max_seq_length]


def test_a_model_that_reads_more_than_token_ids_is_refused(monkeypatch):
    model = MINILM.model()
    monkeypatch.setattr(model, "default_prompt_name", "query")
    monkeypatch.setattr(model, "prompts", {"query": "find: "})
    ours = MINILM.tokens(Strings.of(["dogs"]), Workspace())
    assert ours.lengths.tolist() == [5]  # [CLS] find : dogs [SEP]
    monkeypatch.setattr(model[1], "include_prompt", False)
    with pytest.raises(InputError, match="reads more of a text than its token ids"):
        MINILM.tokens(Strings.of(["dogs"]), Workspace())


@pytest.mark.parametrize("mixed", [False, True])
def test_no_texts_have_no_vectors(mixed):
    none = Strings.of([])
    assert embed(MINILM._replace(mixed=mixed), none, Workspace()).shape == (0, 384)
    full = TextEncoder.pretrained(TextRecipe("minilm", "full"), Workspace(), seed=0)
    assert full.encode_documents(none).shape == (0, 384)


def test_an_encoder_has_no_dropout_in_any_of_its_modules(tmp_path):
    from sentence_transformers.sentence_transformer.modules import Dropout

    MINILM.model().save(str(tmp_path / "dropping"))
    dropping = MINILM._replace(name=str(tmp_path / "dropping"))
    dropping.model().append(Dropout(0.9))
    dropping.model().save(str(tmp_path / "dropping"))
    again = MINILM._replace(name=f"{tmp_path}/dropping/.")
    np.testing.assert_allclose(
        embed(again, TEXTS, Workspace()), embed(MINILM, TEXTS, Workspace()), atol=1e-6
    )


def test_other_texts_and_other_encoders_are_encoded(workspace, monkeypatch):
    embed(MINILM, TEXTS, workspace)
    encoded = []

    def counted(encoder, chunks):
        for chunk in chunks:
            encoded.append(len(chunk.lengths))
            yield encoder.encode(chunk)

    embed(MINILM, TEXTS[:2], workspace, counted)
    monkeypatch.setattr(tokens, "model_digest", lambda name: "another digest")
    embed(MINILM, TEXTS, workspace, counted)
    assert encoded == [2, 4]


def test_an_encoding_that_is_cut_short_goes_on_where_it_stopped(tmp_path, monkeypatch):
    def interrupt(done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(embeddings, "CHUNK", {"cpu": 1})
    with pytest.raises(KeyboardInterrupt):
        embed(MINILM, TEXTS, Workspace(tmp_path, interrupt))
    assert not list((tmp_path / "embeddings").rglob("complete.json"))
    told = []
    again = embed(MINILM, TEXTS, Workspace(tmp_path, lambda done, total: told.append(done)))
    assert told == [2, 3, 4]
    np.testing.assert_allclose(again, embed(MINILM, TEXTS, Workspace()), atol=1e-6)
    left = {path.name for path in tmp_path.rglob("*") if path.suffix != ".lock" and path.is_file()}
    assert left == {"vectors.npy", "complete.json", "offsets.npy", "ids.i32"}


@pytest.mark.parametrize("damage", ["vectors.npy", "finished"])
def test_chunks_that_a_power_cut_left_damaged_are_encoded_again(tmp_path, monkeypatch, damage):
    def stop_after_3(done, total):
        if done == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(embeddings, "CHUNK", {"cpu": 1})
    with pytest.raises(KeyboardInterrupt):
        embed(MINILM, TEXTS, Workspace(tmp_path, stop_after_3))
    (file,) = tmp_path.rglob(damage)
    file.write_bytes(b"\0" * file.stat().st_size)
    again = embed(MINILM, TEXTS, Workspace(tmp_path))
    np.testing.assert_allclose(again, embed(MINILM, TEXTS, Workspace()), atol=1e-6)


def test_damaged_embeddings_are_encoded_again_with_a_word(tmp_path):
    said = []
    workspace = Workspace(tmp_path, warn=said.append)
    first = np.array(embed(MINILM, TEXTS, workspace))
    (file,) = tmp_path.rglob("vectors.npy")
    file.write_bytes(file.read_bytes()[:-1000] + bytes(1000))  # zeros in the last vector
    np.testing.assert_array_equal(embed(MINILM, TEXTS, workspace), first)
    assert said == [f"{file} is not as it was written; it is made again"]


def test_a_last_layer_that_needs_more_than_its_activations_is_refused(workspace, monkeypatch):
    from methods.encoders import last_layer

    monkeypatch.setattr(last_layer, "TOLERANCE", 0.0)
    recipe = TextRecipe("minilm", "last-layer")
    with pytest.raises(InputError, match="take tune=head or tune=full"):
        TextEncoder.pretrained(recipe, workspace, seed=0)


def test_a_folder_that_is_not_there_is_no_name_on_the_hub():
    with pytest.raises(InputError, match="there is no such folder"):
        sentence.model_folder("/nowhere/model")


def test_encoding_tells_how_far_it_is(tmp_path):
    told = []
    embed(MINILM, TEXTS, Workspace(tmp_path, lambda done, total: told.append((done, total))))
    assert told[-1] == (4, 4)


def test_an_encoder_that_is_nowhere_says_what_to_do(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        InputError, match="neither minilm nor wordllama nor a folder here.*copy the folder"
    ):
        sentence.model_folder("nobody/no-such-encoder")


def test_a_folder_that_holds_no_encoder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"without modules\.json"):
        sentence.model_folder(str(tmp_path))


def test_an_encoder_may_be_a_folder(workspace):
    folder = str(sentence.model_folder("minilm"))
    assert sentence.model_digest(folder) == sentence.model_digest("minilm")
    assert embed(MINILM._replace(name=folder), TEXTS, workspace).shape == (4, 384)


def test_a_cell_depends_on_what_an_encoders_folder_holds(tmp_path):
    from bench.versions.keys import cell_key

    def key(content):
        (tmp_path / "modules.json").write_text("[]")
        (tmp_path / "config.json").write_text(json.dumps(content))
        sentence.model_digest.cache_clear()
        return cell_key("task", Registry().resolve("standard-de")(encoder=str(tmp_path)), 0, 10)

    assert key(1) != key(2)


@pytest.mark.parametrize("tune", ["none", "head", "last-layer", "full"])
def test_before_training_every_tower_is_the_pretrained_encoder(workspace, tune):
    recipe = TextRecipe("minilm", tune, dim=384, width=16)
    encoder = TextEncoder.pretrained(recipe, workspace, seed=0)
    expected = embed(MINILM, TEXTS, workspace)
    # Activations before the last block are kept as float16.
    atol = 2e-3 if tune == "last-layer" else 1e-5
    np.testing.assert_allclose(encoder.encode_documents(TEXTS), expected, atol=atol)


def trained(task, workspace, tune, *, siamese=True):
    """An encoder after a few steps, whether they did good or not; and the loss of each."""
    training = task.training()
    recipe = TextRecipe("minilm", tune, siamese, dim=384, width=16)
    encoder = TextEncoder.pretrained(recipe, workspace, seed=0)
    losses = []

    class Watched(InBatchSoftmax):
        def __call__(self, q, x, batch):
            gradients = super().__call__(q, x, batch)
            losses.append(gradients.loss)
            return gradients

    train_encoder(
        learner_of(encoder, training, workspace),
        Standard(batch=8).batches(training.relevance, np.random.default_rng(0)),
        Watched(Temperature(20.0)),
        steps=6,
        lr=0.01 if tune == "head" else 1e-4,
        progress=silent,
        checkpoint=workspace.checkpoint,
    )
    return encoder, losses


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["head", "last-layer", "full"])
def test_training_lowers_the_loss_and_a_saved_encoder_is_the_same(
    small_text_task, workspace, tmp_path, tune
):
    encoder, losses = trained(small_text_task, workspace, tune)
    assert losses[-1] < losses[0]
    folder = tmp_path / "saved"
    folder.mkdir()
    encoder.save(folder)
    again = TextEncoder.load(folder, workspace)
    expected = encoder.encode_documents(TEXTS)
    np.testing.assert_allclose(again.encode_documents(TEXTS), expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["head", "last-layer", "full"])
def test_training_a_copy_leaves_the_encoder_as_it_was(small_text_task, workspace, tune):
    encoder, _ = trained(small_text_task, workspace, tune)
    before = encoder.encode_documents(TEXTS)
    copy = encoder.copy()
    for module, _ in copy.modules():
        for weight in module.parameters():
            weight.data.zero_()
    np.testing.assert_array_equal(encoder.encode_documents(TEXTS), before)


def test_queries_and_documents_may_have_an_encoder_each(small_text_task, workspace):
    same, _ = trained(small_text_task, workspace, "head")
    apart, _ = trained(small_text_task, workspace, "head", siamese=False)
    assert same.documents is same.queries
    difference = apart.documents.encode(TEXTS) - apart.queries.encode(TEXTS)
    assert np.abs(difference).max() > 1e-4


def test_training_reads_no_test_query(small_text_task, workspace, monkeypatch):
    read = []
    original = embeddings.embed

    def watched(name, texts, *rest):
        read.extend(texts)
        return original(name, texts, *rest)

    for module in ("methods.encoders.embeddings", "methods.encoders.towers"):
        monkeypatch.setattr(f"{module}.embed", watched)
    fitted(small_text_task, workspace)
    assert "what is a dog?" in read
    assert "what is a novel?" not in read


def test_the_kept_encoder_is_never_worse_on_validation_than_the_pretrained_one(
    small_text_task, workspace
):
    from methods.indexes.exact import top_k

    training = small_text_task.training()

    def score(encoder):
        documents = encoder.encode_documents(training.document_texts)
        return training.validation_score(
            lambda queries, k: top_k(encoder.encode_queries(queries), documents, k)[1]
        )

    frozen = fitted(small_text_task, workspace, tune="none").encoder
    wild = fitted(small_text_task, workspace, lr=5.0).encoder
    assert score(wild) >= score(frozen)


def test_a_seed_gives_the_same_encoder(small_text_task, workspace):
    first, second = (trained(small_text_task, workspace, "head")[0] for _ in range(2))
    vectors = first.encode_documents(TEXTS)
    np.testing.assert_array_equal(vectors, second.encode_documents(TEXTS))
    assert not np.allclose(vectors, embed(MINILM, TEXTS, workspace), atol=1e-3)


def test_trainers_of_far_pairs_say_why_they_have_nothing_to_learn(small_text_task):
    flat = small_text_task.train.where(small_text_task.train.distances == 0)
    training = dataclasses.replace(small_text_task.training(), relevance=flat)
    for name in ("resampled-de", "pretrain-finetune-de"):
        reason = Registry().resolve(name)(geometry="cosine").skip(training)
        assert "the training pairs end at distance 0" in reason
        assert "--set far=NUMBER" in reason
    assert (
        Registry()
        .resolve("resampled-de")(far=1, geometry="cosine")
        .skip(small_text_task.training())
        is None
    )


def test_without_training_pairs_only_the_pretrained_encoder_has_a_row(small_text_task):
    empty = small_text_task.train.where(np.zeros(small_text_task.train.n_pairs, bool))
    training = dataclasses.replace(small_text_task.training(), relevance=empty)
    assert "no training pairs" in Registry().resolve("masked-de")().skip(training)
    assert Registry().resolve("masked-de")(tune="none").skip(training) is None
    assert Registry().resolve("zero-shot-de")().skip(training) is None


def test_bm25_finds_words_and_visits_the_documents_that_hold_one(small_text_task):
    method = Registry().resolve("bm25")()
    method.index(small_text_task.corpus)
    run = searcher_of(method, small_text_task, 5).run({}, silent)
    # "what is a dog?" shares a word with the two documents about dogs.
    assert set(run.ids[0][:2]) == {0, 1}
    assert run.visited[0] == 2
    assert run.summary.self_reported


def test_bm25_returns_nothing_for_words_that_no_document_has(small_text_task):
    method = Registry().resolve("bm25")()
    method.index(small_text_task.corpus)
    queries = (
        small_text_task.training().queries(np.array([0]))._replace(texts=Strings.of(["xyzzy"]))
    )
    assert (method.search(queries, 5, {}).ids == -1).all()
