"""``python -m schedules`` is the command ``schedules``."""

import sys

from .cli import main

sys.exit(main())
