"""The editor: expressions as text and as curves that are pulled at, in one module of JavaScript and one page."""

import functools
import json
from importlib.resources import files

from ..text.expression import libraries
from ..text.generated import vocabulary_js


@functools.cache
def _part(name: str) -> str:
    return (files("schedules.faces") / "editor" / name).read_text(encoding="utf-8")


def module_js(*parts: str) -> str:
    """One ES module: the nodes, the vocabulary of now, the reader, and what else is asked for."""
    names = f"const LIBRARIES = {json.dumps(libraries())};\n"
    return "\n".join((_part("nodes.js"), vocabulary_js(), names, _part("reader.js"), *map(_part, parts)))
