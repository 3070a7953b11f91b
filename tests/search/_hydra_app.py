"""A program of Hydra: `python _hydra_app.py --multirun` trains with schedules that its Optuna sweeper draws."""

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from search.trainings import CONFIG, space_of, trained

SPACE = space_of(CONFIG)
PARAMS = {f"+draws.{name}": text for name, text in SPACE.hydra().items()}
ConfigStore.instance().store(
    "config",
    {
        "defaults": ["_self_", {"override hydra/sweeper": "optuna"}],
        "draws": {},
        "hydra": {"sweeper": {"n_trials": 4, "n_jobs": 1, "direction": "minimize", "params": PARAMS}},
    },
)


@hydra.main(version_base=None, config_name="config")
def main(config):
    """One training."""
    s = SPACE.fill(OmegaConf.to_container(config.draws))
    print(f"trained: {s}", flush=True)
    return trained(s)


if __name__ == "__main__":
    main()
