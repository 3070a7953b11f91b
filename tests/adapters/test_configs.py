"""Schedules in other people's configs: each block of the guide is loaded by the loader it is written for, and runs."""

import ast
import dataclasses
import importlib
import math
import re
import shlex
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import peers
import pytest
import torch
from blocks import blocks

import schedules as sc
from schedules import ScheduleError, parse
from schedules.adapters.torch import ScheduleLR

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "configs.md"
FILES = {found[1]: code for _, code in blocks(PAGE) if (found := re.match(r"# ([\w.]+)\n", code))}
WSD = "wsd(lr, steps, warmup=0.25 * steps, cooldown=0.25 * steps)"
TEXTS = [
    WSD,
    "cosine_warmup(lr, steps, warmup=round(0.1 * steps), end=0.1 * lr)",
    "linear(0, lr, ceil(steps / 7)) >> cosine(lr, 0, steps - ceil(steps / 7))",
    "warmup(inverse_sqrt(lr, timescale=3), 3)",
    "one_cycle(10 * lr, steps, shape='linear')",
    "fit(linear(0, 1, 10) >> cosine(1, 0, 90), steps) * lr",
    "minimum(lr * Time() / 4, 0.5 * lr)[:steps]",
    "lr * 0.5 ** (Time() // (steps // 3))",
    "transformers.get_cosine_schedule_with_warmup(lr, 2, num_training_steps=steps)",
    "interpolate([(0, 0), (steps / 4, lr), (steps, lr / 10)])",
]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads cost tiny models more than they give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def yaml_of(name):
    return pytest.importorskip("yaml").safe_load(FILES[name])


def watch(optimizer):
    """A list of the learning rates of all groups with which ``optimizer.step`` is in fact called."""
    seen = []
    optimizer.register_step_pre_hook(lambda self, *_: seen.append([float(group["lr"]) for group in self.param_groups]))
    return seen


def assert_follows(seen, text, lrs, steps):
    """Each group used the schedule of its own learning rate."""
    expected = [[parse(text, lr=lr, steps=steps)(t) for lr in lrs] for t in range(len(seen))]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)


def optimizer_of(*lrs):
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in lrs]
    return torch.optim.SGD(groups, lr=lrs[0])


def run(optimizer, scheduler, steps):
    """A loop that updates and steps."""
    seen = watch(optimizer)
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
    return seen


# -- Transformers ----------------------------------------------------------------------------------------


def hugging(root, config, *, resume=None, texts=True, kinds=None, data=None, **more):
    """A run of Transformers' Trainer, or of one that derives from it, by a config: what its updates used, and it."""
    transformers = pytest.importorskip("transformers")
    from schedules.adapters.transformers import scheduled_arguments, scheduled_trainer

    kind, arguments = kinds or (transformers.Trainer, transformers.TrainingArguments)
    machine = {"use_cpu": True, "bf16": False, "report_to": "none", "disable_tqdm": True}
    (arguments,) = transformers.HfArgumentParser(scheduled_arguments(arguments) if texts else arguments).parse_dict(
        config | {"output_dir": str(root), "per_device_train_batch_size": 2, "save_steps": 5} | machine
    )
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            n_layer=1, n_head=2, n_embd=8, vocab_size=16, n_positions=8, bos_token_id=0, eos_token_id=0
        )
    )
    tokens = torch.randint(0, 16, (24, 8), generator=torch.Generator().manual_seed(5))
    used = []

    class Recorder(transformers.TrainerCallback):
        def on_optimizer_step(self, _args, _state, _control, optimizer, **_):
            used.append([group["lr"] for group in optimizer.param_groups])

    data = data or [{"input_ids": row, "labels": row} for row in tokens]
    trainer = scheduled_trainer(kind)(model, arguments, train_dataset=data, callbacks=[Recorder()], **more)
    trainer.train(resume_from_checkpoint=resume)
    return used, trainer


def test_transformers_follows_a_text_in_its_arguments_and_resumes(tmp_path):
    config = yaml_of("transformers.yaml")
    used, trainer = hugging(tmp_path / "whole", config)
    assert len(used) == 12
    assert_follows(used, config["schedule"], [3e-4, 3e-4], 12)
    assert type(trainer).__name__ == "ScheduledTrainer"
    again, _ = hugging(tmp_path / "again", config, resume=str(tmp_path / "whole" / "checkpoint-5"))
    assert again == used[5:]


