"""Functions are traced in several threads at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from schedules.text.tracing import Choice, Truth, explored


def test_threads_that_trace_do_not_disturb_each_other():
    together = Barrier(2, timeout=60)

    def traced(name):
        def run():
            answers = []
            for question in (f"{name} > 0", f"{name} > 1"):
                together.wait()
                answers.append(bool(Truth(question)))
            together.wait()
            return name, *answers

        return explored(name, run)

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(traced, "ab"))
    assert found == [
        Choice(
            f"{name} > 0",
            Choice(f"{name} > 1", (name, True, True), (name, True, False)),
            Choice(f"{name} > 1", (name, False, True), (name, False, False)),
        )
        for name in "ab"
    ]
