"""The documentation: every block of every page runs; ``python -m docs`` builds the site and checks its links."""

import re
from pathlib import Path

import matplotlib as mpl
import pytest
from blocks import DATA, Reader, blocks, read

import schedules
from docs import pages
from docs.links import broken
from schedules import Schedule, parse
from schedules.algebra.named import MAKERS

DOCS = Path(__file__).parent.parent / "docs"
MADE = ("gallery", "coming-from", "reference")  # at build time, from documentation that is tested where it stands
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in MADE)

mpl.use("Agg")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS).with_suffix("")))
def test_every_block_runs(page, tmp_path):
    read(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS).with_suffix("")))
def test_every_block_is_found(page):
    text = page.read_text()
    found = blocks(page)
    assert len(re.findall(r"^\s*```", text, re.MULTILINE)) == 2 * (len(found) + len(re.findall(r"^```\{", text, re.M)))
    assert {language for language, _ in found} <= {"python", "pycon", "sh", "console", "text", *DATA}


def test_a_reader_notices(tmp_path):
    page = tmp_path / "page.md"
    page.touch()
    reader = Reader(page, tmp_path)
    reader.run("yaml", "# a/b.yaml\nx: 1\n")
    reader.run("python", "x = 1\n")
    reader.run("pycon", ">>> x\n1\n")
    reader.run("console", "$ cat a/b.yaml\n# a/b.yaml\nx: 1\n$ false; echo $?\n1\n")
    for language, code in (("python", "1/0"), ("pycon", ">>> x\n2\n"), ("sh", "false"), ("console", "$ echo a\nb")):
        with pytest.raises((AssertionError, ZeroDivisionError)):
            reader.run(language, code)


# -- what is made at build time ------------------------------------------------------------------------


@pytest.mark.parametrize("module", pages.modules(), ids=lambda module: module.__name__)
def test_what_the_tables_say_is_a_config(module):
    rows = [found for name in module.__all__ if (found := pages.row(module, name))]
    made = [value for _, value in rows if isinstance(value, Schedule)]
    assert len(made) >= 2
    assert all(parse(repr(s)) == s for s in made)
    assert all(repr(s) in pages.page(module) for s in made)


def test_every_named_schedule_is_in_the_gallery():
    entries = "".join(pages.gallery().values())
    names = [maker.__name__ for kind in pages.KINDS for maker in pages.makers(kind)]
    assert re.findall(r"^## (\w+)$", entries, re.MULTILINE) == names
    assert set(names) == {*schedules.__all__} & MAKERS.keys()
    assert entries.count("<svg") == entries.count("\n## ")


def test_every_public_name_is_on_one_page_of_the_reference():
    listed = [name for names in pages.rooms().values() for name in names]
    texts = pages.reference()
    arguments = re.findall(r"^\| `(\w+)` ", texts["reference/arguments.md"], re.MULTILINE)
    others = ["ScheduleLike"]  # a union, which is said where it is used
    assert sorted([*listed, *arguments, *others]) == schedules.__all__
    assert all(".. auto" in texts[f"reference/{room}.md"] for room in pages.rooms())


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text(
        '<a href="../b.html#there">x</a><a href="#here">y</a><a href="https://z">'
    )
    (tmp_path / "b.html").write_text('<p id="there"><a href="a/">x</a><img src="c.png"><a href="a/#nowhere">y</a>')
    assert {line.partition(": ")[2] for line in broken(tmp_path)} == {
        "#here: there is no such place on the page",
        "c.png: there is no such file",
        "a/#nowhere: there is no such place on the page",
    }