def test_transformers_follows_a_text_among_its_own_arguments(tmp_path):
    config = yaml_of("transformers_kwargs.yaml")
    used, _ = hugging(tmp_path, config, texts=False)
    assert_follows(used, config["lr_scheduler_kwargs"]["schedule"], [3e-4, 3e-4], 12)


def test_transformers_counts_epochs_and_says_when_there_is_no_text(tmp_path):
    used, _ = hugging(tmp_path, {"learning_rate": 0.1, "num_train_epochs": 1, "schedule": WSD})
    assert len(used) == 12
    assert_follows(used, WSD, [0.1, 0.1], 12)
    with pytest.raises(ScheduleError, match=r"scheduled_trainer: args.schedule=None: give the text in the arguments"):
        hugging(tmp_path, {"max_steps": 1})


def test_trl_derives_from_transformers(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    trl, datasets = pytest.importorskip("trl"), pytest.importorskip("datasets")
    import tokenizers
    import transformers

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({".": 0, "a": 1, "b": 2}, "."))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    used, trainer = hugging(
        tmp_path,
        yaml_of("transformers.yaml"),
        kinds=(trl.SFTTrainer, trl.SFTConfig),
        data=datasets.Dataset.from_list([{"text": "a b b a"}] * 24),
        processing_class=transformers.PreTrainedTokenizerFast(
            tokenizer_object=words, **dict.fromkeys(("eos_token", "pad_token", "unk_token"), ".")
        ),
    )
    assert type(trainer).__name__ == "ScheduledSFTTrainer"
    assert len(used) == 12
    assert_follows(used, WSD, [3e-4, 3e-4], 12)


# -- Lightning -------------------------------------------------------------------------------------------


@pytest.fixture
def lightning(monkeypatch):
    module = pytest.importorskip("lightning.pytorch")
    pytest.importorskip("jsonargparse")
    monkeypatch.setattr(sys, "argv", ["train"])

    class Model(module.LightningModule):
        """A line."""

        def __init__(self, shape: sc.Schedule | None = None) -> None:
            super().__init__()
            self.layer, self.shape = torch.nn.Linear(2, 1), shape

        def training_step(self, batch, _):
            return self.layer(batch[0]).square().mean()

        def train_dataloader(self):
            return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 2)), batch_size=2)

        def on_train_start(self):
            self.seen = watch(self.optimizers().optimizer)

    class Data(module.LightningDataModule):
        train_dataloader = Model.train_dataloader

    return SimpleNamespace(Model=Model, Data=Data, Trainer=module.Trainer)


def test_the_guides_script_trains(lightning, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "fit", "--config", "lightning.yaml"])
    monkeypatch.setitem(sys.modules, "project", lightning)
    Path("lightning.yaml").write_text(FILES["lightning.yaml"])
    exec(compile(FILES["train.py"], "train.py", "exec"), {"__name__": "__main__"})  # noqa: S102 -- our own documentation
    assert f"schedule: {WSD}" in Path("config.yaml").read_text()


def test_lightning_is_configured_by_text_alone(lightning, tmp_path, monkeypatch):
    from schedules.adapters.lightning import ScheduledCLI

    monkeypatch.chdir(tmp_path)
    Path("lightning.yaml").write_text(FILES["lightning.yaml"])
    arguments = [
        "fit",
        "--config",
        "lightning.yaml",
        "--model.shape",
        "cosine(1, 0, 5)",
        "--trainer.default_root_dir",
        ".",
    ]
    cli = ScheduledCLI(lightning.Model, args=arguments, save_config_callback=None)
    assert cli.model.shape == sc.cosine(1, 0, 5)
    assert len(cli.model.seen) == cli.trainer.estimated_stepping_batches == 12
    assert_follows(cli.model.seen, WSD, [0.1], 12)
    assert "cosine(1.0, 0.0, 5)" in cli.parser.dump(cli.config)


