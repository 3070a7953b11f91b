"""Runs the blocks of code of a page, one after the other, as its reader would.

``python`` runs, all blocks of a page in one scope; ``pycon`` shows a session, whose output is compared; ``sh`` is run
by bash, where a failure is one; ``console`` shows commands after ``$`` with what they print, which is compared. A block
of any language that begins with the comment ``# name.ext`` is a file of that name, which blocks after it find in the
folder that they all run in. ``text`` is only shown.
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w/-]+\.\w+)\n")
COMMANDS = 'schedules() { "$PYTHON" -m schedules "$@"; }\npython() { "$PYTHON" "$@"; }\n'
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
DATA = ("yaml", "toml", "ini")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page, each with its language."""
    return BLOCK.findall(page.read_text())


class Reader:
    """Who reads a page, and does what it says, in a folder."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.scope: dict[str, Any] = {"__name__": "page"}

    def run(self, language: str, code: str) -> None:
        """Do what a block says."""
        if name := FILE.match(code):
            path = self.folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
        elif language != "text":
            getattr(self, language)(code)

    def python(self, code: str) -> None:
        """Run a block of Python, with its own lines in what a failure shows."""
        before = self.page.read_text().partition(code)[0].count("\n")
        exec(compile("\n" * before + code, self.page, "exec"), self.scope)  # noqa: S102 -- our own documentation

    def pycon(self, code: str) -> None:
        """Run a session, and compare what it prints."""
        test = doctest.DocTestParser().get_doctest(code, self.scope, self.page.name, str(self.page), 0)
        test.globs = self.scope
        report = io.StringIO()
        found = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(test, out=report.write, clear_globs=False)
        assert not found.failed, report.getvalue()

    def sh(self, code: str) -> str:
        """Run commands; what they print."""
        environment = os.environ | {"PYTHON": sys.executable, "COLUMNS": "100"}
        done = subprocess.run(  # noqa: S603 -- our own documentation, by the shell that its reader has
            ["bash", "-euc", COMMANDS + code],  # noqa: S607
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def console(self, code: str) -> None:
        """Run each command, and compare what it prints, errors among it."""
        for command, _, shown in (part.partition("\n") for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]):
            printed = self.sh(f"({command}) 2>&1 || true")
            assert printed.split() == shown.split(), f"$ {command}\n{printed}"


def read(page: Path, folder: Path, skip: tuple[str, ...] = ()) -> None:
    """Read a page, but for the blocks to skip."""
    reader = Reader(page, folder)
    with contextlib.chdir(folder):
        for language, code in blocks(page):
            if code not in skip:
                reader.run(language, code)


GUIDES = Path(__file__).parent.parent / "docs" / "guides"


def scripts(folder: Path) -> list[Path]:
    """The guides' blocks of Python for type checkers, each page as one script in a folder."""
    written: list[Path] = []
    for page in sorted(GUIDES.glob("*.md")):
        code = "\n".join(code for language, code in blocks(page) if language == "python" and not FILE.match(code))
        if code:
            written.append(folder / f"guide_{page.stem}.py")
            written[-1].write_text(code)
    return written


if __name__ == "__main__":
    (folder := Path(sys.argv[1])).mkdir(parents=True, exist_ok=True)
    scripts(folder)
