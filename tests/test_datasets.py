"""Readers, cards and the embedded graph."""

import gzip
import shutil
import time
import tomllib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.arrays.ancestors import ancestors
from bench.data.cards import FOLDER, card_of_task, cards, read_card
from bench.data.load import Dataset, dataset_of, load_dataset
from bench.data.readers.hierarchies import read as hierarchy
from bench.data.readers.wordnet import build_graph, read_graph
from bench.data.several import dataset_names, task_reader
from bench.errors import InputError
from bench.plan.cells import plan_cells, require_own_names
from bench.plan.grid import Grid
from bench.task.files import load_task, save_task
from tests.cells import cell


@pytest.fixture(scope="module")
def nouns():
    return read_graph(FOLDER / "wordnet-nouns.parquet")


def test_wordnet_has_the_counts_of_release_3_0(nouns):
    assert (len(nouns.names), len(nouns.children)) == (82_115, 84_427)
    start = time.perf_counter()
    relevance = ancestors(nouns.children, nouns.parents, len(nouns.names), 8)
    assert time.perf_counter() - start < 5
    assert list(np.bincount(relevance.distances)) == [
        82115, 84427, 87475, 91076, 95203, 95691, 89073, 74559, 50947,
    ]  # fmt: skip
    whole = ancestors(nouns.children, nouns.parents, len(nouns.names), 99)
    assert (whole.n_pairs, whole.counts.max(), whole.distances.max()) == (825_356, 35, 18)


def test_names_are_lemma_part_of_speech_and_sense(nouns):
    assert len(set(nouns.names)) == len(nouns.names)
    dog = nouns.names.index("dog.n.01")
    assert nouns.lemmas[dog] == "dog|domestic_dog|Canis_familiaris"
    above = {nouns.names[p] for p in nouns.parents[nouns.children == dog]}
    assert above == {"canine.n.02", "domestic_animal.n.01"}


def test_the_embedded_graph_is_small_and_carries_its_licence():
    assert (FOLDER / "wordnet-nouns.parquet").stat().st_size < 1_500_000
    notice = (FOLDER / "wordnet-nouns.LICENSE.txt").read_text()
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in notice


def test_texts_of_queries_are_printed_under_a_licence_that_the_card_names():
    for card in cards().values():
        assert card.query_texts in {"", "CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0"}
        assert card.query_texts in card.licence


