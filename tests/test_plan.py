"""--set, defaults and the depth of rankings."""

import dataclasses

import pytest

from bench.errors import InputError
from bench.plan.cells import plan_cell
from bench.plan.depth import depth_needed
from bench.plan.grid import Settings, check_settings, grids, settled
from bench.registry import Registry
from bench.system.provenance import provenance

REGISTRY = Registry()
MASKED = REGISTRY.resolve("masked-de")


def planned(task, values):
    return plan_cell(task, MASKED(**values), 0, None, provenance(1))


def test_the_dataset_overrules_the_method_and_the_user_both(small_task):
    task = dataclasses.replace(small_task, defaults={"dim": 16, "masked-de.batch": 7})
    values = settled(MASKED, task, Settings.parse(["lr=0.5"]))
    assert (values["dim"], values["batch"], values["lr"]) == (16, 7, 0.5)
    assert planned(task, values).changed == {"lr": 0.5}


def test_what_the_user_sets_to_the_default_is_no_change(small_task):
    values = settled(MASKED, small_task, Settings.parse(["dim=64"]))
    assert planned(small_task, values).changed == {}


def test_defaults_that_depend_on_a_setting_are_no_change(small_task):
    task = dataclasses.replace(small_task, defaults={"lr": 0.05, "masked-de.steps": 70})
    values = settled(MASKED, task, Settings.parse(["dim=3"]))
    assert (values["geometry"], values["lr"], values["steps"]) == ("dot", 8 / 3, 70)
    assert planned(task, values).changed == {"dim": 3}
    values = settled(MASKED, task, Settings.parse(["dim=3", "geometry=cosine"]))
    assert planned(task, values).changed == {"dim": 3, "geometry": "cosine"}


def test_a_setting_for_one_method_leaves_the_others(small_task):
    settings = Settings.parse(["masked-de.dim=5"])
    assert settled(MASKED, small_task, settings)["dim"] == 5
    assert settled(REGISTRY.resolve("standard-de"), small_task, settings)["dim"] == 64


@pytest.mark.parametrize("text", ["dim", "=3", "dim=", "a b=3", ".dim=3=", "masked-de.=3"])
def test_a_setting_of_another_form_is_refused(text, small_task):
    with pytest.raises(InputError, match=r"takes \[METHOD\.\]PARAM=VALUE|--set"):
        check_settings([MASKED], Settings.parse([text]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dim=abc", r"masked-de\.dim takes int \(default 64\), got 'abc'"),
        ("lr=inf", r"masked-de\.lr takes float"),
    ],
)
def test_a_value_of_another_type_names_the_parameter_and_its_type(small_task, text, message):
    with pytest.raises(InputError, match=message):
        settled(MASKED, small_task, Settings.parse([text]))


def test_a_value_that_has_its_type_is_taken_as_it_is(small_task):
    settings = Settings({("", "dim"): 5, ("masked-de", "lr"): 1, ("", "siamese"): False})
    values = settled(MASKED, small_task, settings)
    assert (values["dim"], values["lr"]) == (5, 1.0)
    assert type(values["lr"]) is float
    assert settled(REGISTRY.resolve("standard-de"), small_task, settings)["siamese"] is False


@pytest.mark.parametrize("value", [0.5, True, 5.0])
def test_a_typed_value_is_not_made_another_type(value):
    with pytest.raises(InputError, match=r"masked-de\.dim takes int \(default 64\), got"):
        Settings({("", "dim"): value}).of(MASKED)


def test_true_and_false_are_read_as_such(small_task):
    standard = REGISTRY.resolve("standard-de")
    assert settled(standard, small_task, Settings.parse(["siamese=false"]))["siamese"] is False
    with pytest.raises(InputError, match="true or false"):
        settled(standard, small_task, Settings.parse(["siamese=1"]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nlist=3", "no chosen method has this parameter"),
        ("random.dim=3", "not among the chosen methods"),
        ("masked-de.nlist=3", "has no parameter 'nlist'; it has: batch"),
    ],
)
def test_a_setting_that_nobody_reads_is_an_error(text, message):
    with pytest.raises(InputError, match=message):
        check_settings([MASKED], Settings.parse([text]))


