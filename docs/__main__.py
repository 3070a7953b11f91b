"""Build the site and check its links: ``python -m docs [folder]``, by default into ``build/docs``.

Every warning of Sphinx is an error, and so is a link within the site that leads nowhere.
"""

import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from .links import broken

HERE = Path(__file__).parent


def main(folder: str = str(HERE.parent / "build" / "docs")) -> int:
    """The exit status: 0 when the site stands in the folder, and holds together."""
    status = build_main(["-W", "--keep-going", "-q", "-b", "dirhtml", str(HERE), folder])
    faults = [] if status else list(broken(Path(folder)))
    print(*faults, sep="\n", end="\n" * bool(faults))
    print("the site does not hold together" if status or faults else f"built: {Path(folder) / 'index.html'}")
    return int(bool(status or faults))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
