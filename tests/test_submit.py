"""Submit: what does not hold is refused with a way out and nothing is copied; the rest is whole."""

import re
import shutil
import subprocess
import sys

import pytest

from bench.errors import InputError
from bench.experiment import measure
from bench.report.leaderboard import PAGE
from bench.store.cell import Status
from bench.store.folder import MARK, RUN, Store, to_json
from bench.verify import submit as command
from bench.verify.mark import Mark, MetricVerdict, read_mark
from bench.verify.replay import replay
from tests.conftest import ROOT
from tests.running import experiment
from tests.small_results import data_of_page

pytestmark = pytest.mark.slow

PLUGINS = ROOT / "tests" / "plugins"
LEAFY, NEEDS_MORE = f"{PLUGINS / 'leafy.py'}:Leafy", f"{PLUGINS / 'misbehaving.py'}:NeedsMore"
TREE = "tree:H=3,W=3"
EDGES = "child,parent\nb,a\nc,b\n"


def rewrite(store, cell, **changes):
    """Change a stored cell behind its back, checksum and all."""
    changed = cell.model_copy(update=changes)
    (store.folder(cell) / "cell.json").write_text(to_json(changed))
    if changed.key != cell.key:
        store.folder(cell).rename(store.folder(changed))
    return changed


def marked(store, cell, **changes):
    """A cell that was measured again, and came out the same."""
    (path,) = store.runs.glob(f"*/*/{cell.key}/cell.json")
    facts = {
        "cell_sha256": stored(store, cell.key).sha256,
        "key": cell.key,
        "verdicts": {MetricVerdict.OK: 9},
        "differing": [],
        "provenance": cell.provenance,
    }
    path.with_name(MARK).write_text(to_json(Mark(**{**facts, **changes})))


def stored(store, key):
    return next(cell for cell in store.cells() if cell.key == key)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """random over three seeds, a method of a file, one that is skipped, one on data of a path."""
    folder = tmp_path_factory.mktemp("submit")
    out = folder / "local"
    (folder / "own.csv").write_text(EDGES)
    measure(experiment("random", TREE, seeds=(0, 1, 2), out=out))
    measure(experiment("", TREE, plugins=(LEAFY, NEEDS_MORE), out=out))
    measure(experiment("random", f"hierarchy:{folder / 'own.csv'}", out=out))
    store = Store(out)
    for cell in store.cells():
        clean = cell.provenance.model_copy(update={"git": "0123456789abcdef", "dirty": False})
        rewrite(store, cell, provenance=clean)
    return out


@pytest.fixture
def source(measured, tmp_path):
    """A copy, in which every row has a cell that was measured again."""
    shutil.copytree(measured, tmp_path / "local")
    store = Store(tmp_path / "local")
    for cell in store.cells():
        if cell.seed == 0 and cell.status is Status.OK:
            marked(store, cell)
    return store


@pytest.fixture
def out(tmp_path):
    """The published results folder."""
    (tmp_path / "published").mkdir()
    return tmp_path / "published"


@pytest.fixture
def submit(source, out):
    """Submits the row of random on the tree, or what is asked for instead."""

    def call(*cells, **options):
        asked = {"source": source.root, "out": out, "methods": ["random"], "datasets": (TREE,)}
        return command.submit(cells, **{**asked, **options})

    return call


def first(source, method="random", task="tree-H=3,W=3"):
    return next(c for c in source.cells() if (c.method, c.task, c.seed) == (method, task, 0))


def test_what_holds_is_published_with_its_runs_marks_and_boards(submit, out, capsys):
    assert submit()
    published = Store(out)
    assert sorted(cell.seed for cell in published.cells()) == [0, 1, 2]
    cell = first(published)
    assert read_mark(published.folder(cell) / MARK, cell) is not None
    assert (published.folder(cell) / RUN).exists()
    (task,) = data_of_page((out / PAGE).read_text())["tasks"]
    assert [row["label"] for row in task["rows"]] == ["random"]
    told = capsys.readouterr().out
    assert "3 cells hold: files, commit, data, metrics, code." in told
    assert "Claimed, as no file can show it: seconds" in told
    assert "| measured again, by the submitter |" in told
    assert "3 cell.json, 3 run.parquet, 3 queries.parquet, 1 certify.json as stored" in told
    assert f"git add {out}" in told
    row = next(line for line in told.splitlines() if line.startswith("| tree:H=3,W=3"))
    assert [text.strip() for text in row.strip("|").split("|")][:3] == [TREE, "random", "0, 1, 2"]
    assert "seed 0: 9 OK" in row
    assert "python run_bench.py --methods random --dataset tree:H=3,W=3 --seeds 0,1,2" in told
    assert replay(out)


def spoilt(change):
    """A way to change one provenance field of the first cell."""

    def spoil(source):
        cell = first(source)
        rewrite(source, cell, provenance=cell.provenance.model_copy(update=change))
        marked(source, cell)

    return spoil


def wrong_metric(source):
    cell = first(source)
    point = cell.points[0].model_copy(update={"macro": 0.999})
    rewrite(source, cell, points=[point])
    marked(source, cell)


def no_run(source):
    (source.folder(first(source)) / RUN).unlink()


def no_run_and_a_gitignore(source):
    no_run(source)
    (source.folder(first(source)) / ".gitignore").write_text(f"{RUN}\n")


def flipped(source):
    path = source.folder(first(source)) / RUN
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def other_code(source):
    marked(source, rewrite(source, first(source), key="0" * 24))


def other_parameters(source):
    marked(source, rewrite(source, first(source), k=1))


def not_again(source):
    (source.folder(first(source)) / MARK).unlink()


def again_otherwise(source):
    marked(source, first(source), verdicts={MetricVerdict.OK: 7, MetricVerdict.FAIL: 2})


def ended_otherwise(source):
    marked(source, first(source), reason="it ended as timeout: 5 s", verdicts={})


def says_otherwise(**changes):
    """A way to change what the first cell says of itself."""

    def say_otherwise(source):
        marked(source, rewrite(source, first(source), **changes))

    return say_otherwise


REFUSED = {
    "commit: .*was measured with uncommitted changes .*--fresh": spoilt({"dirty": True}),
    "commit: .*was measured outside a git checkout.*--fresh": spoilt({"git": None, "dirty": None}),
    "metrics: .*point 0: macro is 0.999, its run gives .*measure it again": wrong_metric,
    "files: .*run.parquet: missing; cell.json has its sha256.*--fresh": no_run,
    "files: .*run.parquet is not here, and metrics.*--fresh": no_run_and_a_gitignore,
    "files: .*run.parquet: has the sha256 .*--fresh": flipped,
    "code: .*its code or data has changed.*run the same command again": other_code,
    "code: .*today's code does not take its parameters: k=1 is too small": other_parameters,
    "code: .*its field sees_test is True, by its .* it is False": says_otherwise(sees_test=True),
    "code: .*its field notes is .'all is well'., by its code": says_otherwise(
        notes=["all is well"]
    ),
    "code: .*its field changed is .'p': 1.,": says_otherwise(changed={"p": 1}),
    "certify: .*measured again, 7 OK, 2 FAIL; see certify.json": again_otherwise,
    "certify: .*measured again, it ended as timeout: 5 s": ended_otherwise,
}


@pytest.mark.parametrize("told", REFUSED, ids=[spoil.__name__ for spoil in REFUSED.values()])
def test_what_does_not_hold_is_refused_with_a_way_out_and_nothing_is_copied(
    told, source, submit, out, capsys
):
    REFUSED[told](source)
    assert not submit()
    printed = capsys.readouterr().out
    (line,) = [line for line in printed.splitlines() if line.startswith("REFUSED ")]
    assert line.startswith(f"REFUSED {told.partition(':')[0]}: {source.runs}")
    assert re.search(told, line)
    assert "Refused: 1. Nothing was copied." in printed
    assert list(out.iterdir()) == []


def test_a_method_of_a_file_and_data_of_a_path_are_refused_and_keep_all_back(submit, out, capsys):
    assert not submit(methods=["random", "leafy"], datasets=())
    told = capsys.readouterr().out
    assert re.search("code: .*leafy is no method of this checkout: move its file to methods/", told)
    assert re.search("data: .*hierarchy-own was read from a path of yours", told)
    assert list(out.iterdir()) == []


def test_a_row_is_measured_again_where_that_is_asked(source, submit, capsys):
    not_again(source)
    assert submit(certify=True)
    cell = first(source)
    mark = read_mark(source.folder(cell) / MARK, cell)
    assert not mark.failed
    assert f"seed 0: {mark.outcome}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "spoil", [not_again, lambda source: marked(source, first(source), key="f")]
)
def test_a_row_that_todays_code_did_not_measure_again_is_published_without_a_mark(
    spoil, source, submit, out, capsys
):
    spoil(source)
    assert submit()
    assert not list(out.rglob(MARK))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| tree:"))
    assert row.rstrip("| ").endswith("–")


def test_checking_alone_copies_nothing(submit, out, capsys):
    assert submit(check_only=True)
    assert "3 cells hold" in capsys.readouterr().out
    assert list(out.iterdir()) == []


