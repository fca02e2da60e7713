"""``bench results``: the tidy table of some of the cells, and a table of it for a paper."""

import io

import pandas as pd
import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.measures.records import Correlation
from bench.report.latex import MOST_ROWS
from bench.store.cell import Status
from bench.store.folder import Store
from tests.cells import cell, dated, point

NEAR = [point(0.05, 0.5), point(0.09, 0.6), point(1, 0.9)]
CELLS = [
    *(cell("near+faiss-ivf", seed, NEAR, changed={"dim": 4}, params={"dim": 4}) for seed in (0, 1)),
    cell("near+faiss-ivf", 2, [point(0.05, 0.4), point(1, 0.7)], changed={"dim": 4},
         params={"dim": 4}),
    cell("bm25", points=[point(0.2, 0.3)]),
    cell("bm25", points=[point(0.2, 0.4)], task="large", task_digest="e"),
    cell("random", status=Status.FAILED, reason='a, "b"\nc & d_e'),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return stored(tmp_path / "out", CELLS)


def stored(root, cells):
    store = Store(root)
    store.prepare()
    for number, each in enumerate(cells):
        store.commit(each.model_copy(update={"key": f"k{number}"}))
    return root


def results(folder, *options):
    return CliRunner().invoke(main, ["results", "--out", str(folder), *options])


def table(folder, *options):
    done = results(folder, "--csv", *options)
    assert done.exit_code == 0, done.stderr
    return pd.read_csv(io.StringIO(done.stdout))


def error(folder, *options):
    done = results(folder, *options)
    assert done.exit_code != 0
    assert "Traceback" not in done.output
    return done.stderr


def test_csv_has_a_row_for_each_cell_point_and_measure_and_reads_back_as_it_was(folder):
    found = table(folder)
    # Three measures and two distances a point; a cell that failed is one row.
    assert len(found) == 5 * (3 + 3 + 2 + 1 + 1) + 1
    assert list(found.columns[:3]) == ["task", "method", "kind"]
    assert found[found.status == "failed"].reason.tolist() == ['a, "b"\nc & d_e']
    assert set(found[found.method == "near+faiss-ivf"].dim) == {4}


@pytest.mark.parametrize(
    ("options", "methods"),
    [
        (("--datasets", "large"), {"bm25"}),
        (("--dataset", "small", "--methods", "bm25,random"), {"bm25", "random"}),
        (("--kind", "lexical,other"), {"bm25", "near+faiss-ivf"}),
        (("--words", "DIM=4 ivf"), {"near+faiss-ivf"}),
        (("--seeds", "1,2"), {"near+faiss-ivf"}),
        (("--words", "LEXICAL lucene"), {"bm25"}),
        (("--default-settings",), {"bm25", "random"}),
    ],
)
def test_cells_are_left_out_by_each_option(folder, options, methods):
    assert set(table(folder, *options).method) == methods


def test_a_budget_leaves_the_point_that_costs_most_within_it(folder):
    options = ("--words", "near", "--measure", "recall")
    assert table(folder, *options, "--budget", "0.1").value.tolist() == [0.6, 0.6, 0.4]
    # 9 % visited are 10 % work.
    found = table(folder, *options, "--budget", "0.09", "--budget-by", "work")
    assert found.value.tolist() == [0.5, 0.5, 0.4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--csv", "--datasets", "smal"), "--datasets in 6 cells 'smal'; did you mean small"),
        (("--csv", "--methods", "bm52"), "--methods in 6 cells 'bm52'; did you mean bm25"),
        (
            ("--csv", "--datasets", "large", "--methods", "random"),
            "in 1 cell 'random'; known: bm25",
        ),
        (("--csv", "--kind", "bond"), "--kind in 6 cells 'bond'; did you mean bound"),
        (("--csv", "--seeds", "7"), "--seeds in 6 cells '7'; known: 0, 1, 2"),
        (
            ("--csv", "--words", "near far"),
            "by --words near far; the rows: bm25, near+faiss-ivf dim=4",
        ),
        (("--csv", "--measure", "recal"), "--measure in 5 cells 'recal'; did you mean recall"),
        (("--latex", "--measure", "recall", "--budget", "0.01"), "has a figure at ≤ 1 % visited"),
        (("--csv", "--measure", "recall", "--methods", "random"), "none of these cells has a fig"),
        (("--csv", "--budget", "2"), "--budget"),
        ((), "give one of --csv, --parquet FILE and --latex"),
        (("--csv", "--latex"), "give one of"),
        (("--parquet",), "--parquet"),
    ],
)
def test_a_wrong_value_is_told_with_what_there_is(folder, options, message):
    assert message in error(folder, *options)


def test_a_folder_without_cells_is_told(tmp_path):
    assert "holds no cell" in error(tmp_path, "--csv")


def test_files_are_written_and_parquet_takes_a_parameter_that_is_text_and_number(tmp_path):
    cells = [cell(f"m{size}", params={"size": size}) for size in (3, "big")]
    folder = stored(tmp_path / "out", cells)
    for name, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        file = tmp_path / f"all.{name}"
        done = results(folder, f"--{name}", str(file))
        assert (done.stdout, done.stderr) == ("", f"Written: {file} (10 rows)\n")
        assert read(file)["size"].unique().tolist() == ["3", "big"]


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--latex"])
def test_a_file_that_cannot_be_written_is_told_with_its_folder(folder, tmp_path, option):
    file = tmp_path / "no" / "all"
    told = error(folder, option, str(file), "--measure", "recall")
    assert f"cannot write {file}: there is no folder {tmp_path / 'no'}; name a FILE" in told
    assert "--out" not in told


def test_latex_has_means_over_seeds_of_the_measures_of_one_dataset(folder):
    done = results(folder, "--latex", "--datasets", "small", "--measure", "recall,macro")
    lines = done.stdout.splitlines()
    assert "without a limit" in lines[0]
    assert lines[2:] == [
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r"small & recall & macro & visited / work \% \\",
        r"\midrule",
        r"near+faiss-ivf dim=4 & 83.3 $\pm$ 11.5 & 83.3 $\pm$ 11.5 & 100.0 / 101.0 \\",
        r"bm25 & 30.0 & 30.0 & 20.0 / 21.0 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_latex_has_datasets_side_by_side_for_one_measure(folder):
    lines = results(folder, "--latex", "--measure", "recall").stdout.splitlines()
    assert lines[4] == r"recall & large & small \\"
    assert r"bm25 & 40.0 & 30.0 \\" in lines
    assert r"near+faiss-ivf dim=4 & -- & 83.3 $\pm$ 11.5 \\" in lines


def test_latex_leaves_out_a_row_whose_point_one_seed_lacks(folder):
    options = ("--latex", "--measure", "recall", "--budget", "0.05", "--budget-by", "work")
    assert "has a figure at ≤ 5 % work" in error(folder, *options)
    done = results(folder, "--latex", "--measure", "recall", "--budget", "0.08")
    assert r"near+faiss-ivf dim=4 & 46.7 $\pm$ 5.8 & 5.0 / 6.0 \\" in done.stdout
    lacking = stored(folder, [*CELLS, cell("near+faiss-ivf", 3, [point(1, 1)],
                                           changed={"dim": 4}, params={"dim": 4})])  # fmt: skip
    assert (
        "near" not in results(lacking, "--latex", "--measure", "recall", "--budget", "0.2").stdout
    )


def test_latex_shows_distances_and_correlations(tmp_path):
    rho = Correlation(score="score", subset="nouns", n=9, rho=0.1234, low=0, high=0.2)
    words = stored(tmp_path / "words", [cell("mine", similarity=[rho])])
    assert r"mine & 0.123 \\" in results(words, "--latex").stdout
    tree = stored(tmp_path / "tree", [cell("mine", points=NEAR)])
    done = results(tree, "--latex", "--measure", "recall_by_distance")
    assert r"small & distance 0 & distance 1 & visited / work \% \\" in done.stdout


def test_latex_orders_rows_by_its_first_column_with_those_that_see_the_test_last(tmp_path):
    best = {"a": 0.5, "b": 0.7, "oracle": 1}
    cells = [
        cell(name, points=[point(0.1, score), point(1, 1 - score)], sees_test=name == "oracle")
        for name, score in best.items()
    ]
    text = results(stored(tmp_path, cells), "--latex", "--measure", "recall", "--budget", "0.1")
    rows = [line.partition(" ")[0] for line in text.stdout.splitlines() if "10.0 / " in line]
    assert rows == ["b", "a", "oracle"]


def test_latex_keeps_the_signs_of_shares_and_names_and_says_what_they_mean(tmp_path):
    claims = cell("claims", points=[point(0.005, 0.5, self_reported=True)])
    earlier = cell("bm25", points=NEAR, code=["bm25 0"])
    lines = results(stored(tmp_path, [claims, earlier]), "--latex", "--measure", "recall")
    lines = lines.stdout.splitlines()
    assert lines[1:4] == [
        "% claimed: the method's own word, which is not counted",
        r"% \ddag{}: its work is more than twice the share visited",
        r"% \dag{}: of an earlier version of its method",
    ]
    assert r"claims & 50.0 & 0.5 claimed / 1.5 claimed \ddag{} \\" in lines
    assert r"bm25 \dag{} & 90.0 & 100.0 / 101.0 \\" in lines


def test_latex_escapes_what_is_set_by_hand(tmp_path):
    value = r"a_b & 5% #1 $x$ {y} ~ ^ \input{z}"
    folder = stored(tmp_path, [cell("mine", params={"p": value}, changed={"p": value})])
    text = results(folder, "--latex", "--measure", "recall").stdout
    assert r"p=a\_b \& 5\% \#1 \$x\$ \{y\}" in text
    assert r"\textbackslash input\{z\}" in text


def test_latex_that_no_page_has_room_for_says_how_to_narrow_it(folder, tmp_path):
    text = error(folder, "--latex")
    assert "2 datasets by 5 measures" in text
    assert "of large, small, or one measure (--measure) of recall, macro, min" in text
    many = [cell(f"m{number}", points=NEAR) for number in range(MOST_ROWS + 1)]
    text = error(stored(tmp_path / "many", many), "--latex", "--measure", "recall")
    assert f"{MOST_ROWS + 1} rows and 2 columns" in text
    assert "--words" in text


def test_latex_keeps_other_data_of_the_same_name_apart(tmp_path):
    cells = [
        cell("mine", points=NEAR, task_digest=digest * 64, provenance=dated(day))
        for digest, day in (("e", 1), ("d", 2))
    ]
    lines = results(stored(tmp_path, cells), "--latex", "--measure", "recall").stdout.splitlines()
    assert lines[4] == r"recall & small & small-eeeeeeee \\"
