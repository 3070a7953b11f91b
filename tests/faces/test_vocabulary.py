"""``schedules list``, ``help`` and ``completion``, the choices of ``plot``, and the examples of each command."""

import shlex
import shutil
import subprocess
import sys

import pytest

import schedules as sc
from schedules.algebra.named import MAKERS
from schedules.faces import cli
from schedules.faces.vocabulary import listing, manual, vocabulary


def printed(capsys, *words):
    """What a command prints, and its status."""
    status = cli.main(words)
    return capsys.readouterr().out, status


def test_every_name_is_listed_once():
    named = [name for kind in ("curves", "combinators", "recipes", "tokens") for name in vocabulary()[kind]]
    assert {*named, "part"} >= {name for name in MAKERS if MAKERS[name].__module__.startswith("schedules.library")}
    assert len(named) == len(set(named))
    assert {"constant", "join", "minimum"} <= set(named)
    assert [line.split()[0] for line in listing().splitlines() if line.startswith("  ")][: len(named)] == named


def test_peoples_own_names_are_listed(capsys):
    @sc.named
    def dip(depth: sc.Value) -> sc.Schedule:
        """``s(t) = 1 - depth``."""
        return sc.constant(1 - depth)

    try:
        assert "  dip                 s(t) = 1 - depth." in printed(capsys, "list", "yours")[0].splitlines()
        assert printed(capsys, "help", "dip")[0].startswith("dip(depth: float) -> Schedule\n")
    finally:
        del MAKERS["dip"]


@pytest.mark.parametrize("name", ["wsd", "Plateau", "torch.OneCycleLR", "total"])
def test_help_has_the_call_and_the_documentation(capsys, name):
    text, status = printed(capsys, "help", name)
    assert status == 0
    assert text.startswith(f"{name}(")
    assert "Args:" in text
    assert "``" not in text


def test_a_name_that_is_none_is_an_error(capsys):
    assert cli.main(["help", "cosin"]) == cli.main(["list", "curve"]) == 2
    assert "did you mean cosine?" in capsys.readouterr().err
    with pytest.raises(sc.ScheduleError, match="see schedules list"):
        manual("numpy.linspace")


@pytest.mark.parametrize("name", cli.EXAMPLES)
def test_examples_run(capsys, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "then.txt").write_text("linear(1, 0, 10)")
    (tmp_path / "now.txt").write_text("linear(1, 0, 10)")
    for log in ("lr.csv", "log.csv"):
        (tmp_path / log).write_text("step,lr\n" + "".join(f"{step},{1 - step / 10:g}\n" for step in range(10)))
    for words in cli.EXAMPLES[name]:
        command = shlex.split(words.partition(" > ")[0].partition(" >> ~")[0])
        text, status = printed(capsys, name, *command)
        assert status in ((0, 1) if name in ("diff", "lint") else (0,))
        assert text or list(tmp_path.iterdir()) or name == "diff"
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    assert all(f"  schedules {name} {words}".rstrip() in capsys.readouterr().out for words in cli.EXAMPLES[name][:1])


def test_a_plot_has_its_choices(capsys):
    choices = ["--from", "10", "--to", "60", "--log", "--title", "a title", "--label", "one", "--label", "two"]
    text, _ = printed(capsys, "plot", "linear(1, 0, 100)", "linear(1, 0.5, 100)", *choices)
    lines = text.splitlines()
    assert lines[0] == "a title"
    assert lines[-3].split() == ["10", "22", "35", "47", "60"]
    assert [line.split()[-1] for line in lines[-2:]] == ["one", "two"]
    assert cli.main(["plot", "linear(1, 0, 100)", "--from", "50", "--to", "40"]) == 2
    assert "end it later" in capsys.readouterr().err
    assert "cases" in printed(capsys, "explain", "warmup(cosine(1, 0, 9), 3)", "--latex")[0]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_read_what_completes(shell, capsys, tmp_path):
    text, _ = printed(capsys, "completion", shell)
    assert "describe" in text
    assert "--log" in text or "-l log" in text
    if shutil.which(shell):
        path = tmp_path / "script"
        path.write_text(text)
        subprocess.run([shell, "-n", str(path)], check=True)  # noqa: S603 -- our own script, read and not run


def test_completion_names_what_it_needs():
    code = "import sys; sys.modules['shtab'] = None; from schedules.faces.cli import main; main(['completion', 'bash'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    assert "pip install 'schedule-algebra[completion]'" in done.stderr
