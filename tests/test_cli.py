"""The command line, as a user meets it: in a process of its own where that matters."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules
import schedules as sc
from schedules.cli import main

WSD = "wsd(3e-4, 1_000, warmup=20, cooldown=200, shape=one_minus_sqrt)"


def run(*arguments):
    command = [sys.executable, "-m", "schedules", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the project's own


def test_describe(capsys):
    assert main(["describe", WSD]) == 0
    assert capsys.readouterr().out == f"{sc.parse(WSD).describe()}\n"


def test_describe_a_part(capsys):
    assert main(["describe", "inverse_sqrt(1.0, timescale=5)", "--steps", "1_0"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["0", "9"]


def test_values_as_text(capsys):
    assert main(["values", WSD]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [int(step) for step, _ in rows] == list(range(1_000))
    assert [float(value) for _, value in rows] == [sc.parse(WSD)(step) for step in range(1_000)]


def test_values_as_csv(capsys):
    assert main(["values", "linear(0, 1, 4)", "--every", "3", "--csv"]) == 0
    assert capsys.readouterr().out == "step,value\n0,0.0\n3,0.75\n"


@pytest.mark.parametrize("expression", ["linear(0, 1, 4)", "linear(0, 1, 0)"])
def test_values_as_json(capsys, expression):
    assert main(["values", expression, "--json"]) == 0
    s = sc.parse(expression)
    assert json.loads(capsys.readouterr().out) == [[step, s(step)] for step in range(int(s.steps))]


def test_what_json_cannot_write_is_null(capsys):
    assert main(["values", "exponential_decay(1e300, 1e9)", "--steps", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [[0, 1e300], [1, None]]


@pytest.mark.parametrize("every", [1, 7])
def test_values_as_an_array(tmp_path, every):
    path = tmp_path / "lr.npy"
    assert main(["values", WSD, "--every", str(every), "--npy", str(path)]) == 0
    np.testing.assert_allclose(np.load(path), sc.parse(WSD).values()[::every], rtol=1e-14)
    assert [file.name for file in tmp_path.iterdir()] == ["lr.npy"]


@pytest.mark.parametrize(("name", "magic"), [("lr.png", b"\x89PNG"), ("lr.svg", b"<?xml")])
def test_plot_into_a_file(tmp_path, name, magic):
    path = tmp_path / name
    assert main(["plot", WSD, "cosine(1e-3, 0, 900)", "-o", str(path)]) == 0
    assert path.read_bytes().startswith(magic)


def test_plot_in_the_terminal(capsys):
    assert main(["plot", WSD, "inverse_sqrt(1e-4, timescale=100)"]) == 0
    out = capsys.readouterr().out
    assert "•" in out
    assert out.splitlines()[-1] == "  x inverse_sqrt(0.0001, timescale=100)"


BAD = [
    ["plot", "linear(0, 1"],
    ["plot", "nonsense"],
    ["plot", "__import__('os').system('true')"],
    ["plot", "inverse_sqrt(1.0, timescale=5)"],
    ["plot", "linear(0, 1, 5)", "-o", "picture.gif"],
    ["plot", "linear(0, 1, 5)", "-o", "no/such/folder.png"],
    ["describe", "linear(0, 1, -5)"],
    ["describe", "linear(0, 1, 5)", "--steps", "few"],
    ["describe", ""],
    ["values", "inverse_sqrt(1.0, timescale=5)"],
    ["values", "linear(0, 1, 5)", "--every", "0"],
    ["values", "linear(0, 1, 5)", "--every", "1.5"],
    ["values", "linear(0, 1, 5)", "--csv", "--json"],
    ["values", "linear(0, 1, 5)", "--npy", "no/such/folder.npy"],
    ["values", "linear(0, 1,\n5"],
    ["values"],
    ["draw", "linear(0, 1, 5)"],
    [],
]


@pytest.mark.parametrize("arguments", BAD, ids=repr)
def test_what_is_wrong_is_said_in_one_line(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("schedules: ")
    assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@given(st.text(st.characters(exclude_characters="-"), max_size=40))
def test_no_expression_ends_in_a_traceback(text):
    assert main(["describe", text]) in (0, 2)


def test_in_a_process_of_its_own():
    done = run("describe", "linear(0, 1, 5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "schedules: parse: at character 7: '(' was never closed: 'linear(0, 1, 5'\n"
    assert run("--version").stdout == f"schedules {schedules.__version__}\n"
    for command in ((), ("plot",), ("describe",), ("values",)):
        assert "examples:" in run(*command, "--help").stdout


def test_a_reader_that_has_seen_enough():
    values = f'"{sys.executable}" -m schedules values "linear(0, 1, 10_000_000)"'
    command = ["bash", "-c", f'{values} | head -n 1; echo "${{PIPESTATUS[0]}}"']
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- the shell's own pipe
    assert done.stdout == "0 0.0\n0\n"
    assert done.stderr == ""


def test_an_existing_file_survives_a_failure(tmp_path):
    path = tmp_path / "lr.npy"
    path.write_bytes(b"precious")
    assert main(["values", "inverse_sqrt(1.0, timescale=5)", "--npy", str(path)]) == 2
    assert path.read_bytes() == b"precious"
