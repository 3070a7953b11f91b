"""The editor: expressions as text and as curves that are pulled at, in one module of JavaScript, and in one page."""

import functools
import html
import json
import re
import tempfile
import webbrowser
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ..algebra.checks import ScheduleError, demand
from ..algebra.nodes import Lift, Schedule
from ..algebra.survey import Surveyed
from ..library.recording import Recording
from ..text.expression import libraries
from ..text.generated import vocabulary_js

READER = ("nodes.js", "vocabulary", "reader.js")
EDITOR = (*READER, "shape.js", "pull.js", "editor.js")


@functools.cache
def _part(name: str) -> str:
    return (files("schedules.faces") / "editor" / name).read_text(encoding="utf-8")


def module_js(parts: Sequence[str] = EDITOR) -> str:
    """The editor as one ES module that needs nothing else: ``mount(element, {expressions: [...]})``.

    It knows every schedule that has a name by now, yours too: their functions are traced and printed.

    Args:
        parts: what it is put together of.

    >>> "export const mount" in module_js()
    True
    """
    names = f"const LIBRARIES = {json.dumps([*libraries()])};\n"
    text = "\n".join(vocabulary_js() + names if name == "vocabulary" else _part(name) for name in parts)
    return "\n".join(map(_dense, re.sub(r"(?m)^\s*(//.*)?\n|^ +| // [^\"`\n]*$", "", text).splitlines()))


def _dense(line: str) -> str:
    """A line without needless spaces; one with text or with styles in it as it is. People read the files themselves."""
    if re.search(r"['`/\\]|^[.@&-]|^color:", line):
        return line
    pieces = re.split(r'("[^"]*")', line)
    return "".join(p if p.startswith('"') else re.sub(r" ?([{}()=,;:?<>*&|[\]]+) ?", r"\1", p) for p in pieces)


def page(expressions: Sequence[Schedule | str], *, title: str = "schedules", log: bool = False) -> str:
    """One HTML file with the editor in it: it needs no network, and keeps what is drawn in its address.

    Args:
        expressions: the schedules to begin with, or their texts.
        title: the title of the page.
        log: whether values are on a logarithmic axis to begin with.

    Raises:
        ScheduleError: there is none, or a Python function in one, which has no text.

    >>> from schedules import wsd
    >>> page([wsd(1.0, 100, warmup=10, cooldown=20)]).startswith("<!doctype html>")
    True
    """
    demand(len(expressions) > 0, "page", "expressions", expressions, "give one schedule at least")
    options = {"expressions": [editable("page", s) for s in expressions], "log": log, "hash": True}
    code = module_js().replace("</script", "<\\/script")
    given = json.dumps(options).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{html.escape(title)}</title>
<style>
body {{ margin: 0 auto; max-width: 60rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181d; }} }}
</style>
</head>
<body>
<main id="editor"></main>
<script type="module">
{code}
mount(document.getElementById("editor"), {given});
</script>
</body>
</html>
"""


def editable(function: str, s: Schedule | str) -> str:
    """The text of a schedule, for the editor."""
    if isinstance(s, str):
        return s
    pending: list[Surveyed] = [s]
    while pending:
        node = pending.pop()
        if isinstance(node, Lift) and not isinstance(node.op, str | Recording):
            wants = "there is a Python function in it, which has no text; record it: replay(s.values())"
            raise ScheduleError(f"{function}: s={re.sub(' at 0x[0-9a-f]+', '', repr(s))}: {wants}")
        pending += node.children
    return repr(s)


def as_typed(s: Schedule, text: str | None) -> str:
    """The text of a schedule as someone wrote it, if the page can read that: it has no schedules of other libraries."""
    own = editable("page", s)
    return own if text is None or re.search(r"[^\W\d]\w*\s*\.\s*[^\W\d]", text) else text


def opened(text: str) -> str:
    """The address of a page that is written to a new file and shown in the browser."""
    with tempfile.NamedTemporaryFile("w", suffix=".html", prefix="schedules-", delete=False, encoding="utf-8") as file:
        file.write(text)
    address = Path(file.name).as_uri()
    webbrowser.open(address)
    return address
