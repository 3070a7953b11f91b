"""How Sphinx builds the documentation."""

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # so that the pages can be made by this folder's own functions
os.environ.setdefault("KERAS_BACKEND", "jax")  # the reference imports the adapters

from docs import site  # noqa: E402 -- found by the line above

about = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]

project = "schedules"
author = "the authors of schedules"
release = about["version"]
html_title = f"schedules {release}"
html_baseurl = about["urls"]["Documentation"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("edit.js", {"type": "module"})]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

default_role = "code"
napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

setup = site.setup
