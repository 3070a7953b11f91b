"""The command line, as a user meets it: in a process of its own where that matters."""

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules
import schedules as sc
from schedules.faces.cli import main
from schedules.text.formula import explain
from schedules.text.javascript import to_js
from schedules.text.source import to_python

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


def test_values_as_json(capsys):
    assert main(["values", "linear(0, 1, 4)", "--json"]) == 0
    s = sc.linear(0, 1, 4)
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


def test_explain(capsys):
    assert main(["explain", WSD]) == 0
    assert capsys.readouterr().out == f"{explain(sc.parse(WSD))}\n"


EXPORTS = {
    ("python",): lambda s: f"{to_python(s)}\n",
    ("js",): to_js,
    ("python", "--name", "lr"): lambda s: f"{to_python(s, 'lr')}\n",
    ("latex",): lambda s: f"{explain(s, latex=True)}\n",
    ("csv",): lambda s: "step,value\n" + "".join(f"{t},{s(t)!r}\n" for t in range(1_000)),
    ("csv", "--steps", "3"): lambda s: "step,value\n" + "".join(f"{t},{s(t)!r}\n" for t in range(3)),
}


@pytest.mark.parametrize("form", EXPORTS, ids=" ".join)
def test_export(capsys, tmp_path, form):
    expected = EXPORTS[form](sc.parse(WSD))
    assert main(["export", WSD, "--to", *form]) == 0
    assert capsys.readouterr().out == expected
    path = tmp_path / "lr.txt"
    assert main(["export", WSD, "--to", *form, "-o", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert path.read_bytes().decode() == expected
    assert list(tmp_path.iterdir()) == [path]


def test_exported_source_runs_by_itself(tmp_path):
    path = tmp_path / "lr.py"
    assert run("export", WSD, "--to", "python", "--name", "lr", "-o", str(path)).returncode == 0
    command = [sys.executable, "-I", "-S", "-c", f"exec(open({str(path)!r}).read()); print(lr(10), lr(900.5))"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- ours
    s = sc.parse(WSD)
    assert done.stdout == f"{s(10)} {s(900.5)}\n"


def test_diff():
    same = run("diff", "linear(0, 1, 9)", "polynomial(0, 1, 9)")
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")
    other = run("diff", "linear(0, 1, 9)", "linear(0, 1, 8)")
    assert (other.returncode, other.stderr) == (1, "")
    assert other.stdout.strip()


def test_diff_of_endless_ones(capsys):
    endless = ["exponential_decay(1, 0.5, every=100)", "step_decay(1, 0.5, 100)"]
    assert main(["diff", *endless, "--steps", "1000"]) == 1
    assert capsys.readouterr().out.strip()
    assert main(["diff", *endless, "--steps", "1"]) == 0
    assert capsys.readouterr().out == ""


def test_lint():
    clean = run("lint", f"{WSD}[1:]")
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "", "")
    jump = run("lint", "linear(0, 1e-3, 500) >> cosine(2e-3, 0, 9_500)")
    assert (jump.returncode, jump.stderr) == (1, "")
    assert jump.stdout.strip()


def test_lint_of_a_part(capsys):
    rises = "linear(0, 1e-3, 500) >> cosine(1e-3, 0, 500) >> constant(1)"
    status = main(["lint", rises, "--steps", "100"])
    assert status == int(bool(capsys.readouterr().out))


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
    ["explain", "linear(0, 1"],
    ["explain", "linear(0, 1, 5)", "--steps", "3"],
    ["export", "linear(0, 1, 5)"],
    ["export", "linear(0, 1, 5)", "--to", "fortran"],
    ["export", "linear(0, 1, 5)", "--to", "python", "--name", "a b"],
    ["export", "linear(0, 1, 5)", "--to", "python", "--steps", "3"],
    ["export", "linear(0, 1, 5)", "--to", "latex", "--steps", "3"],
    ["export", "linear(0, 1, 5)", "--to", "latex", "-o", "no/such/folder.tex"],
    ["export", "inverse_sqrt(1.0, timescale=5)", "--to", "csv"],
    ["export", "inverse_sqrt(1.0, timescale=5)", "--to", "csv", "-o", "lr.csv"],
    ["diff", "linear(0, 1, 5)"],
    ["diff", "linear(0, 1, 5)", "linear(0, 1"],
    ["diff", "linear(0, 1, 5)", "linear(0, 1, 5)", "linear(0, 1, 5)"],
    ["lint", "linear(0, 1"],
    ["lint", "linear(0, 1, 5)", "--steps", "few"],
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
    for command in ((), ("plot",), ("describe",), ("values",), ("explain",), ("export",), ("diff",), ("lint",)):
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


def test_every_value_reads_back_exactly(capsys):
    assert main(["values", "cosine(1e-3, 1e-5, 70_000)", "--every", "7"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    s = sc.cosine(1e-3, 1e-5, 70_000)
    np.testing.assert_array_equal([float(value) for _, value in rows], s(np.arange(0, 70_000, 7)))


def test_a_value_does_not_depend_on_which_others_are_printed(capsys):
    lines = []
    for arguments in (["--steps", "100000", "--every", "999"], ["--every", "999"], ["--steps", "1e5", "--every", "27"]):
        assert main(["values", "wsd(0.3, 100_000, warmup=100, cooldown=90_000, shape=cosine)", *arguments]) == 0
        lines.append(set(capsys.readouterr().out.splitlines()))
    assert lines[0] == lines[1]
    assert lines[1] <= lines[2]


@pytest.mark.parametrize("every", [1, 3_000_001])
def test_an_array_of_several_blocks_is_that_of_values(tmp_path, every):
    path = tmp_path / "lr.npy"
    assert main(["values", "cosine(1, 0, 5_000_000)", "--every", str(every), "--npy", str(path)]) == 0
    saved = np.load(path)
    assert saved.dtype == np.float64
    np.testing.assert_array_equal(saved, sc.cosine(1.0, 0.0, 5_000_000).values()[::every])


def test_an_array_can_be_piped():
    command = [sys.executable, "-m", "schedules", "values", "linear(0, 1, 4)", "--npy", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 -- the project's own
    assert done.stdout.endswith(np.array([0.0, 0.25, 0.5, 0.75]).tobytes())


@pytest.mark.parametrize("more", [[], ["--npy", "/dev/full"]])
def test_a_full_disk_is_one_line(more):
    command = [sys.executable, "-m", "schedules", "values", "linear(0, 1, 4)", *more]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 2
    assert done.stderr.startswith("schedules: ")
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


@contextlib.contextmanager
def heard():
    """Processes that are started hear SIGINT, which they would ignore as the suite does where it runs as a job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("form", ["text", "npy"])
def test_an_interrupt_is_quiet_and_leaves_no_file(tmp_path, form):
    more = ["--npy", str(tmp_path / "lr.npy")] if form == "npy" else []
    command = [sys.executable, "-m", "schedules", "values", "sqrt(Time())", "--steps", "100_000_000", *more]
    with heard(), subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 -- ours
        while more and not list(tmp_path.iterdir()):
            assert process.poll() is None
        assert more or process.stdout.read(100)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode in (130, -signal.SIGINT)  # by itself or by the signal, which is 130 to a shell
    assert errors == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("no_color", "colours"), [("", True), ("1", False)])
def test_colours_are_for_terminals_that_want_them(no_color, colours):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "schedules", "plot", "linear(0, 1, 5)"]
    env = {**os.environ, "NO_COLOR": no_color, "COLUMNS": "40", "LINES": "12"}
    process = subprocess.Popen(command, stdout=theirs, env=env)  # noqa: S603 -- the project's own
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while block := os.read(ours, 4096):
            text += block
    os.close(ours)
    assert process.wait() == 0
    assert b"linear(0.0, 1.0, 5)" in text
    assert (b"\x1b[38" in text) == colours


def test_a_terminal_without_unicode_shows_what_it_can():
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "schedules", "plot", "linear(0, 1, 5)"]
    done = subprocess.run(command, capture_output=True, env=env, check=True)  # noqa: S603 -- the project's own
    assert b"linear(0.0, 1.0, 5)" in done.stdout


def test_closed_output_is_no_traceback():
    command = ["bash", "-c", f'"{sys.executable}" -m schedules values "linear(0, 1, 5)" >&-']
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the shell's own pipe
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("output", [[], ["-o", "lr.png"]], ids=["terminal", "file"])
def test_a_missing_extra_is_one_line(tmp_path, output):
    for library in ("matplotlib", "plotext"):
        (tmp_path / f"{library}.py").write_text("raise ImportError('absent')")
    code = "import sys; sys.path.insert(0, '.'); from schedules.faces.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "plot", "linear(0, 1, 5)", *output]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)  # noqa: S603 -- ours
    assert done.returncode == 2
    assert done.stderr.startswith("schedules: plot: ")
    assert done.stderr.endswith("is not installed (absent); pip install 'schedule-algebra[plot]'\n")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "lr.png").exists()


def test_curves_of_extreme_values_are_drawn(tmp_path, capsys):
    for expression in ("linear(-1.7e308, 1.7e308, 9)", "10 * linear(1e308, 1.5e308, 9)", "constant(0.1)"):
        assert main(["plot", expression, "-o", str(tmp_path / "lr.svg")]) == 0
        assert main(["plot", expression]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("lines", "options", "found"),
    [
        (["step,value", *(f"{t},{0.1 * 0.5 ** (t // 3):.6g}" for t in range(9))], [], "step_decay(0.1, 0.5, 3)"),
        ([f"{t / 1000:.6g}" for t in range(100)], [], "linear(0.0, 0.1, 100)"),
        (["step,lr,loss", *(f"{t * 10},{1e-3 * t:.4e},2.5" for t in range(50))], ["--column", "lr"], "stretch("),
        (["0.1", "0.1", "0.1"], ["--digits", "6"], "constant(0.1, steps=3)"),
    ],
)
def test_recognise(capsys, tmp_path, lines, options, found):
    path = tmp_path / "lr.csv"
    path.write_text("\n".join(lines))
    assert main(["recognise", str(path), *options]) == 0
    assert capsys.readouterr().out.startswith(found)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, [], "lr.csv: No such file or directory; give a file of text"),
        ("", [], "lr.csv: there are no values in it"),
        ("0,0.1\n1,x", [], "lr.csv: line 2: 'x' is no number"),
        ("0,0.1\n3,0.1\n4,0.1", [], "lr.csv: the first column is no step that counts evenly from 0"),
        ("step,lr\n0,0.1", ["--column", "rate"], "lr.csv: column=rate: this is one of step, lr"),
    ],
)
def test_recognise_says_what_is_wrong(capsys, tmp_path, text, options, message):
    path = tmp_path / "lr.csv"
    if text is not None:
        path.write_text(text)
    assert main(["recognise", str(path), *options]) == 2
    assert message in capsys.readouterr().err


# -- names, files and modules ----------------------------------------------------------------------------

NAMED = "linear(0, lr, w)\n  >> cosine(lr, 0, steps - w)  # as in a file\n"
BOUND = ["-D", "steps=1_000", "-D", "lr=3e-4", "-D", "w=0.1 * steps"]
COMMANDS = [
    ["describe"],
    ["values", "--every", "100"],
    ["explain"],
    ["export", "--to", "python"],
    ["lint"],
    ["plot", "--steps", "10"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("source", ["argument", "file", "input"])
def test_every_command_takes_names_and_reads_files_and_standard_input(command, source, tmp_path, capsys, monkeypatch):
    (tmp_path / "lr.txt").write_text(NAMED, encoding="utf-8-sig")
    monkeypatch.setattr("sys.stdin", io.StringIO(NAMED))
    name, *more = command
    expected = main([name, "linear(0, 3e-4, 100) >> cosine(3e-4, 0, 900)", *more]), capsys.readouterr().out
    expression = {"argument": NAMED, "file": f"@{tmp_path / 'lr.txt'}", "input": "-"}[source]
    assert (main([name, expression, *BOUND, *more]), capsys.readouterr().out) == expected


def test_names_in_a_comparison(capsys):
    assert main(["diff", "-D", "n=10", "linear(0, 1, n)", "linear(0, 1, 5 * n // 5)"]) == 0
    assert main(["diff", "-D", "n=10", "-D", "s=linear(0, 1, n)", "s", "cycle(s)", "--steps", "20"]) == 1
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["linear(0, lr, n)", "-D", "lr=1"], "'n': no schedule of this name; free is n, given is lr; give n=..."),
        (["linear(0, 1, n)", "-D", "n"], "write NAME=VALUE"),
        (["linear(0, 1, n)", "-D", "n="], "parse: at character 1: invalid syntax"),
        (["linear(0, 1, n)", "-D", "linear=1"], "parse: linear=1: the name is taken"),
        (["@nowhere.txt"], "nowhere.txt"),
        (["linear(0, 1, 5)", "--import", "nowhere"], "--import nowhere: ModuleNotFoundError"),
        (["values", "constant(1e-3)"], "values: constant(0.001) lasts 0 steps; say how many: --steps 1000"),
        (["values", "linear(0, 1, 0)"], "lasts 0 steps; say how many"),
    ],
)
def test_what_is_wrong_with_names_files_and_modules_is_one_line(arguments, reason, capsys):
    assert main(arguments if arguments[0] == "values" else ["describe", *arguments]) == 2
    assert reason in capsys.readouterr().err


OWN = """
from schedules import Schedule, Steps, Value, linear, named, reverse

@named
def {name}(peak: Value, steps: Steps) -> Schedule:
    half = linear(0.0, peak, steps / 2)
    return half >> reverse(half)
"""


@pytest.mark.parametrize("way", ["--import", "SCHEDULES_IMPORT"])
@pytest.mark.parametrize("start", [["-m", "schedules"], ["-c", "from schedules.faces.cli import main; main()"]])
def test_schedules_of_your_own_are_imported(tmp_path, way, start):
    (tmp_path / "own_a.py").write_text(OWN.format(name="tent"))
    (tmp_path / "own_b.py").write_text(OWN.format(name="tent2"))
    command = [sys.executable, *start, "values", "tent(1, 2) >> tent2(2, 2)"]
    env = {**os.environ, "SCHEDULES_IMPORT": "own_a, own_b"} if way == "SCHEDULES_IMPORT" else os.environ
    command += ["--import", "own_a", "--import", "own_b"] if way == "--import" else []
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, check=True)  # noqa: S603 -- ours
    assert done.stdout == "0 0.0\n1 1.0\n2 0.0\n3 2.0\n"


def test_installed_packages_offer_theirs(tmp_path):
    (tmp_path / "offering.py").write_text(OWN.format(name="tent") + "print('loaded')\n")
    info = tmp_path / "offering-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n")
    offers = "[schedules.named]\ntent = offering:tent\nlost = offering:lost\ngone = gone:gone\n"
    (info / "entry_points.txt").write_text(offers)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def values(expression):
        command = [sys.executable, "-m", "schedules", "values", expression]
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False)  # noqa: S603 -- ours

    assert values("linear(0, 1, 2)").stdout == "0 0.0\n1 0.5\n"  # it is not loaded where it is not named
    assert values("tent(1, 2)").stdout == "loaded\n0 0.0\n1 1.0\n"
    assert "did you mean tent?" in values("tant(1, 2)").stderr
    for name in ("lost", "gone"):
        assert (
            f"{name}: entry point schedules.named: {'offering' if name == 'lost' else name}"
            in values(f"{name}(1)").stderr
        )


def test_schedules_of_other_libraries_by_their_names(capsys):
    assert main(["describe", "transformers.get_wsd_schedule(1e-3, 100, 200, num_training_steps=1000)"]) == 0
    assert "constant(0.001, steps=700)" in capsys.readouterr().out


def test_page(tmp_path, monkeypatch, capsys):
    path = tmp_path / "page.html"
    assert main(["page", "wsd(1e-3, 10_000, warmup=500, cooldown=2_000)", "cosine(1, 0, 9)", "-o", str(path)]) == 0
    assert '["wsd(1e-3, 10_000, warmup=500, cooldown=2_000)", "cosine(1, 0, 9)"]' in path.read_text()
    assert main(["page", "cosine(peak, 0, 9)", "-D", "peak=0.5", "--log", "-o", str(path)]) == 0
    assert '["cosine(0.5, 0.0, 9)"], "log": true' in path.read_text()
    seen = []
    monkeypatch.setattr("webbrowser.open", seen.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["page", "torch.ExponentialLR(0.1, gamma=0.9)"]) == 0
    (address,) = seen
    assert capsys.readouterr().out == f"{address}\n"
    assert '["exponential_decay(0.1, 0.9)"]' in Path(address.removeprefix("file://")).read_text()