def test_what_was_not_measured_is_left_out_unless_it_is_named(source, submit, capsys):
    assert submit(methods=["random", "needs-more"], check_only=True)
    assert re.search("Left out: .*ended as skipped", capsys.readouterr().out)
    skipped = next(cell for cell in source.cells() if cell.method == "needs-more")
    assert not submit(skipped.key, methods=())
    assert re.search("status: .*ended as skipped", capsys.readouterr().out)


def test_older_code_gives_way(source, submit, out, capsys):
    old = first(source).model_copy(update={"key": "0" * 24})
    published = Store(out)
    published.prepare()
    published.commit(old)
    assert submit()
    assert f"Takes the place of {old.key}" in capsys.readouterr().out
    assert len(published.cells()) == 3


@pytest.mark.parametrize("at", ["shutil.copy2", "write_leaderboard", "replay", None])
def test_a_submission_that_was_stopped_is_finished_by_the_same_command(
    at, submit, capsys, monkeypatch
):
    copies = []

    def killed(*arguments, **_options):
        copies.append(arguments)
        if at != "shutil.copy2" or len(copies) > 4:
            raise SystemExit(143)
        shutil.copyfile(*arguments)

    with monkeypatch.context() as patched:
        if at is None:
            submit()
        else:
            patched.setattr(f"bench.verify.submit.{at}", killed)
            with pytest.raises(SystemExit):
                submit()
    capsys.readouterr()
    assert submit()
    told = capsys.readouterr().out
    assert ("2 cells hold" if at == "shutil.copy2" else "3 cells are published already") in told
    request = told[told.index("To commit:") :]
    assert re.search(r"\| 0, 1, 2 .*seed 0: 9 OK", request), "the whole row"
    assert "3 cell.json, 3 run.parquet, 3 queries.parquet, 1 certify.json as stored" in told


def test_what_is_published_of_older_code_hinders_nothing(source, submit, out):
    other_code(source)
    old, published = stored(source, "0" * 24), Store(out)
    shutil.copytree(source.folder(old), published.folder(old))
    assert submit()
    assert len(published.cells()) == 3


def test_another_measurement_of_a_published_cell_is_left_out_with_a_way_out(
    source, submit, out, capsys
):
    assert submit()
    cell = first(source)
    rewrite(source, cell, n_queries=cell.n_queries + 1)
    assert submit()
    told = capsys.readouterr().out
    folder = Store(out).folder(cell)
    assert f"of another measurement; take {folder} away to publish this one" in told
    assert "2 cells are published already" in told


def test_fewer_than_three_seeds_are_told(source, submit, capsys):
    assert submit(first(source).key, check_only=True)
    assert "random has 1 of 3 seeds" in capsys.readouterr().out


def test_a_published_folder_that_does_not_hold_is_told(submit, out, capsys):
    (out / "figures").mkdir()
    (out / "figures" / "old.svg").write_text("")
    assert not submit()
    told = capsys.readouterr().out
    assert "old.svg: the cells give no such file" in told
    assert "`git restore` and `git clean` take it back" in told


def test_a_cell_of_another_folder_is_an_error_that_says_how_to_name_it(source, submit, tmp_path):
    other = source.root.rename(tmp_path / "other")
    source.prepare()
    path = Store(other).folder(first(Store(other)))
    with pytest.raises(InputError, match=rf"{path}/cell.json is not in {source.runs}; .* --from"):
        submit(str(path))


def test_a_cell_may_be_named_by_any_path_to_it(source, submit, monkeypatch, capsys):
    monkeypatch.chdir(source.root)
    folder = source.folder(first(source))
    assert submit(str(folder.relative_to(source.root)), str(folder), check_only=True)
    assert "\n1 cell holds" in f"\n{capsys.readouterr().out}"


def test_names_of_nothing_are_errors(source, submit, tmp_path):
    for cells, options, problem in (
        ((), {"methods": ["rndom"]}, "unknown method in .*did you mean random"),
        ((), {"datasets": ("tre:H=3,W=3",)}, "unknown dataset in .*did you mean tree"),
        (("zzz",), {}, "unknown cell 'zzz'"),
        ((), {"source": tmp_path / "none"}, "runs is not there; measure first"),
        ((), {"out": source.root}, "--from and --out are both"),
        ((), {"methods": ["needs-more"]}, "no cell of .* is to be submitted"),
    ):
        with pytest.raises(InputError, match=problem):
            submit(*cells, **options)


def test_the_command_exits_with_1_where_a_cell_is_refused(source, out):
    spoilt({"dirty": True})(source)
    command = [sys.executable, "-m", "bench", "submit", "--from", source.root, "--out", out]
    done = subprocess.run([*command, "--methods", "random", "--dataset", TREE], cwd=ROOT,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert "Refused: 1." in done.stdout
