"""Which modules have their doctests run: not those that import what is not installed."""

from importlib.util import find_spec

TRAINERS = {"axolotl": "axolotl", "lightning": "jsonargparse", "llmfoundry": "composer", "mmengine": "mmengine"}
TRAINERS |= {"olmo_core": "olmo_core", "torchtitan": "torchtitan", "transformers": "transformers"}

collect_ignore = ["schedules/adapters"]  # the same files by another name
collect_ignore += [  # a module that fails to import would stay in sys.modules, half made
    f"adapters/{name}.py" for name, needed in TRAINERS.items() if find_spec(needed) is None
]
collect_ignore += [f"tests/{name}.py" for name in ("browser", "notebooks") if find_spec("playwright") is None]