@pytest.mark.usefixtures("lightning")
def test_a_plain_cli_is_told_which_one_gives_the_total():
    from schedules.adapters.lightning import ScheduleLR

    waiting = ScheduleLR(torch.optim.SGD([torch.zeros(1)]), "cosine(lr, 0, steps)")
    with pytest.raises(AttributeError, match=r"optimizer: it waits .* ScheduledCLI"):
        waiting.optimizer  # noqa: B018 -- the first thing that Lightning asks for


def test_a_parameter_annotated_schedule_is_filled_from_text():
    jsonargparse = pytest.importorskip("jsonargparse")
    pytest.importorskip("schedules.adapters.lightning")

    def train(lr: sc.Schedule, steps: int = 5):
        return lr.values(steps)

    assert jsonargparse.auto_cli(train, args=["linear(0, 1, 5)"]).tolist() == sc.linear(0, 1, 5).values().tolist()
    with pytest.raises(SystemExit):
        jsonargparse.auto_cli(train, args=["linaer(0, 1, 5)"])


# -- Hydra -----------------------------------------------------------------------------------------------


def test_hydra_builds_schedules_of_a_config():
    hydra, omegaconf = pytest.importorskip("hydra.utils"), pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.create(FILES["hydra.yaml"])
    made = hydra.instantiate(config)
    assert made.schedule == sc.cosine_warmup(3e-4, 1_000, warmup=100)
    assert made.text == sc.wsd(3e-4, 1_000, warmup=100, cooldown=200, shape=sc.cosine)
    assert made.milestones == sc.multistep(3e-4, 0.5, [300, 600])
    assert made.points == sc.interpolate([(0, 0.0), (100, 3e-4), (1_000, 0.0)])
    config.peak = 0.5
    assert hydra.instantiate(config).schedule == sc.cosine_warmup(0.5, 1_000, warmup=100)


def test_lists_and_mappings_of_hydra_go_where_lists_and_mappings_go():
    create = pytest.importorskip("omegaconf").OmegaConf.create
    scheduler = ScheduleLR(optimizer_of(0.1, 0.2), create(["linear(0, 1, 5)", 0.5]))
    assert scheduler.get_last_lr() == [0.0, 0.5]
    optimizer = optimizer_of(0.1, 0.2)
    for group, name in zip(optimizer.param_groups, "ab", strict=True):
        group["name"] = name
    assert ScheduleLR(optimizer, create({"b": "linear(1, 0, 5)", "a": 0.5})).get_last_lr() == [0.5, 1.0]

    @sc.named
    def of_lists(pair, steps: sc.Steps):
        return sc.linear(pair[0], pair[1][0], steps)

    assert of_lists(create([0.0, [1.0]]), 5) == of_lists([0.0, [1.0]], 5)


# -- Ignite ----------------------------------------------------------------------------------------------


def test_ignite_steps_it_as_its_own():
    pytest.importorskip("ignite")
    from ignite.engine import Engine, Events
    from ignite.handlers import LRScheduler, create_lr_scheduler_with_warmup

    for warm in (0, 3):
        optimizer = optimizer_of(0.1)
        inner = ScheduleLR(optimizer, WSD, steps=12)
        seen, used = [], watch(optimizer)
        if warm:
            handler = create_lr_scheduler_with_warmup(inner, warmup_start_value=0.0, warmup_duration=warm)
        else:
            handler = LRScheduler(inner)

        def update(_engine, _batch, optimizer=optimizer, seen=seen):
            optimizer.step()
            seen.append(optimizer.param_groups[0]["lr"])

        trainer = Engine(update)
        trainer.add_event_handler(Events.ITERATION_STARTED, handler)
        trainer.run([0] * 12)
        s = parse(WSD, lr=0.1, steps=12)
        expected = [s(t) for t in range(12)]
        if warm:  # its own ramp comes first, and its last step is the first of the schedule
            expected = [0.0] * (warm - 1) + expected[: 13 - warm]
        assert [lr for (lr,) in used] == seen
        np.testing.assert_allclose(seen[-8:], expected[-8:], rtol=1e-12)


# -- trainers out of their own wheels --------------------------------------------------------------------


