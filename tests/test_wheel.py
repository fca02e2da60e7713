"""The project as a package: its wheel, what a plain install leaves out, the command by itself."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bench
from bench.cli.commands import main
from bench.cli.options import Command
from bench.errors import EXTRAS, lacks_packages
from bench.store.folder import Store
from bench.system.version import VERSION
from bench.verify.pages import check_boards
from tests.conftest import ROOT, environment
from tests.running import cells_of
from tests.small_results import data_of_page

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSTALL = [sys.executable, "-m", "pip"]


@pytest.fixture
def wheel(clone, tmp_path):
    """The wheel of the working tree, built without a network."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run(*INSTALL, "wheel", *options, "--wheel-dir", tmp_path, clone, cwd=tmp_path)
    (path,) = tmp_path.glob("*.whl")
    return path


@pytest.fixture
def installed(wheel, tmp_path):
    """An environment with nothing but the wheel and what a plain install of it brings."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    run(*INSTALL, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel,
        cwd=tmp_path)  # fmt: skip
    (site,) = (tmp_path / "env" / "lib").glob("*/site-packages")
    add_libraries(site, PROJECT["dependencies"])
    return tmp_path / "env"


def add_libraries(site, requirements):
    """Link what the present environment has of these requirements into another one."""
    for distribution in all_needed(map(Requirement, requirements)):
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))


def all_needed(requirements):
    """The distributions of requirements, and those that they need, each once."""
    found, waiting = {}, list(requirements)
    while waiting:
        each = waiting.pop()
        asked = [{"extra": extra} for extra in ("", *each.extras)]
        if each.marker and not each.marker.evaluate({"extra": ""}):
            continue
        if (each.name, str(asked)) not in found:
            distribution = importlib.metadata.distribution(each.name)
            found[each.name, str(asked)] = distribution
            needed = map(Requirement, distribution.requires or [])
            waiting += [
                Requirement(f"{one.name}[{','.join(one.extras)}]")
                for one in needed
                if not one.marker or any(map(one.marker.evaluate, asked))
            ]
    return found.values()


def run(*command, cwd):
    """What a command prints, run where nothing of this checkout is on the path."""
    variables = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_wheel_holds_the_datasets_the_licences_and_the_command(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        for path in filter(Path.is_file, (ROOT / "datasets").rglob("*")):
            held = f"bench/cards/{path.relative_to(ROOT / 'datasets').as_posix()}"
            assert opened.read(held) == path.read_bytes()
    known = f"treeline_bench-{VERSION}.dist-info"
    for licence in PROJECT["license-files"]:
        assert f"{known}/licenses/{licence}" in names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"bench", "methods", "studies", known}


@pytest.mark.slow
def test_a_plain_install_does_the_main_job_in_an_empty_folder_and_extras_add_rows_and_the_page(
    installed, tmp_path
):
    empty = tmp_path / "empty"
    empty.mkdir()
    treeline_run = (installed / "bin" / "treeline", "run")
    suite = ("--suite", "quick", "--methods", "random,bm25,masked-de")
    more = ("--methods", "zero-shot-de+scann", "--dataset", "wordnet-mammal-text")
    printed = run(*treeline_run, *suite, cwd=empty) + run(*treeline_run, *more, cwd=empty)
    results = empty / "results" / "local"
    cells = {(cell.task, cell.method): cell for cell in cells_of(results)}
    measured = {name for name, cell in cells.items() if cell.status == "ok"}
    assert measured == {
        ("tree", "random"), ("tree", "masked-de"),
        ("wordnet-mammal", "random"), ("wordnet-mammal", "masked-de"),
        ("wordnet-mammal-text", "random"), ("wordnet-mammal-text", "bm25"),
    }  # fmt: skip
    assert cells["tree", "masked-de"].points[-1].recall > cells["tree", "random"].points[-1].recall
    text, scann = (cells["wordnet-mammal-text", name] for name in ("masked-de", more[1]))
    assert text.reason.endswith("; pip install 'treeline-bench[text]'")
    assert scann.reason == "needs scann; pip install 'treeline-bench[scann]'"
    assert "Page: none, and no charts; this needs altair, vl_convert; pip install 'tree" in printed
    assert {cell.provenance.versions["treeline"] for cell in cells.values()} == {VERSION}
    assert {cell.provenance.git for cell in cells.values()} == {None}

    (site,) = (installed / "lib").glob("*/site-packages")
    for extra in ("page", "scann", "text"):
        add_libraries(site, PROJECT["optional-dependencies"][extra])
    assert not (results / "leaderboard.html").exists()
    run(*treeline_run, *more, cwd=empty)
    (again,) = (cell for cell in cells_of(results) if cell.method == scann.method)
    assert again.status == "ok"
    page = data_of_page((results / "leaderboard.html").read_text())
    assert "treeline run --methods masked-de" in json.dumps(page)


def test_each_extra_brings_what_is_looked_for_and_a_plain_install_none_of_it():
    plain = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    owners = importlib.metadata.packages_distributions()
    for extra, packages in EXTRAS.items():
        listed = PROJECT["optional-dependencies"][extra]
        brought = {canonicalize_name(Requirement(text).name) for text in listed}
        assert not brought & plain
        for package in packages:
            assert set(map(canonicalize_name, owners.get(package, brought))) <= brought, package


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_the_line_that_installs_what_is_missing_names_extras_once():
    assert lacks_packages([]) is None
    needed = ["altair", "mine", "vl_convert", "sentence_transformers"]
    assert lacks_packages(needed) == (
        "needs altair, mine, vl_convert, sentence_transformers; "
        "pip install 'treeline-bench[page,text]' mine"
    )


@pytest.mark.usefixtures("nothing_installed")
def test_no_line_installs_scann_where_it_does_not_exist(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert lacks_packages(["scann"]) == "needs scann; pip install 'treeline-bench[scann]'"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lacks_packages(["scann"]) == "needs scann, which exists for Linux alone"


@pytest.mark.usefixtures("nothing_installed")
def test_charts_that_cannot_be_drawn_are_not_called_left_over(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "tree.svg").write_text("<svg/>")
    same, problems = check_boards(Store(tmp_path))
    assert same == 0
    line = "pip install 'treeline-bench[page]'"
    assert problems == [f"rebuilding charts and page needs altair, vl_convert; {line}"]


@pytest.mark.parametrize("module", ["altair", "altair.vegalite"])
@pytest.mark.usefixtures("nothing_installed")
def test_a_command_whose_library_is_missing_says_what_to_install(module):
    done = CliRunner().invoke(lacking(module), prog_name="draw")
    assert done.exit_code == 1
    assert done.stderr == "Error: draw needs altair; pip install 'treeline-bench[page]'\n"


def test_a_missing_module_of_our_own_stays_a_traceback():
    done = CliRunner().invoke(lacking("bench.nowhere"))
    assert isinstance(done.exception, ModuleNotFoundError)


def lacking(module):
    def callback():
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    return Command("draw", callback=callback)


def test_the_command_alone_names_three_commands_that_exist():
    done = CliRunner().invoke(main, prog_name="treeline")
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("  treeline ")]
    assert done.exit_code == 0
    assert {command for _, command, *_ in lines} == {"list", "run", "advise"}
    for _, command, *arguments in lines:
        options = {name for each in main.commands[command].params for name in each.opts}
        assert {word for word in arguments if word.startswith("--")} <= options


@pytest.mark.parametrize("name", ["", *main.commands])
def test_h_is_help(name):
    short, long = (CliRunner().invoke(main, [*name.split(), flag]) for flag in ("-h", "--help"))
    assert short.exit_code == 0
    assert short.stdout == long.stdout
    assert "-h, --help" in short.stdout


def test_the_version_is_the_same_everywhere():
    assert CliRunner().invoke(main, ["--version"]).stdout == f"Treeline {VERSION}\n"
    assert bench.__version__ == VERSION
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()