def test_a_graph_that_cannot_be_read_is_named_with_the_command_that_builds_it(tmp_path):
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "text.parquet").write_text("no graph")
    pq.write_table(pa.table({"name": ["a"]}), tmp_path / "other.parquet")
    whole = (FOLDER / "wordnet-nouns.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-1000])
    for path in (*tmp_path.iterdir(), tmp_path / "absent.parquet"):
        with pytest.raises(InputError, match=rf"noun graph .*{path.name}.*; build it with"):
            read_graph(path)


@pytest.mark.slow
def test_the_embedded_graph_is_built_from_wordnets_files(data_dir, tmp_path, nouns):
    built = build_graph(data_dir / "wordnet", tmp_path / "nouns.parquet")
    assert built.names == nouns.names
    assert built.lemmas == nouns.lemmas
    np.testing.assert_array_equal(built.parents, nouns.parents)
    np.testing.assert_array_equal(built.children, nouns.children)


def test_another_release_of_wordnet_is_refused(data_dir, tmp_path):
    shutil.copy(data_dir / "wordnet" / "index.noun", tmp_path)
    (tmp_path / "data.noun").write_text("not WordNet")
    with pytest.raises(InputError, match=r"has md5 .* WordNet 3\.0's has 5be921c6"):
        build_graph(tmp_path, tmp_path / "nouns.parquet")
    with pytest.raises(InputError, match="cannot read"):
        build_graph(tmp_path / "absent", tmp_path / "nouns.parquet")


def test_mammals_are_a_subtree():
    task = load_dataset("wordnet-mammal")
    assert {"mammal.n.01", "dog.n.01"} < set(task.document_names)
    assert "bird.n.01" not in task.document_names
    assert len(task.query_names) == 1182
    # 6,542 pairs in the closure and 1,182 nodes; 26 of the pairs are further apart than 8.
    assert task.train.n_pairs == 7698


def test_the_transductive_task_trains_on_its_test():
    task = load_dataset("wordnet")
    assert task.train is task.test.relevance
    assert task.train.n_pairs == 750_566
    assert any("wordnet-heldout" in note for note in task.notes)
    assert any("same pairs" in note for note in task.notes)
    validation = task.validation.relevance
    assert 0 < len(validation.answered) < 0.05 * len(task.query_names)


def codes(relevance):
    return set(
        (relevance.queries.astype(np.int64) * relevance.n_documents + relevance.documents).tolist()
    )


def test_the_held_out_half_is_never_trained_or_validated_on():
    task = load_dataset("wordnet-heldout")
    train, validation, test = map(
        codes, (task.train, task.validation.relevance, task.test.relevance)
    )
    assert not test & train
    assert not test & validation
    assert not validation & train
    whole = load_dataset("wordnet").train
    assert train | validation | test == codes(whole)
    longer = whole.where(whole.distances >= 2).n_pairs
    assert len(test) == longer // 2
    assert task.test.relevance.distances.min() == 2
    assert (np.bincount(task.train.distances)[:2] == [82115, 84427]).all()
    assert codes(task.test.removed) == train | validation
    assert codes(task.validation.removed) == train


def test_a_task_survives_the_disk(small_task, tmp_path):
    loaded = load_task(save_task(small_task, tmp_path))
    assert loaded.digest == small_task.digest
    assert loaded.notes == small_task.notes
    with pytest.raises(ValueError, match="read-only"):
        loaded.train.documents[0] = 1


def test_a_damaged_copy_of_a_task_is_written_again(small_task, tmp_path):
    folder = save_task(small_task, tmp_path)
    for name in ("train.documents.npy", "task.json"):
        (folder / name).write_bytes(b"")
        assert load_task(save_task(small_task, tmp_path)).digest == small_task.digest


def test_a_copy_of_a_task_with_other_notes_is_written_again(small_task, tmp_path):
    save_task(small_task, tmp_path)
    told = replace(small_task, notes=("Read by a newer version.",))
    assert load_task(save_task(told, tmp_path)).notes == told.notes


def test_a_dataset_must_be_named():
    with pytest.raises(InputError, match="no dataset is named"):
        dataset_names(",", [])


@pytest.mark.parametrize(
    "name", [name for name, card in cards().items() if not card.folder and not card.takes_path]
)
def test_every_embedded_dataset_has_the_counts_that_its_card_states(name):
    assert load_dataset(name).test.relevance.n_pairs > 0


@pytest.mark.parametrize("name", [name for name, card in cards().items() if card.folder])
def test_every_dataset_that_is_here_has_the_counts_that_its_card_states(name, data_dir):
    if not (data_dir / cards()[name].folder).exists():
        pytest.skip(f"{name} is not in {data_dir}")
    task = load_dataset(name, data_dir)
    assert task.test.relevance.n_pairs or task.similarity


def test_a_tree_of_any_size():
    task = load_dataset("tree:H=3,W=2")
    assert task.name == "tree-H=3,W=2"
    assert len(task.query_names) == 7
    for wrong in ("tree:H=0", "tree:H=60,W=9"):
        with pytest.raises(InputError, match="H="):
            load_dataset(wrong)
    for wrong in ("tree:depth=3", "tree:H=x", "wordnet:root=3"):
        with pytest.raises(InputError, match="takes"):
            load_dataset(wrong)
    for wrong in ("beir:F,most_missing=all", "beir:F,least_gain=1.5", "beir:F,name=../x"):
        with pytest.raises(InputError, match=f"takes .*; got '{wrong.split(',')[1]}'"):
            load_dataset(wrong)


def test_a_tree_without_its_root_is_a_forest():
    tree, forest = load_dataset("tree:H=3,W=2"), load_dataset("tree:H=3,W=2,root=false")
    assert list(forest.query_names) == ["1", "2", "3", "4", "5", "6"]
    assert set(pairs_by_name(tree)) - set(pairs_by_name(forest)) == {
        (name, "0") for name in tree.query_names
    }
    assert load_dataset("forest").train.distances.max() == 2
    with pytest.raises(InputError, match="H=1, W=5 has no node but its root; root=false needs H"):
        load_dataset("tree:H=1,root=false")
    with pytest.raises(InputError, match="takes .*root=true.false; got 'root=no'"):
        load_dataset("tree:root=no")


def pairs_by_name(task):
    pairs = zip(task.train.queries, task.train.documents, strict=True)
    return [(task.query_names[query], task.document_names[document]) for query, document in pairs]


def test_an_unknown_dataset_is_told_what_is_near():
    with pytest.raises(InputError, match="did you mean wordnet-mammal"):
        load_dataset("wordnet-mamal")


def test_datasets_asked_for_twice_are_read_once():
    assert dataset_names("tree,wordnet,tree", ["wordnet"]) == ["tree", "wordnet"]
    assert dataset_names("quick", []) == ["wordnet-mammal", "wordnet-mammal-text", "tree"]


@pytest.mark.parametrize(
    ("dataset", "task"),
    [
        ("wordnet-text", "wordnet-text"),
        ("clusters:n=100000,dim=384", "clusters-n=100000,dim=384"),
        ("beir:my_folder", "beir-my_folder"),
        ("hierarchy:shoes.csv", "hierarchy-shoes"),
        ("hierarchy:shoes,size=3.csv", "hierarchy-shoes,size=3"),
        ("vectors:dim=8", "vectors-dim=8"),
        ("beir:mine,validation=,test=dev", "beir-mine,validation=,test=dev"),
        ("hierarchy:shoes.csv,max_distance=20", "hierarchy-shoes,max_distance=20"),
        ("fiqa:test=dev", "fiqa-test=dev"),
        ("tree:H=3,W=2@validation", "tree-H=3,W=2@validation"),
        ("hierarchy:shoes.csv@half@validation", "hierarchy-shoes@half@validation"),
    ],
)
def test_the_name_of_a_task_tells_its_dataset(dataset, task):
    assert Dataset.parse(dataset).task_name == task
    assert dataset_of(task) == dataset.replace(".csv", "")  # the ending is not in the name


def test_folders_of_one_name_can_be_given_names_of_their_own(tmp_path, monkeypatch):
    assert Dataset.parse("beir:/x/data,name=letters,test=dev").task_name == "beir-letters,test=dev"
    monkeypatch.chdir(tmp_path)
    assert Dataset.parse("beir:.").task_name == f"beir-{tmp_path.name}"


def test_two_datasets_of_one_name_are_refused_with_the_way_out(tmp_path):
    named, tasks = [], {"hierarchy-edges", "hierarchy-second"}
    for child in "xy":
        (tmp_path / child).mkdir()
        (tmp_path / child / "edges.csv").write_text(f"child,parent\n{child},top\n")
        named.append(f"hierarchy:{tmp_path / child / 'edges.csv'}")
    told = (
        rf"{named[0]} and {named[1]} would both be called hierarchy-edges; .*{named[1]},name=NAME"
    )
    with pytest.raises(InputError, match=told):
        plan_cells([Grid(name, []) for name in named], None, 1)
    with pytest.raises(InputError, match=told):
        task_reader(named, None, tasks)
    apart = task_reader([named[0], f"{named[1]},name=second"], None, tasks)
    assert list(apart("hierarchy-second", None).document_names) == ["top", "y"]


def test_data_of_another_place_under_a_name_that_is_stored_is_refused():
    stored = cell(task="beir-data", task_digest="x", dataset="beir:/x/data")
    new = cell(task="beir-data", task_digest="y", dataset="beir:/y/data")
    told = "beir:/y/data would be called beir-data, as beir:/x/data is .* name=NAME after the path"
    with pytest.raises(InputError, match=told):
        require_own_names([new], [stored])
    edited, moved = ({"task_digest": "z"}, {"dataset": "beir:/z/data"})
    assert not require_own_names([stored.model_copy(update=moved)], [stored])
    (said,) = require_own_names([stored.model_copy(update=edited)], [stored, stored])
    assert "The data of beir-data have changed since 2 cells of the results folder were" in said


def test_a_task_from_a_path_has_no_card():
    assert card_of_task("tree-H=3,W=2") is cards()["tree"]
    assert card_of_task("msmarco-slice-ignore_identical_ids=same-text") is cards()["msmarco-slice"]
    assert card_of_task("hierarchy-shoes") is card_of_task("vectors-dim=8") is None


def test_a_hierarchy_is_read_from_its_file_or_its_folder(tmp_path):
    (tmp_path / "edges.csv").write_text("child,parent\nboots,footwear\n")
    task = load_dataset(f"hierarchy:{tmp_path / 'edges.csv'}")
    assert (task.name, task.train.n_pairs) == ("hierarchy-edges", 3)
    assert load_dataset(f"hierarchy:{tmp_path}").train.n_pairs == 3
    with pytest.raises(InputError, match=r"dataset hierarchy needs a path: hierarchy:EDGES\.csv"):
        load_dataset("hierarchy")


def test_an_unclosed_quote_is_named_by_its_line_and_hides_no_line(tmp_path):
    path = tmp_path / "edges.csv"
    for text in ('a,b\n"c,b\nd,b\n', 'a,b\n"c,b\nd,"b\ne,b\n', 'a,b\n"c"x,b\n'):
        path.write_text(f"child,parent\n{text}")
        with pytest.raises(
            InputError, match=r"edges\.csv, line 3: .* ends with a quote on the same"
        ):
            hierarchy.read("edges", path)
    path.write_text('child,parent\n"a, ""the"" first",b\n')
    assert 'a, "the" first' in hierarchy.read("edges", path).document_names


def test_a_packed_hierarchy_is_read(tmp_path):
    (tmp_path / "edges.csv.gz").write_bytes(gzip.compress(b"child,parent\na,b\n"))
    assert hierarchy.read("edges", tmp_path / "edges.csv.gz").train.n_pairs == 3


def test_a_card_that_does_not_fit_is_named(tmp_path):
    path = tmp_path / "odd.toml"
    path.write_text('name = "odd"\ntitel = "a typing error"\n')
    with pytest.raises(InputError, match=r"odd\.toml cannot be used"):
        read_card(path)


TREE = 'name = "odd"\ntitle = ""\ncitation = ""\nlicence = ""\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff", "0xff in position"),
        (b"x = " + b"[" * 5000, "recursion"),
        (b'reader = "bench.data.readers.tree:read"\ncounts = { pages = 3 }', "counts.pages"),
    ],
)
def test_a_card_that_cannot_be_read_is_named(tmp_path, text, message):
    path = tmp_path / "odd.toml"
    path.write_bytes(TREE.encode() + text)
    with pytest.raises(InputError, match=rf"(?s)odd\.toml cannot be used: .*{message}"):
        read_card(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reader": ""}, "there is no '': Empty module name"),
        ({"reader": "bench.data.readers.tree:reed"}, "has no attribute 'reed'"),
        ({"reader": "bench.data.readers.trees:read"}, "No module named 'bench.data.readers.trees'"),
        ({"options": {"H": 4, "W": 5}}, "missing 1 required .* 'max_distance'"),
        ({"options": {"H": "4", "W": 5, "max_distance": 8}}, "'<' not supported"),
    ],
)
def test_a_card_that_does_not_fit_its_reader_is_named(monkeypatch, change, message):
    odd = {"tree": cards()["tree"].model_copy(update=change)}
    monkeypatch.setattr("bench.data.cards.cards", lambda: odd)
    with pytest.raises(InputError, match=rf"the card tree.* reader.*: .*{message}"):
        load_dataset("tree")