@pytest.fixture
def wheel(pytestconfig, monkeypatch):
    """Modules of a library out of its pinned wheel, found by our adapter too, which is imported anew."""

    def found(requirement, *names, around=None):
        modules = peers.modules(peers.unpacked(pytestconfig, requirement), *names, around=around)
        for module in modules:
            monkeypatch.setitem(sys.modules, module.__name__, module)
        return modules

    before = set(sys.modules)
    yield found
    for name in set(sys.modules) - before:
        if name.startswith("schedules.adapters."):
            del sys.modules[name]


@pytest.mark.parametrize("units", ["steps", "tokens"])
def test_olmo_core_builds_and_asks_it(wheel, pytestconfig, monkeypatch, units):
    monkeypatch.syspath_prepend(str(peers.unpacked(pytestconfig, "dataclass-extensions==0.5.0")))
    config, scheduler = wheel(
        "ai2-olmo-core==3.0.0",
        "olmo_core.config",
        "olmo_core.optim.scheduler",
        around={
            "cached_path": {"cached_path": None},
            "olmo_core.nn.transformer": {"Transformer": None},
            "olmo_core.distributed.utils": {"get_rank": "torch.distributed"},
        },
    )
    given = yaml_of("olmo_core.yaml") | {"units": units}
    made = config.Config.from_dict(given)
    assert isinstance(made, scheduler.Scheduler)
    assert made.as_config_dict()["schedule"] == given["schedule"]
    group = {"lr": 3e-4, "params": []}
    scale = 1_000 if units == "tokens" else 1
    s = parse(given["schedule"], lr=3e-4, steps=100 * scale)
    for step in range(120):
        trainer = SimpleNamespace(
            global_step=step, max_steps=100, global_train_tokens_seen=1_000 * step, max_tokens=100_000
        )
        assert made.set_lr(group, trainer) == group["lr"] == s(scale * step)
    group["lr"] = torch.tensor(0.0)
    made.set_lr(group, trainer)
    assert float(group["lr"]) == pytest.approx(s(scale * 119))


def test_torchtitan_overrides_its_own(wheel):
    package = "torchtitan.components.optimizer"
    found = wheel(
        "torchtitan==0.3.0",
        "torchtitan.config.configurable",
        "torchtitan.config.override",
        f"{package}.lr_scheduler",
        around={
            "torchtitan.config": {"Configurable": "torchtitan.config.configurable"},
            f"{package}.optimizer": {"OptimizersContainer": None},
        },
    )
    configurable, override, schedulers = found
    (imports,) = re.findall(r"--override.imports '(.*)'", FILES["torchtitan.sh"])
    (text,) = re.findall(r'"text": "(.*)"', imports)

    @dataclasses.dataclass(kw_only=True, slots=True)
    class Config(configurable.Configurable.Config):
        lr_scheduler: object = dataclasses.field(default_factory=schedulers.LRSchedulersContainer.Config)

    config = Config()
    said = override.apply_overrides(override.OverrideConfig(imports=override.parse_cli_imports([imports])), config)
    assert "schedules.adapters.torchtitan.schedule" in said[0]
    optimizers = [optimizer_of(0.1, 0.2), optimizer_of(3e-4)]
    container = config.lr_scheduler.build(optimizers=optimizers, training_steps=100)
    assert isinstance(container, schedulers.LRSchedulersContainer)
    seen = [watch(optimizer) for optimizer in optimizers]
    for step in range(100):
        if step == 60:
            state = container.state_dict()
        for optimizer in optimizers:
            optimizer.step()
        container.step()
    assert_follows(seen[0], text, [0.1, 0.2], 100)
    assert_follows(seen[1], text, [3e-4], 100)
    assert set(container.get_metrics()) == {"lr/SGD/0", "lr/SGD/1", "lr/SGD"}
    again = config.lr_scheduler.build(optimizers=[optimizer_of(3e-4)], training_steps=100)
    again.load_state_dict(state)
    assert again.schedulers[0].get_last_lr() == seen[1][60]


