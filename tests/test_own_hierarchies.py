"""The forms of a user's own hierarchy: each is read as the same four nodes, or refused by line."""

import gzip

import networkx as nx
import numpy as np
import pytest

import bench
from bench.data.load import load_dataset, task_named
from bench.data.readers.hierarchies import forms
from bench.data.readers.hierarchies.read import read
from bench.data.several import all_tasks
from bench.errors import InputError
from tests.conftest import ROOT
from tests.test_contributing import FENCED, follow

GUIDE = (ROOT / "docs" / "own-hierarchy.md").read_text()

OBO = """format-version: 1.2
[Term]
id: X:1
name: footwear
def: "Worn on \\"feet\\"." [book:1]
[Term]
id: X:2
name: sandals
is_a: X:1 {source="a"} ! footwear
relationship: part_of X:4
[Term]
id: X:3 ! a comment
name: kids sandals
is_a: X:2
[Term]
id: X:9
name: gaiters
is_a: X:1
is_obsolete: true
[Term]
id: X:4
name: rain boots
is_a: X:1
[Typedef]
id: part_of
is_a: X:1
"""
TURTLE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <http://shoes/> .
:1 a skos:Concept ; skos:prefLabel "footwear"@en, "Schuhe"@de ; skos:narrower :2 .
:2 a skos:Concept ; skos:prefLabel "sandals"@en .
:3 a skos:Concept ; skos:prefLabel "kids sandals"@en ; skos:broader :2 .
:4 a skos:Concept ; skos:prefLabel "rain boots"@en ; skos:broader :1 .
"""
RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:skos="http://www.w3.org/2004/02/skos/core#">
{}</rdf:RDF>
"""
CONCEPT = """<skos:Concept rdf:about="http://shoes/{}">
<skos:prefLabel xml:lang="en">{}</skos:prefLabel>{}</skos:Concept>
"""
ROWS = [("1", "", "footwear"), ("2", "1", "sandals"), ("3", "2", "kids sandals"),
        ("4", "1", "rain boots")]  # fmt: skip
XML = RDF.format(
    "".join(
        CONCEPT.format(
            node, name, f'<skos:broader rdf:resource="http://shoes/{above}"/>' if above else ""
        )
        for node, above, name in ROWS
    )
)
NAMES = {"": ""} | {node: name for node, _, name in ROWS}
TABLE = "\n".join(",".join(row) for row in ROWS) + "\n"
LINKS = "sandals,footwear\nkids sandals,sandals\nrain boots,footwear\n"
PATHS = """# Version: 1
footwear
footwear > sandals
footwear > sandals > kids sandals
footwear > rain boots
"""
FORMS = {
    "child,parent": ("a.csv", f"child,parent\n{LINKS}"),
    "roots": ("a.csv", f"child,parent\nfootwear,\n{LINKS}"),
    "id,parent_id,name": ("a.csv", f"id,parent_id,name\n{TABLE}"),
    "another order": (
        "a.csv", "Name,Parent ID,ID\n" + "".join(f"{n},{p},{i}\n" for i, p, n in ROWS)
    ),
    "child,parent_id,label": (
        "a.csv", "child,parent_id,label\n" + "".join(f"{i},{p},{n}\n" for i, p, n in ROWS)
    ),
    "tab": ("a.tsv", f"id\tparent_id\tname\n{TABLE}".replace(",", "\t")),
    "semicolon": ("a.csv", f"id;parent_id;name\n{TABLE}".replace(",", ";")),
    "an export": (
        "a.csv", f"# made today\n\nsep=,\nCategory ID,Parent ID,Category Name\n{TABLE},,\n"
    ),
    "words that are one": ("a.csv", f"CategoryId,ParentCategoryId,Name\n{TABLE}"),
    "WordPress": ("a.csv", "term_id,name,slug,parent\n" + "".join(
        f"{i},{n},{n}-x,{p or 0}\n" for i, p, n in ROWS
    )),
    "ids and names of parents": ("a.csv", "id,parent_id,parent,name\n" + "".join(
        f"{i},{p},{NAMES[p]},{n}\n" for i, p, n in ROWS
    )),
    "parents by name": ("a.csv", "name,parent,zip_code\n" + "".join(
        f"{n},{NAMES[p]},7\n" for i, p, n in ROWS
    )),
    "by slug": ("a.csv", "name|slug|parent\n" + "".join(
        f"{n}|s{i}|{p and f's{p}'}\n" for i, p, n in ROWS
    )),
    "as pandas writes it": ("a.csv", "id,parent_id,name\n# roots\n" + "".join(
        f"{i},{p and f'{p}.0'},{n}\n" for i, p, n in ROWS
    )),
    "as SQL writes it": ("a.csv", "category,parent_category,label\n" + "".join(
        f"{i},{p or 'NULL'},{n}\n" for i, p, n in ROWS
    )),
    "paths after addresses": ("a.txt", "".join(
        f"gid://shop/{number}  : {line}\n" for number, line in enumerate(PATHS.splitlines()[1:])
    )),
    "arrows": ("a.txt", PATHS.replace(" > ", " -> ")),
    "paths without blanks": ("a.txt", PATHS.replace(" > ", ">")),
    "without a header": ("a.csv", LINKS),
    "three without a header": ("a.txt", TABLE),
    "paths": ("a.txt", PATHS),
    "numbered paths": ("a.txt", "".join(
        f"{number} - {line}\n" for number, line in enumerate(PATHS.splitlines()[1:], start=7)
    )),
    "the lowest paths": ("a.txt", "footwear > sandals > kids sandals\nfootwear > rain boots\n"),
    "OBO": ("a.obo", OBO),
    "SKOS in Turtle": ("a.ttl", TURTLE),
    "SKOS in RDF/XML": ("a.rdf", XML),
}  # fmt: skip


