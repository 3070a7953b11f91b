"""What the site adds to Sphinx: pages made at build time, pictures of schedules, and formulas as MathML."""

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.docutils import SphinxDirective

from schedules import parse
from schedules.faces.page import module_js

from . import pages, pictures

HERE = Path(__file__).parent


def setup(app: Any) -> dict[str, bool]:
    """Register it all; Sphinx calls this."""
    app.connect("builder-inited", lambda _: made())
    app.add_directive("schedule", Picture)
    app.add_html_math_renderer("mathml", inline_renderers=(inline_math, None), block_renderers=(block_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def made() -> None:
    """Make what no one writes."""
    pages.write(HERE)
    pictures.write(HERE / "_static" / "made")
    (HERE / "_static" / "made" / "editor.js").write_text(module_js())


class Picture(SphinxDirective):
    """``{schedule} EXPRESSION``: what a notebook shows of it, its curve and its length."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", pages.picture(parse(self.arguments[0])), format="html")]


def inline_math(translator: Any, node: Any) -> None:
    """A formula in a line of text."""
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def block_math(translator: Any, node: Any) -> None:
    """A formula on lines of its own."""
    translator.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode
