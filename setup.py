"""The README for the package index: links within the repository made absolute. All else is in pyproject.toml."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
URLS = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["urls"]


def absolute(link: re.Match[str]) -> str:
    """A link on the site, if it leads to a page of the documentation, else one in the repository."""
    path = link[1]
    if not path.startswith("docs/"):
        return f"]({URLS['Source']}/{path})"
    return f"]({URLS['Documentation']}/{path.removeprefix('docs/').removesuffix('.md').removesuffix('index')})"


readme = re.sub(r"\]\((?!\w+:|#)([^)]+)\)", absolute, (HERE / "README.md").read_text())
setup(long_description=readme, long_description_content_type="text/markdown")