def pairs_by_text(task):
    texts = task.query_texts
    return {
        (texts[query], texts[document], distance)
        for query, document, distance in zip(
            task.train.queries.tolist(),
            task.train.documents.tolist(),
            task.train.distances.tolist(),
            strict=True,
        )
    }


EXPECTED = {
    *((name, name, 0) for _, _, name in ROWS),
    ("sandals", "footwear", 1), ("rain boots", "footwear", 1), ("kids sandals", "sandals", 1),
    ("kids sandals", "footwear", 2),
}  # fmt: skip


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_as_the_same_hierarchy(tmp_path, form):
    task = read("own", written(tmp_path, *FORMS[form]), text="true")
    assert pairs_by_text(task) == EXPECTED


def test_a_thesaurus_is_parsed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    path = written(tmp_path, "a.ttl", TURTLE)
    assert pairs_by_text(read("own", path, text="true")) == EXPECTED
    forms._read.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr("rdflib.Graph.parse", None)
        assert pairs_by_text(read("own", path, text="true")) == EXPECTED
    written(tmp_path, "a.ttl", TURTLE.replace("rain boots", "boots"))
    assert "boots" in read("own", path, text="true").query_texts


def test_what_was_made_of_a_file_is_told(tmp_path):
    rows = "id,parent_id,what\n1,NULL,x\n2,1,y\n3,NULL,z\n"
    task = read("own", written(tmp_path, "a.csv", rows), text="true")
    assert {
        "Parents that are NULL are read as none, as no line has that id: 2 nodes are roots.",
        "Nodes have no names, and their ids are read; text= takes another text: what.",
    } <= {*task.notes}
    task = read("own", written(tmp_path, "a.obo", obo("is_a: Z")))
    assert "Parents that no term defines, without a name: 1, such as Z." in task.notes
    numbered = read("own", written(tmp_path, "a.csv", "child,parent\n1,0\n2,0\n"))
    assert "0" in numbered.query_names