def test_the_same_parameter_twice_is_an_error():
    with pytest.raises(InputError, match="given twice"):
        Settings.parse(["dim=3", "dim=4"])


def test_rankings_are_as_deep_as_the_largest_relevant_set(small_task):
    assert depth_needed(small_task, None) == 3
    assert depth_needed(small_task, 10) == 10
    assert depth_needed(small_task, 1000) == 21
    with pytest.raises(InputError, match="k=2 is too small for small: .* down to 3"):
        depth_needed(small_task, 2)


def test_what_a_corpus_smaller_than_the_cut_needs_can_be_asked_for(small_text_task):
    needed = depth_needed(small_text_task, None)
    assert needed > len(small_text_task.document_names)
    assert depth_needed(small_text_task, needed) == needed


def test_methods_are_run_once_each():
    (grid,) = grids(["random", "oracle", "random"], ["tree"], REGISTRY)
    assert [method.name for method in grid.methods] == ["random", "oracle"]
    more = grids(["oracle", "all", "masked-de+scann"], ["tree"], REGISTRY)[0].methods
    assert [method.name for method in more][:2] == ["oracle", "zero-shot-de"]
    assert len(more) == len(REGISTRY.names()) + 1
    with pytest.raises(InputError, match="no method is named"):
        grids([], ["tree"], REGISTRY)


def test_a_default_of_a_trainer_on_a_card_holds_with_any_index(small_task):
    task = dataclasses.replace(
        small_task, defaults={"lr": 0.5, "masked-de.lr": 0.25, "masked-de+hnsw.lr": 0.125}
    )
    rates = {
        name: settled(REGISTRY.resolve(name), task, Settings())["lr"]
        for name in ("standard-de", "masked-de", "masked-de+faiss-ivf", "masked-de+hnsw")
    }
    assert list(rates.values()) == [0.5, 0.25, 0.25, 0.125]


def test_a_geometry_is_that_of_the_vectors(small_task, small_text_task):
    standard = REGISTRY.resolve("standard-de")
    assert settled(standard, small_task, Settings())["geometry"] == "dot"
    assert settled(standard, small_text_task, Settings())["geometry"] == "cosine"
    asked = settled(standard, small_text_task, Settings.parse(["geometry=lorentz"]))
    reason = standard(**asked).skip(small_text_task.training())
    assert reason == "vectors of texts have length 1: geometry is cosine there, not lorentz"


class TestPrecision:
    """Texts are encoded in what the machine multiplies fastest, unless something else is asked."""

    @pytest.fixture(autouse=True)
    def fast(self, monkeypatch):
        monkeypatch.setattr("bench.plan.grid.fast_precision", lambda: "bfloat16")

    @pytest.mark.parametrize(
        ("defaults", "settings", "precision"),
        [
            ({}, [], "bfloat16"),
            ({}, ["precision=float32"], "float32"),
            ({}, ["standard-de.precision=float32"], "float32"),
            ({"precision": "float32"}, [], "float32"),
            ({"standard-de.precision": "float32"}, [], "float32"),
        ],
    )
    def test_of_texts(self, small_text_task, defaults, settings, precision):
        task = dataclasses.replace(small_text_task, defaults=defaults)
        method = REGISTRY.resolve("standard-de")
        assert settled(method, task, Settings.parse(settings))["precision"] == precision

    @pytest.mark.parametrize("settings", [[], ["precision=bfloat16"]])
    def test_of_tables_is_float32(self, small_task, settings):
        method = REGISTRY.resolve("standard-de")
        values = settled(method, small_task, Settings.parse(settings))
        assert values["precision"] == "float32"

    def test_of_a_plugin_that_means_something_else_is_its_own(self, small_text_task):
        class Own(REGISTRY.resolve("random")):
            params = {"precision": 0.1}

        assert settled(Own, small_text_task, Settings())["precision"] == 0.1
