"""The study of LIMIT: its search for the critical n, its fit, its closed form, its report."""

import math

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from studies.geometry.trainings import TrainingTable
from studies.geometry.trial import TrialResult, measure
from studies.limit import moment_curve, paper
from studies.limit.command import CLOSED, chart, command_of, fits_of, table_of, values_of
from studies.limit.critical import VARIANTS, Critical, Cubic, Grid, Variant, cubic


class Made(TrainingTable):
    """Trainings that hold up to ``held(dim)`` documents, and what was asked of them."""

    def __init__(self, held):
        self._held, self.tried = held, []

    def of(self, trials):
        return {trial: self._result(trial) for trial in trials}

    def _result(self, trial):
        n = int(trial.dataset.removeprefix("limit:n=").removesuffix(",k=2"))
        dim = int(trial.settings[0].removeprefix("dim="))
        self.tried.append(n)
        recall = 1.0 if n <= self._held(dim, trial.seed) else 0.99
        return TrialResult(recall, (recall,), 0.0, 0.0)


ONE = Variant("masked, dot", "masked-de", ("geometry=dot",))


@pytest.mark.parametrize("held", [5, 6, 10, 11, 19])
def test_the_largest_number_of_documents_that_is_held_is_found(held):
    made = Made(lambda *_: held)
    critical = Critical(Grid((4,), 64, (0,), (ONE,)), made)
    assert critical.points(ONE) == {4: held}
    assert len(made.tried) == len(set(made.tried)) <= 10


def test_eleven_are_found_by_doubling_from_five_and_halving():
    made = Made(lambda *_: 11)
    Critical(Grid((4,), 64, (0,), (ONE,)), made)
    assert made.tried == [5, 10, 20, 15, 12, 11]


def test_many_documents_are_counted_to_five_per_cent():
    made = Made(lambda *_: 335)
    critical = Critical(Grid((16,), 1024, (0,), (ONE,)), made)
    assert critical.points(ONE) == {16: 323}
    assert made.tried == [17, 34, 68, 136, 272, 544, 408, 340, 306, 323]


def test_where_the_first_n_fails_the_dimension_itself_is_held():
    critical = Critical(Grid((4,), 64, (0,), (ONE,)), Made(lambda *_: 4))
    assert critical.points(ONE) == {4: 4}


def test_one_seed_that_holds_all_pairs_is_enough():
    critical = Critical(Grid((4,), 64, (0, 1), (ONE,)), Made(lambda _, seed: 8 + seed))
    assert critical.points(ONE) == {4: 9}


def test_as_many_as_were_tried_are_told_and_stay_out_of_the_fit():
    critical = Critical(Grid((4, 5), 64, (0,), (ONE,)), Made(lambda dim, _: 10 * dim**2))
    assert critical.points(ONE) == {}
    assert [row[1] for row in table_of(critical, 193)[1]] == ["> 64", "> 64"]


def test_ours_stand_beside_the_papers():
    critical = Critical(Grid((4, 5, 6, 7, 8), 512, (0,), (ONE,)), Made(lambda dim, _: dim**3))
    header, rows = table_of(critical, 193)
    assert header == ["d", "masked, dot", "arXiv 2508.21038, table 6", CLOSED]
    assert rows[0] == ["4", "62", "10", "193"], "64 to 5 %"
    assert rows[4] == ["8", "> 512", "28", ""]
    assert {"d": 4, "n": 10, "training": "the paper"} in values_of(critical)
    assert {"d": 4, "n": 62, "training": "masked, dot"} in values_of(critical)
    assert chart(critical).to_dict()["layer"]


def test_a_training_is_not_tried_above_its_largest_dimension():
    made = Made(lambda *_: 7)
    critical = Critical(Grid((4, 5), 64, (0,), (ONE._replace(up_to=4),)), made)
    assert critical.points(ONE._replace(up_to=4)) == {4: 7}
    assert [row[1] for row in table_of(critical, 193)[1]] == ["7", "–"]


def test_a_step_is_over_so_many_queries_at_most():
    assert "batch=4095" in ONE.trial(8, 91, 0).settings
    assert "batch=4096" in ONE.trial(8, 400, 0).settings


def test_the_fit_of_a_cube_is_that_cube_and_four_points_make_none():
    points = {dim: 1 + 2 * dim**3 for dim in range(4, 12)}
    fit = cubic(points)
    assert np.allclose(fit.coefficients, [1, 0, 0, 2], atol=1e-8)
    assert fit.squared == pytest.approx(1)
    assert fit.at(10) == pytest.approx(2001)
    assert cubic(dict(list(points.items())[:4])) is None


def test_the_papers_cubic_is_the_fit_of_its_table():
    theirs = Cubic(paper.CUBIC, paper.SQUARED)
    assert str(theirs) == "-10.5322 + 4.0309 d + 0.0520 d² + 0.0037 d³ (r² = 0.999)"
    assert str(cubic(paper.CRITICAL)) == str(theirs)
    # As the paper rounds what its fit gives for the dimensions of common encoders.
    for dim, n in {512: 5e5, 768: 1.7e6, 1024: 4e6, 3072: 1.07e8, 4096: 2.5e8}.items():
        assert theirs.at(dim) == pytest.approx(n, rel=0.04)


def test_the_fits_are_extended_beside_the_papers():
    critical = Critical(Grid((4, 5, 6), 512, (0,), (ONE,)), Made(lambda dim, _: dim**2))
    _, rows = fits_of(critical)
    assert rows[0] == ["masked, dot", "–", "–", "–", "–"], "three points make no cubic"
    assert rows[1][2] == "512,290"


def test_a_cubic_that_falls_is_not_extended_to_fewer_than_no_documents():
    grid = Grid((4, 5, 6, 7, 8), 512, (0,), (ONE,))
    held = {4: 10, 5: 100, 6: 180, 7: 240, 8: 270}
    _, rows = fits_of(Critical(grid, Made(lambda dim, _: held[dim])))
    assert rows[0][2:] == ["below 0"] * 3


def test_four_dimensions_hold_all_pairs_of_a_hundred_documents():
    """Against a search over all scores, written otherwise."""
    n = 100
    first, second = np.triu_indices(n, 1)
    asked = moment_curve.queries(first, second, n)
    best = np.sort(np.argsort(-(asked @ moment_curve.documents(n).T), axis=1)[:, :2], axis=1)
    assert np.array_equal(best, np.stack([first, second], 1))
    assert moment_curve.holds(n)
    assert np.allclose(np.linalg.norm(moment_curve.documents(n), axis=1), math.sqrt(2))
    assert not moment_curve.holds(2048), "neighbours differ by less than float32 can tell"


def test_trainings_of_every_variant_hold_all_pairs_of_five_documents_in_four_dimensions(tmp_path):
    for variant in VARIANTS:
        assert measure(variant.trial(4, 5, 0), tmp_path).recall == 1, variant.label


def test_the_report_names_its_command():
    assert command_of(Grid((4, 5), 64, (0, 1))) == (
        "python -m bench limit --dims 4,5 --most 64 --seeds 0,1"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dims", "4,x"], "takes whole numbers from 2 to 63, got '4,x'"),
        (["--dims", "1"], "takes whole numbers from 2 to 63, got '1'"),
        (["--most", "2000"], "2000 is not in the range 64<=x<=1414"),
        (["--seeds", "x"], "takes whole numbers"),
    ],
)
def test_what_the_command_cannot_take_is_named(arguments, message):
    result = CliRunner().invoke(main, ["limit", *arguments])
    assert result.exit_code == 2
    assert message in result.output