def test_a_file_in_utf_16_is_read_and_another_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("child,parent\nStiefel,Fußschutz\n", "utf-16")
    assert list(read("own", path).query_names) == ["Fußschutz", "Stiefel"]
    path.write_bytes("child,parent\nStiefel,Fußschutz\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="holds bytes of zero, as spreadsheets"):
        read("own", path)
    path.write_text("child,parent\nStiefel,Fußschutz\n", "latin-1")
    with pytest.raises(InputError, match="line 2 is not UTF-8: .*; save .*iconv -f WINDOWS-1252"):
        read("own", path)


def test_a_packed_file_is_read(tmp_path):
    path = tmp_path / "a.obo.gz"
    path.write_bytes(gzip.compress(OBO.encode()))
    assert read("own", path).train.n_pairs == len(EXPECTED)


def test_google_s_form_has_paths_as_ids_and_the_last_step_as_text(tmp_path):
    task = read("own", written(tmp_path, *FORMS["numbered paths"]), text="true")
    place = task.query_names.index("footwear > sandals > kids sandals")
    assert task.query_texts[place] == "kids sandals"


def test_obsolete_terms_are_left_out_and_told(tmp_path):
    task = read("own", written(tmp_path, "a.obo", OBO))
    assert "X:9" not in task.query_names
    assert "Obsolete terms, left out: 1." in task.notes


def test_definitions_columns_languages_and_attributes_are_texts(tmp_path):
    task = read("own", written(tmp_path, "a.obo", OBO), text="def")
    assert task.query_texts[0] == 'Worn on "feet".'
    assert "Without a def, so that the id is read: 3 nodes, such as X:2." in task.notes
    german = read("own", written(tmp_path, "a.ttl", TURTLE), text="de")
    assert german.query_texts[0] == "Schuhe"
    assert "Labels by language: en 4, de 1; names are those of en where there are any." in (
        german.notes
    )
    path = written(tmp_path, "a.csv", "id,parent,what\n2,1,low\n1,,high\n")
    assert list(read("own", path, text="what").query_texts) == ["high", "low"]
    with pytest.raises(InputError, match="has no text 'why' of its nodes; take text= one of what"):
        read("own", path, text="why")


def test_relative_ids_of_a_thesaurus_do_not_depend_on_the_folder(tmp_path):
    relative = TURTLE.replace("<http://shoes/>", "<>")
    (tmp_path / "other").mkdir()
    first, second = (
        read("own", written(folder, "a.ttl", relative)) for folder in (tmp_path, tmp_path / "other")
    )
    assert first.digest == second.digest


def graph(*edges, **names):
    made = nx.DiGraph(edges, name="shoes")
    nx.set_node_attributes(made, names, "label")
    return made


def test_a_graph_of_networkx_is_read_with_its_attributes():
    edges = [("2", "1"), ("3", "2"), ("4", "1")]
    task = bench.load(graph(*edges, **{node: name for node, _, name in ROWS}), settings="text")
    assert task.name == "hierarchy-shoes,text"
    assert pairs_by_text(task) == EXPECTED


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (nx.Graph([("a", "b")]), "has no direction; it needs a DiGraph"),
        (graph(("top", "a"), ("top", "b")), "seem to go from parent to child, as 'top' -> 'a'"),
        (graph((1, "a"), ("1", "b"), ("a", "b")), "two nodes of one name, 1 and '1'"),
        (graph(("a", "b"), ("b", "a"), ("c", "a")), "the graph: the links make a cycle"),
        (graph(), "the graph has no links"),
    ],
)  # fmt: skip
def test_a_graph_that_is_no_hierarchy_is_refused(made, message):
    with pytest.raises(InputError, match=message):
        bench.load(made)


def test_settings_that_belong_to_no_graph_are_refused():
    with pytest.raises(TypeError, match="follow its name: tree,text"):
        bench.load("tree", settings="text")
    with pytest.raises(InputError, match="takes .*heldout=TEXT"):
        bench.load(graph(("a", "b")), settings="held")


