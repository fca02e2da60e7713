"""Submit: what does not hold is refused with a way out and nothing is copied; the rest is whole."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from bench.errors import InputError
from bench.experiment import measure
from bench.store.cell import Status
from bench.store.folder import MARK, RUN, Store, to_json
from bench.verify import submit as command
from bench.verify.mark import Mark, read_mark, write_mark
from bench.verify.replay import replay
from bench.verify.submit import submit
from bench.verify.submit_chosen import SubmitOptions
from bench.verify.verdicts import Verdict
from tests.conftest import ROOT
from tests.running import experiment

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
        "verdicts": {Verdict.OK: 9},
        "differing": [],
        "provenance": cell.provenance,
    }
    write_mark(path.with_name(MARK), Mark(**{**facts, **changes}))


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
def options(source, tmp_path):
    (tmp_path / "published").mkdir()
    return SubmitOptions(
        (), source.root, tmp_path / "published", methods="random", datasets=(TREE,)
    )


def first(source, method="random", task="tree-H=3,W=3"):
    return next(c for c in source.cells() if (c.method, c.task, c.seed) == (method, task, 0))


def test_what_holds_is_published_with_its_runs_marks_and_boards(source, options, capsys):
    assert submit(options)
    published = Store(options.out)
    assert sorted(cell.seed for cell in published.cells()) == [0, 1, 2]
    cell = first(published)
    assert read_mark(published.folder(cell) / MARK, cell) is not None
    assert (published.folder(cell) / RUN).exists()
    assert "random" in (options.out / "leaderboard.html").read_text()
    told = capsys.readouterr().out
    assert "3 cells hold: files, commit, data, metrics, code, certify." in told
    assert "3 cell.json, 3 run.parquet, 3 queries.parquet, 1 certify.json as stored" in told
    assert f"git add {options.out}" in told
    row = next(line for line in told.splitlines() if line.startswith("| tree:H=3,W=3"))
    assert [text.strip() for text in row.strip("|").split("|")][:3] == [TREE, "random", "0, 1, 2"]
    assert "seed 0: 9 OK" in row
    assert "python run_bench.py --methods random --dataset tree:H=3,W=3 --seeds 0,1,2" in told
    assert replay(options.out)


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


def again_by_other_code(source):
    marked(source, first(source), key="f" * 24)


def again_otherwise(source):
    marked(source, first(source), verdicts={Verdict.OK: 7, Verdict.FAIL: 2})


def ended_otherwise(source):
    marked(source, first(source), reason="it ended as timeout: 5 s", verdicts={})


REFUSED = {
    "commit: was measured with uncommitted changes .*--fresh": spoilt({"dirty": True}),
    "commit: was measured outside a git checkout.*--fresh": spoilt({"git": None, "dirty": None}),
    "metrics: point 0: macro is 0.999, its run gives .*measure it again": wrong_metric,
    "files: .*run.parquet: is not here.*--fresh": no_run,
    "files: .*run.parquet: is not here, and metrics.*--fresh": no_run_and_a_gitignore,
    "files: .*run.parquet: has the sha256 .*--fresh": flipped,
    "code: its code or data has changed.*run the same command again": other_code,
    "code: today's code does not take its parameters: k=1 is too small": other_parameters,
    "certify: no seed of random was measured again; submit with --certify": not_again,
    "certify: no seed of random was": again_by_other_code,
    "certify: measured again, 7 OK, 2 FAIL; see certify.json": again_otherwise,
    "certify: measured again, it ended as timeout: 5 s": ended_otherwise,
}


@pytest.mark.parametrize("told", REFUSED, ids=[spoil.__name__ for spoil in REFUSED.values()])
def test_what_does_not_hold_is_refused_with_a_way_out_and_nothing_is_copied(
    told, source, options, capsys
):
    REFUSED[told](source)
    assert not submit(options)
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("REFUSED ")]
    assert line.startswith(f"REFUSED {source.runs}")
    assert re.search(told, line)
    assert "Refused: 1. Nothing was copied." in out
    assert list(options.out.iterdir()) == []


def test_a_method_of_a_file_and_data_of_a_path_are_refused(source, options, capsys):
    assert not submit(replace(options, methods="leafy"))
    assert "code: leafy is no method of this checkout: move its file to methods/" in (
        capsys.readouterr().out
    )
    assert not submit(replace(options, datasets=("hierarchy:own.csv",)))
    assert "data: hierarchy-own was read from a path of yours" in capsys.readouterr().out


def test_one_refusal_keeps_all_back(source, options):
    assert not submit(replace(options, methods="random,leafy"))
    assert list(options.out.iterdir()) == []


def test_a_row_is_measured_again_where_that_is_asked(source, options, capsys):
    not_again(source)
    assert submit(replace(options, certify=True))
    cell = first(source)
    mark = read_mark(source.folder(cell) / MARK, cell)
    assert not mark.failed
    assert f"seed 0: {mark.told()}" in capsys.readouterr().out


def test_checking_alone_copies_nothing(options, capsys):
    assert submit(replace(options, check_only=True))
    assert "3 cells hold" in capsys.readouterr().out
    assert list(options.out.iterdir()) == []


def test_what_was_not_measured_is_left_out_unless_it_is_named(source, options, capsys):
    everything = replace(options, methods="random,needs-more", check_only=True)
    assert submit(everything)
    told = capsys.readouterr().out
    assert "Left out: " in told
    assert "ended as skipped" in told
    skipped = next(cell for cell in source.cells() if cell.method == "needs-more")
    assert not submit(replace(options, cells=(skipped.key,), methods=""))
    assert "status: ended as skipped" in capsys.readouterr().out


def test_older_code_gives_way(source, options, capsys):
    cell = first(source)
    old = cell.model_copy(update={"key": "0" * 24})
    published = Store(options.out)
    published.prepare()
    published.commit(old)
    assert submit(options)
    assert f"Takes the place of {old.key}" in capsys.readouterr().out
    assert len(published.cells()) == 3


def request(told):
    """What was printed to commit and to send."""
    return told[told.index("To commit:") :]


def test_what_is_published_may_be_submitted_again_to_the_same_end(options, capsys):
    assert submit(options)
    told = capsys.readouterr().out
    assert submit(options)
    again = capsys.readouterr().out
    assert "3 cells hold: " in again
    assert "3 of them are published already." in again
    assert request(again) == request(told)


@pytest.mark.parametrize("at", ["write_mark", "write_leaderboard", "replay"])
def test_a_submission_that_was_stopped_is_finished_by_the_same_command(
    at, options, capsys, monkeypatch
):
    def killed(*_arguments, **_options):
        raise SystemExit(143)

    with monkeypatch.context() as patched:
        patched.setattr(command, at, killed)
        with pytest.raises(SystemExit):
            submit(options)
    assert submit(options)
    told = capsys.readouterr().out
    assert "3 cells hold: " in told
    assert re.search(r"\| 0, 1, 2 .*seed 0: 9 OK", request(told)), "the whole row"
    assert "3 cell.json, 3 run.parquet, 3 queries.parquet, 1 certify.json as stored" in told


def test_what_is_published_and_changed_since_is_left_out_and_hinders_nothing(
    source, options, capsys
):
    assert submit(options)
    for cell in source.cells():
        if cell.method == "random" and cell.seed > 0:
            shutil.rmtree(source.folder(cell))
    other_code(source)
    old = stored(source, "0" * 24)
    Store(options.out).commit(old)
    capsys.readouterr()
    marked(Store(options.out), old)
    with pytest.raises(InputError, match="no cell of .* is to be submitted"):
        submit(options)
    assert "published already, and would be refused today: code: its code or data has changed" in (
        capsys.readouterr().out
    )


def test_another_measurement_of_a_published_cell_is_left_out_with_a_way_out(
    source, options, capsys
):
    assert submit(options)
    cell = first(source)
    rewrite(source, cell, n_queries=cell.n_queries + 1)
    assert submit(options)
    told = capsys.readouterr().out
    folder = Store(options.out).folder(cell)
    assert f"of another measurement; take {folder} away to publish this one" in told
    assert "\n2 cells hold" in told


def test_fewer_than_three_seeds_are_told(source, options, capsys):
    assert submit(replace(options, cells=(first(source).key,), check_only=True))
    assert "random has 1 of 3 seeds" in capsys.readouterr().out


def test_a_published_folder_that_does_not_hold_is_told(options, capsys):
    (options.out / "figures").mkdir()
    (options.out / "figures" / "old.svg").write_text("")
    assert not submit(options)
    told = capsys.readouterr().out
    assert "old.svg: the cells give no such file" in told
    assert "`git restore` and `git clean` take it back" in told


def test_a_cell_of_another_folder_is_an_error_that_says_how_to_name_it(source, options, tmp_path):
    other = source.root.rename(tmp_path / "other")
    source.prepare()
    path = Store(other).folder(first(Store(other)))
    with pytest.raises(InputError, match=rf"{path}/cell.json is not in {source.runs}; .* --from"):
        submit(replace(options, cells=(str(path),)))


def test_a_cell_may_be_named_by_any_path_to_it(source, options, monkeypatch):
    monkeypatch.chdir(source.root)
    folder = str(source.folder(first(source)).relative_to(source.root))
    by_paths = (folder, str(source.folder(first(source))))
    assert submit(replace(options, cells=by_paths, check_only=True))


def test_names_of_nothing_are_errors(options, tmp_path):
    for changes, problem in (
        ({"methods": "rndom"}, "unknown method in .*did you mean random"),
        ({"datasets": ("tre:H=3,W=3",)}, "unknown dataset in .*did you mean tree"),
        ({"cells": ("zzz",)}, "unknown cell 'zzz'"),
        ({"source": tmp_path / "none"}, "runs is not there; measure first"),
        ({"out": options.source}, "--from and --out are both"),
    ):
        with pytest.raises(InputError, match=problem):
            submit(replace(options, **changes))


def test_the_command_exits_with_1_where_a_cell_is_refused(source, options):
    spoilt({"dirty": True})(source)
    command = [sys.executable, "-m", "bench", "submit", "--from", source.root, "--out", options.out]
    done = subprocess.run([*command, "--methods", "random", "--dataset", TREE], cwd=ROOT,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert "Refused: 1." in done.stdout