def test_counts_that_differ_from_the_card_are_an_error(monkeypatch):
    card = cards()["tree"].model_copy(update={"counts": {"queries": 155}})
    monkeypatch.setitem(cards(), "tree", card)
    with pytest.raises(InputError, match="156 queries, its card says 155"):
        load_dataset("tree")


def test_cards_are_toml_with_a_licence_and_a_citation():
    for path in FOLDER.glob("*.toml"):
        card = tomllib.loads(path.read_text())
        assert card["licence"]
        assert card["citation"]


class TestCsv:
    def read(self, tmp_path, text, **options):
        path = tmp_path / "edges.csv"
        path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
        return hierarchy.read("edges", path, **options)

    def test_several_roots_and_several_parents(self, tmp_path):
        task = self.read(
            tmp_path,
            "child,parent\nsandals,footwear\nkids sandals,sandals\nkids sandals,kids\n"
            "kids sandals,sandals\n",
        )
        assert list(task.query_names) == ["footwear", "kids", "kids sandals", "sandals"]
        row = task.train.rows(np.array([2]))
        assert dict(zip(row.documents.tolist(), row.distances.tolist(), strict=True)) == {
            2: 0, 3: 1, 1: 1, 0: 2,
        }  # fmt: skip

    def test_other_columns_and_their_order_do_not_matter(self, tmp_path):
        task = self.read(tmp_path, "weight,parent,child\n1,b,a\n")
        assert task.train.n_pairs == 3

    def test_names_that_look_like_numbers_or_nothing_stay_names(self, tmp_path):
        task = self.read(tmp_path, "child,parent\n007,NA\n7,NA\n")
        assert list(task.query_names) == ["007", "7", "NA"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "child,parent\na,b\n\nb,a\n",
                r"edges\.csv, lines (2, 4|4, 2): the links make a cycle",
            ),
            (
                "child,parent\nz,a\na,b\nb,c\nc,a\n",
                "cycle, (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)",
            ),
            ("child,parent\na,b\nc,c\n", "line 3: 'c' is its own parent"),
            ("", "is empty; a line has child,parent"),
            (bytes(range(256)) * 20, "holds bytes of zero"),
            ("kind,parent\na,b\n", "has no column child"),
            ("a,b,c,d\ne,f,g,h\n", "no column child and no column parent"),
            ("child,parent\n", "has no links"),
            ("child,parent\na,\n", "has no links"),
            ("child,parent\na,b\n,b\n", "line 3: a value is missing"),
            ("child,parent\na,b,c,d\ne,f,g\n", "line 2 has 4 values for the 2 columns"),
            ("child,parent\na,b\nc\n", "line 3 has 1 values"),
            (
                'child,parent\na,b\n"c,b\nd,b\n',
                "line 3: .*; a value in double quotes ends with a quote",
            ),
            ('child,parent\na,c\n"d"e,c\n', "line 3: ',' expected after '\"'; a value in double"),
        ],
    )
    def test_what_is_no_hierarchy_is_refused_by_name(self, tmp_path, text, message):
        with pytest.raises(InputError, match=message):
            self.read(tmp_path, text)

    CLOSURE = "child,parent\nc,b\nc,a\nb,a\nd,c\nd,b\nd,a\n"

    def test_links_of_a_closure_are_counted_and_told(self, tmp_path):
        task = self.read(tmp_path, self.CLOSURE)
        assert list(np.bincount(task.train.distances)) == [4, 6]
        assert "Links that other links imply: 3 of 6, such as c -> a" in task.notes[0]
        assert "the option reduce leaves these links out" in task.notes[0]

    def test_links_that_others_imply_are_left_out_if_asked(self, tmp_path):
        task = self.read(tmp_path, self.CLOSURE, reduce=True)
        assert list(np.bincount(task.train.distances)) == [4, 3, 2, 1]
        assert "Links that other links imply, left out: 3 of 6, such as c -> a." in task.notes

    def test_an_option_without_an_effect_leaves_the_digest(self, tmp_path):
        tree = "child,parent\na,r\nb,r\nc,a\n"
        plain, direct, far = (
            self.read(tmp_path, tree, **options)
            for options in ({}, {"reduce": True}, {"max_distance": 20})
        )
        assert plain.digest == direct.digest == far.digest
        assert len(plain.notes) == 1  # nothing to be told

    def test_options_are_typed_after_the_path_and_stand_in_the_name(self, tmp_path):
        (tmp_path / "shoes.csv").write_text(self.CLOSURE)
        task = load_dataset(f"hierarchy:{tmp_path}/shoes.csv,max_distance=1,reduce")
        assert task.name == "hierarchy-shoes,max_distance=1,reduce"
        assert list(np.bincount(task.train.distances)) == [4, 3]
        assert (
            "Pairs beyond max_distance=1 count as not relevant: 3, up to distance 3." in task.notes
        )

    def test_files_of_poincare_embeddings_are_read(self, tmp_path):
        task = self.read(tmp_path, "id1,id2,weight\na,r,1\nb,r,1\nc,a,1\n")
        assert task.digest == self.read(tmp_path, "child,parent\na,r\nb,r\nc,a\n").digest

    def test_pairs_beyond_the_largest_distance_are_told_and_it_can_be_set(self, tmp_path):
        chain = "child,parent\n" + "".join(f"{i + 1},{i}\n" for i in range(10))
        task = self.read(tmp_path, chain)
        assert (
            "Pairs beyond max_distance=8 count as not relevant: 3, up to distance 10." in task.notes
        )
        assert self.read(tmp_path, chain, max_distance=10).train.n_pairs == 66

    def test_a_folder_says_which_of_its_files_is_read(self, tmp_path):
        (tmp_path / "links.csv").write_text("child,parent\na,b\n")
        task = hierarchy.read("edges", tmp_path, edges="links.csv")
        assert "Links are those of links.csv in the folder." in task.notes

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match="cannot read .*absent"):
            hierarchy.read("edges", tmp_path / "absent.csv")