def obo(*lines):
    return "[Term]\nid: b\nname: b\n[Term]\nid: a\n" + "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "child,parent\na,b\nc;b\n", "line 3 has 1 values .*, and has semicolons"),
        ("a.csv", "a,b;c\nd;e,f\n", "line 1 can be read with semicolons and with commas"),
        ("a.csv", "id,parent,name\n1,,x\n2,1,y\n1,,z\n", "line 4: '1' is named 'z', and 'x' on"),
        ("a.csv", "1,,x\n2,7,y\n", "line 2: the parent '7' is the id of no line"),
        ("a.csv", "child,parent,child\na,b,c\n", "line 1 names the column child twice"),
        ("a.csv", "id,prent\na,b\n", "line 1 has no column parent; it must name the columns child, "
         "parent with commas between, it is 'id,prent'"),
        ("a.csv", "child,parent\n,b\n", "line 2: a value is missing"),
        ("a.csv", "1,2,0.5\n", "id of no line; .* or id1,id2,weight for links with weights"),
        ("a.csv", "", "is empty; a line has child,parent"),
        ("a.txt", "A,Root\nRoot > B\n", "line 1 is no path and looks like .*: 'A,Root'"),
        ("a.txt", "a > b\na >  > c\n", "line 2: a step of the path is empty, 'a >  > c'"),
        ("a.txt", "a > b\nc >\n", "line 2: a step of the path is empty"),
        ("a.txt", "1 - a\n2 - a > b\na > c\n", "line 3 has no number before its path"),
        ("a.txt", "1 - a\n1 - a > b\n", "line 2: the number '1' is also on line 1"),
        ("a.txt", "1 - a > b\n2 - a > b\n", "line 2: the path 'a > b' is also on line 1"),
        ("a.obo", obo("is_a: b", "[Term]", "id: b"), "line 7: the term b is also on line 1"),
        ("a.obo", obo("is_a: b").replace("name: b", "is_obsolete: true"),
         r"line 6: a is_a b, which is obsolete \(line 1\)"),
        ("a.obo", obo("is_a b"), "line 6 is no `tag: value`: 'is_a b'"),
        ("a.obo", "[Term]\nname: a\n", "line 1: the term has no id"),
        ("a.obo", "format-version: 1.2\n", "has no links"),
        ("a.ttl", TURTLE + ":1 skos:broader :3 .\n", r"cycle, .*http://shoes/1 \(footwear\) ->"),
        ("a.ttl", TURTLE + ":1 skos:broader :1 .\n", "'http://shoes/1' is its own parent"),
        ("a.ttl", TURTLE + ':2 skos:prefLabel "scandals"@en .\n',
         "shoes/2 has two preferred labels in one language, 'sandals' and 'scandals'"),
        ("a.ttl", TURTLE + "broken\n", "a.ttl cannot be read as turtle: .*line 7"),
        ("a.rdf", XML[:-12], r"a\.rdf cannot be read as xml: .*:11:117"),
        ("a.rdf", RDF.format(""), "has no skos:Concept"),
        ("a.json", "{}", "has the ending '.json', which is of no form of a hierarchy; known: .csv"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_line_or_its_name(tmp_path, name, text, message):
    with pytest.raises(InputError, match=message):
        read("own", written(tmp_path, name, text))


def test_a_first_line_that_is_read_as_a_link_is_told(tmp_path):
    task = read("own", written(tmp_path, "a.csv", LINKS))
    assert (
        "The file names no columns; its first line is read as a link: sandals -> footwear."
        in task.notes
    )


def test_a_table_of_paths_is_not_read_as_paths(tmp_path):
    path = written(tmp_path, "a.txt", "child\tparent\na > b\ta\n")
    assert list(read("own", path).query_names) == ["a", "a > b"]


def tree(n_nodes):
    lines = (f"{node},{(node - 1) // 3 if node else ''},node {node}\n" for node in range(n_nodes))
    return "id,parent_id,name\n" + "".join(lines)


def test_new_queries_are_named_by_no_training_pair(tmp_path):
    task = read("own", written(tmp_path, "a.csv", tree(100)), heldout="nodes")
    asked = task.test.relevance.answered
    validated = task.validation.relevance.answered
    assert (len(asked), len(validated)) == (14, 6)  # of the 20 that are held out
    trained = np.union1d(task.train.queries, task.train.documents)
    assert not np.isin(np.union1d(asked, validated), trained).any()
    assert task.query_texts[asked[0]] == f"node {task.query_names[asked[0]]}"
    assert any("this board shows how a method generalises" in note for note in task.notes)


def test_longer_pairs_are_held_out_with_texts_or_without(tmp_path):
    path = written(tmp_path, "a.csv", tree(100))
    plain, read_ = read("own", path, heldout="true"), read("own", path, heldout="true", text="true")
    assert (plain.test.relevance.distances >= 2).all()
    assert np.array_equal(plain.test.relevance.codes, read_.test.relevance.codes)
    assert plain.query_texts is None
    assert "node 3" in read_.query_texts
    with pytest.raises(InputError, match="alone .true., or is nodes or false; got 'some'"):
        read("own", path, heldout="some")
    star = written(tmp_path, "star.csv", "child,parent\n" + "".join(f"{n},root\n" for n in "abc"))
    with pytest.raises(
        InputError, match="own has 0 pairs at distance 2 and more, .* heldout=nodes"
    ):
        read("own", star, heldout="true")


def test_a_name_that_is_too_long_for_a_file_is_refused_with_the_way_out(tmp_path):
    path = written(tmp_path, f"{'l' * 240}.csv", "child,parent\na,b\nb,c\n")
    with pytest.raises(InputError, match="a name of 250 bytes, .* by hierarchy:.*,name=SHORT"):
        load_dataset(f"hierarchy:{path}")
    assert task_named(f"hierarchy:{path},name=mine") == "hierarchy-mine"


@pytest.mark.parametrize("n_nodes", [3, 4, 7])
def test_the_smallest_hierarchies_can_be_split(tmp_path, n_nodes):
    task = read("own", written(tmp_path, "a.csv", tree(n_nodes)), heldout="nodes")
    assert len(task.test.relevance.answered) == 1


def test_a_hierarchy_with_names_is_two_tasks_of_a_run(tmp_path):
    named = f"hierarchy:{written(tmp_path, 'a.csv', tree(9))},max_distance=3"
    assert all_tasks([named, "tree"], None) == [
        f"{named},heldout=false", f"{named},heldout=nodes", "tree",
    ]  # fmt: skip
    for alone in (f"{named},text", f"{named},heldout=false", f"{named},heldout"):
        assert all_tasks([alone], None) == [alone]
    ids = f"hierarchy:{written(tmp_path, 'b.csv', LINKS)}"
    broken = f"hierarchy:{written(tmp_path, 'c.csv', 'a;b,c')}"
    assert all_tasks([ids, broken, "hierarchy:absent.csv"], None) == [
        ids, broken, "hierarchy:absent.csv",
    ]  # fmt: skip


def test_what_is_held_has_the_plain_name_and_the_second_task_says_so_in_its_name(tmp_path):
    path = written(tmp_path, "shoes.csv", tree(9))
    first, second = (load_dataset(each) for each in all_tasks([f"hierarchy:{path}"], None))
    assert (first.name, second.name) == ("hierarchy-shoes", "hierarchy-shoes,heldout=nodes")
    assert first.query_texts is None


def test_a_file_that_changed_is_read_again(tmp_path):
    path = written(tmp_path, "a.csv", "child,parent\na,b\n")
    assert forms.read(path) is forms.read(path)
    path.write_text("child,parent\na,c\n")
    assert forms.read(path).parents == ["c"]


def test_without_rdflib_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    path = written(tmp_path, "a.ttl", TURTLE)
    monkeypatch.setattr("bench.errors._installed", lambda package: package != "rdflib")
    with pytest.raises(
        InputError, match=r"SKOS needs rdflib; pip install 'treeline-bench\[skos\]'"
    ):
        read("own", path)


def test_the_guide_is_short_and_names_every_ending():
    assert len(GUIDE.splitlines()) <= 60
    assert all(ending in GUIDE for ending in forms.ENDINGS)


@pytest.mark.slow
def test_the_guide_runs_as_it_stands(clone):
    follow(FENCED.findall(GUIDE), clone)
