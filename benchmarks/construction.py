"""What it costs to build a schedule: ``python -m benchmarks.construction [FOLDER]``.

With the folder of another version of the package, each row is timed in turn in that one and in this one, in a process
each, so that a drift of the machine's speed falls on both.
"""

import subprocess
import sys
from pathlib import Path

HERE = str(Path(__file__).parent.parent)
ROUNDS = 5

BUILT = {
    "linear": "linear(0.0, 1e-3, 100)",
    "cosine": "cosine(1e-3, 0.0, 900)",
    "constant": "constant(1.0, steps=5)",
    "cosine_warmup": "cosine_warmup(1e-3, 1000, warmup=100)",
    "three joined": "linear(0.0, 1.0, 100) >> constant(1.0, steps=800) >> cosine(1.0, 0.0, 100)",
    "wsd": "wsd(1e-3, 1000, warmup=100, cooldown=200)",
    "one_cycle": "one_cycle(1.0, 1000)",
    "sgdr of 5": "sgdr(1.0, 100, 5)",
    "cosine_warmup and its first s(t)": "cosine_warmup(1e-3, 1000, warmup=100)(5)",
    "multistep of 1,000": "multistep(1.0, 0.99, range(10, 10_010, 10))",
    "join of 1,000 lines": "join(*[linear(0.0, i / 7, 10 + i) for i in range(1000)])",
    "22 times a * 0.5 + a * 0.5, compared": "doubled() == doubled()",
    "rounds of rounds": "repeat(repeat(linear(0, 1, 1), 10_000), 10_000)",
}
ONCE = frozenset(("multistep of 1,000", "join of 1,000 lines", "rounds of rounds"))
ENDLESS = frozenset(("22 times a * 0.5 + a * 0.5, compared",))  # where the number of places counts, not of nodes

WORKER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from schedules import *
def doubled():
    a = cosine(1.0, 0.0, 9)
    for _ in range(22):
        a = a * 0.5 + a * 0.5
    return a
for line in sys.stdin:
    times, text = line.split(maxsplit=1)
    run = eval(f"lambda: {text}")
    run()
    begin = time.process_time()
    for _ in range(int(times)):
        run()
    print((time.process_time() - begin) / int(times), flush=True)
"""


class Version:
    """One version of the package, in a process of its own."""

    def __init__(self, folder: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )

    def seconds(self, text: str, times: int) -> float:
        """The seconds of processor time that an expression takes."""
        print(times, text, file=self.process.stdin, flush=True)
        return float(next(iter(self.process.stdout or ())))


def main(other: str | None = None) -> None:
    """Print the table."""
    versions = [Version(folder) for folder in (HERE, other) if folder]
    print(f"{'built':38}{'us':>10}{'other':>12}{'ratio':>8}")
    for name, text in BUILT.items():
        able = versions[:1] if name in ENDLESS else versions
        times = 1 if name in ONCE else 30
        found = [[version.seconds(text, times) for version in able] for _ in range(ROUNDS)]
        least = [min(column) * 1e6 for column in zip(*found, strict=True)]
        rest = f"{least[1]:12.0f}{least[1] / least[0]:8.1f}" if len(least) > 1 else ""
        print(f"{name:38}{least[0]:10.0f}{rest}")


if __name__ == "__main__":
    main(*sys.argv[1:])