def test_a_view_has_other_queries_as_its_test_and_the_same_training():
    whole, viewed = (load_dataset(f"tree:H=3,W=3{view}") for view in ("", "@validation"))
    assert viewed.name == "tree-H=3,W=3@validation"
    assert viewed.test.relevance.n_pairs == whole.validation.relevance.n_pairs
    assert viewed.train.n_pairs == whole.train.n_pairs
    assert load_dataset("tree:H=3,W=3@validation").digest == viewed.digest != whole.digest


def test_a_sample_has_some_of_the_test_queries_or_all_if_they_are_few(monkeypatch):
    whole = load_dataset("tree:H=3,W=3").test.relevance.answered
    assert set(load_dataset("tree:H=3,W=3@sample").test.relevance.answered) == set(whole)
    monkeypatch.setattr("bench.data.views.MOST_SAMPLED", 5)
    drawn = load_dataset("tree:H=3,W=3@sample")
    assert len(drawn.test.relevance.answered) == 5
    assert set(drawn.test.relevance.answered) < set(whole)
    assert drawn.notes[-1] == "The test is 5 test queries of tree-H=3,W=3, drawn at random."


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("tree@half@validations", "unknown dataset 'tree@half@validations'"),
        ("tree@validation@validation", "tree@validation@validation names a view twice"),
        ("limit:n=2,k=2@half", "limit-n=2,k=2 has 1 test queries, too few to choose by"),
    ],
)
def test_a_view_that_there_is_none_of_is_an_error(dataset, says):
    with pytest.raises(InputError, match=says):
        load_dataset(dataset)
