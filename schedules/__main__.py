"""``python -m schedules``: the command line."""

import sys

from .faces.cli import main

if __name__ == "__main__":
    sys.exit(main())