def test_axolotl_loads_the_plugin_and_asks_it(wheel, monkeypatch):
    pytest.importorskip("transformers").Trainer  # noqa: B018 -- it looks for peft before there is a bare one
    monkeypatch.setitem(sys.modules, "peft", ModuleType("peft"))
    base, mixin = wheel(
        "axolotl==0.19.0",
        "axolotl.integrations.base",
        "axolotl.core.trainers.mixins.scheduler",
        around={
            "peft": dict.fromkeys(["PeftConfig", "PeftMixedModel", "PeftModel"]),
        },
    )
    config = yaml_of("axolotl.yaml")
    manager = base.PluginManager.get_instance()
    for plugin in config["plugins"]:
        manager.register(plugin)
    module, _, name = manager.get_input_args()[0].rpartition(".")
    model = getattr(importlib.import_module(module), name)
    manager.cfg = model(schedule=config["schedule"])

    class Trainer(mixin.SchedulerMixin):
        def __init__(self, optimizer):
            self.optimizer, self.lr_scheduler = optimizer, None
            self.args = SimpleNamespace(
                lr_scheduler_type="cosine",
                lr_quadratic_warmup=False,
                cosine_min_lr_ratio=None,
                jagged_restart_steps=None,
            )

    optimizer = optimizer_of(config["learning_rate"], 0.1)
    scheduler = Trainer(optimizer).create_scheduler(100)
    assert isinstance(scheduler, ScheduleLR)
    assert_follows(run(optimizer, scheduler, 100), config["schedule"], [config["learning_rate"], 0.1], 100)
    manager.cfg = model()
    assert manager.create_lr_scheduler(None, optimizer, 100) is None


def offer(folder, monkeypatch):
    """What this package offers to others is found, as after its installation."""
    project = tomllib.loads((PAGE.parents[2] / "pyproject.toml").read_text())["project"]
    info = folder / "offered-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1.0\n")
    groups = project["entry-points"].items()
    lines = [line for name, all_ in groups for line in (f"[{name}]", *(f"{k} = {v}" for k, v in all_.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "catalogue", raising=False)  # it looks once


def test_llm_foundry_builds_it_by_its_name(wheel, monkeypatch, tmp_path):
    (optim,) = wheel(
        "mosaicml==0.32.1",
        "composer.optim.scheduler",
        around={
            "composer.utils": {"StringEnum": "composer.utils.string_enum"},
            "composer.core": {"State": None, "Time": "composer.core.time", "TimeUnit": "composer.core.time"},
        },
    )
    monkeypatch.setitem(sys.modules, "composer.optim", optim)
    offer(tmp_path, monkeypatch)
    pytest.importorskip("catalogue")
    (registry,) = wheel("llm-foundry==0.22.0", "llmfoundry.utils.registry_utils")
    config = yaml_of("llmfoundry.yaml")["scheduler"]
    schedulers = registry.create_registry("llmfoundry", "schedulers", generic_type=type, entry_points=True)
    made = registry.construct_from_registry(
        config.pop("name"), schedulers, pre_validation_function=optim.ComposerScheduler, kwargs=config
    )
    s = parse(config["schedule"], lr=1.0, steps=200)
    for unit, batches, tokens in (("ba", 200, 0), ("ep", 2, 0), ("tok", 200, 1)):
        for step in range(200):
            state = SimpleNamespace(
                max_duration=SimpleNamespace(unit=SimpleNamespace(value=unit), value=batches),
                dataloader_len=100,
                timestamp=SimpleNamespace(batch=0 if tokens else step, token=step),
            )
            assert made(state) == s(step)


@pytest.mark.parametrize("by_epoch", [False, True])
def test_mmengines_runner_follows_it(pytestconfig, monkeypatch, tmp_path, by_epoch):
    """A real Runner, built of a config; of MMEngine its wheel alone, with what it imports."""
    for needed in ("addict", "cv2", "yapf", "termcolor", "rich"):
        pytest.importorskip(needed)
    monkeypatch.syspath_prepend(str(peers.unpacked(pytestconfig, "mmengine==0.10.7")))
    before = set(sys.modules)
    try:
        runner = importlib.import_module("mmengine.runner")
        models = importlib.import_module("mmengine.model")
        configs = importlib.import_module("mmengine.config")

        class Model(models.BaseModel):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 1)

            def forward(self, inputs, mode="loss", **_):
                return {"loss": self.layer(inputs).square().mean()} if mode == "loss" else []

        config = configs.Config.fromstring(FILES["mmengine_config.py"], ".py")
        text = config.param_scheduler.schedule

        def trained(folder, epochs):
            """The learning rates that the updates of a run used."""
            made = runner.Runner(
                Model(),
                str(folder),
                train_dataloader={
                    "batch_size": 2,
                    "dataset": [{"inputs": torch.ones(2)}] * 8,
                    "sampler": {"type": "DefaultSampler", "shuffle": False},
                    "collate_fn": {"type": "default_collate"},
                },
                train_cfg={"by_epoch": True, "max_epochs": epochs},
                optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
                param_scheduler={**config.param_scheduler, "by_epoch": by_epoch},
                experiment_name=f"{folder.name}_{epochs}_{by_epoch}",
                log_level="ERROR",
            )
            seen = []
            made.optim_wrapper = made.build_optim_wrapper(made.optim_wrapper)
            made.optim_wrapper.optimizer.register_step_pre_hook(
                lambda self, *_: seen.append(self.param_groups[0]["lr"])
            )
            made.train()
            return seen

        importlib.import_module("schedules.adapters.mmengine")
        used = trained(tmp_path / "whole", 4)
        s = parse(text, lr=0.1, steps=4 if by_epoch else 16)
        np.testing.assert_allclose(used, [s(t // 4 if by_epoch else t) for t in range(16)], rtol=1e-12)
    finally:
        for name in set(sys.modules) - before:
            if name.startswith(("mmengine", "schedules.adapters.mmengine")):
                del sys.modules[name]


# -- kohya -----------------------------------------------------------------------------------------------


def test_kohyas_arguments_make_it():
    """What sd-scripts does with its two arguments: the class of a module, and literals between equals signs."""
    given = shlex.split(FILES["kohya.sh"])
    kind = given[given.index("--lr_scheduler_type") + 1]
    module, _, name = kind.rpartition(".")
    keywords = {}
    for argument in given[given.index("--lr_scheduler_args") + 1 :]:
        key, value = argument.split("=")
        keywords[key] = ast.literal_eval(value)
    assert str(keywords["steps"]) == given[given.index("--max_train_steps") + 1]
    optimizer = optimizer_of(0.1, 0.2)
    scheduler = getattr(importlib.import_module(module), name)(optimizer, **keywords)
    assert_follows(run(optimizer, scheduler, 150), keywords["schedule"], [0.1, 0.2], keywords["steps"])
    wsd = sc.wsd(0.1, keywords["steps"], warmup=100, cooldown=2_400)
    assert sc.diff(parse(keywords["schedule"], lr=0.1, steps=keywords["steps"]), wsd) is None


# -- tokens ----------------------------------------------------------------------------------------------


def test_a_block_of_tokens_is_a_schedule_of_updates():
    text = yaml_of("tokens.yaml")["schedule"]
    optimizer = optimizer_of(3e-4, 0.1)
    scheduler = ScheduleLR(optimizer, text)
    assert_follows(run(optimizer, scheduler, 5), text, [3e-4, 0.1], 0)
    s, batch = parse(text, lr=3e-4), sc.to_multiple(sc.linear(500_000, 4_000_000, 5_000), 65_536)
    wsd = sc.wsd(3e-4, 300_000_000_000, warmup=3_000_000_000, cooldown=60_000_000_000)
    seen = np.concatenate([[0.0], np.cumsum(batch.values(80_000))])
    updates = [0, 1, 999, 4_999, 5_000, 60_000, 70_000, math.floor(s.steps)]
    np.testing.assert_allclose([s(t) for t in updates], wsd(seen[updates]), rtol=1e-12, atol=1e-18)


def test_each_block_of_the_guide_has_its_loader():
    loaded = re.findall(r'(?:FILES\[|yaml_of\()"([\w.]+)"', Path(__file__).read_text())
    assert set(loaded) == set(FILES)


# -- what is known only when training starts -------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("steps", [12, 50])
def test_ten_texts_whose_total_and_peak_are_known_only_when_training_starts(text, steps):
    assert set(sc.free_names(text)) <= {"lr", "steps"}
    optimizer = optimizer_of(3e-4, 0.1)
    scheduler = ScheduleLR(optimizer, text, steps=steps)
    assert_follows(run(optimizer, scheduler, steps), text, [3e-4, 0.1], steps)


def test_the_guide_has_thirty_lines_of_config():
    lines = [line for code in FILES.values() for line in code.splitlines()[1:]]
    assert len(lines) >= 30
