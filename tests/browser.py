"""The editor in a real browser: ``pip install playwright``, a Chromium, and ``pytest -n 0 tests/browser.py``.

All of it runs without a network, and a page that complains of anything is a fault.
"""

import functools
import http.server
import os
import re
import threading

import pytest
from chromium import launched
from playwright.sync_api import sync_playwright

import schedules as sc
from schedules import parse
from schedules.faces.page import page

WSD = "wsd(1e-3, 10_000, warmup=500, cooldown=2_000)"
SGDR = "sgdr(1.0, 150, 3, end=0.05, stretch=2.0)"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = launched(playwright)
        yield found
        found.close()


@pytest.fixture
def opened(browser, tmp_path):
    """What opens expressions in a page of a width, without a network; at the end nothing may have gone wrong."""
    faults, contexts = [], []

    def opening(*texts, width=1400, scheme="light", touch=False, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(page(texts, **options))
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            offline=True,
            has_touch=touch,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda fault: faults.append(str(fault)))
        tab.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith(LOCAL) else None)
        tab.goto(path.as_uri())
        tab.wait_for_selector("table")
        return tab

    yield opening
    for context in contexts:
        context.close()
    assert faults == []


LOCAL = ("file:", "data:", "blob:")


def text_of(tab, place=0):
    return tab.locator("textarea").nth(place).input_value()


def settled(tab):
    """Wait until what comes a little later has come."""
    tab.wait_for_timeout(250)


def middle(handle):
    box = handle.locator(".dot").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def dragged(tab, place, dx, dy):
    """Pull one handle by some pixels; how far it is from the pointer then, in x and in y."""
    handle = tab.locator(".handle").nth(place)
    x, y = middle(handle)
    tab.mouse.move(x, y)
    tab.mouse.down()
    for part in (0.3, 0.7, 1.0):
        tab.mouse.move(x + part * dx, y + part * dy)
    now = middle(handle)
    tab.mouse.up()
    settled(tab)
    return abs(now[0] - x - dx), abs(now[1] - y - dy)


# -- pulling -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "dx", "dy", "changed"),
    [
        (1, 60, 0, {"warmup"}),
        (1, 0, 70, {"peak"}),
        (1, 60, 70, {"warmup", "peak"}),
        (2, -90, 0, {"cooldown"}),
        (2, -90, 40, {"cooldown", "peak"}),
        (3, -80, 0, {"steps"}),
    ],
)
def test_each_handle_of_wsd_moves_the_numbers_that_are_its_own(opened, place, dx, dy, changed):
    tab = opened(WSD)
    off = dragged(tab, place, dx, dy)
    before, after = parse(WSD).arguments, parse(text_of(tab)).arguments
    assert {key for key, value in after.items() if value != before[key]} == changed
    assert all(distance < 3 for distance, moved in zip(off, (dx, dy), strict=True) if moved)


def test_the_start_of_wsd_has_no_number_and_stays(opened):
    tab = opened(WSD)
    dragged(tab, 0, 50, -50)
    assert text_of(tab) == WSD


def test_each_handle_of_sgdr_moves_something_of_it(opened):
    tab = opened(SGDR)
    count = tab.locator(".handle").count()
    assert count == 6  # two ends, and before and after each restart
    for place in range(1, count):
        tab.locator("textarea").fill(SGDR)
        settled(tab)
        dragged(tab, place, 40, 30 if place in (2, 4) else -30)
        after = parse(text_of(tab)).arguments
        assert after != parse(SGDR).arguments, place


def test_a_finger_pulls_as_a_mouse_does(opened):
    tab = opened(WSD, width=400, touch=True)
    x, y = middle(tab.locator(".handle").nth(1))
    finger = tab.context.new_cdp_session(tab)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 20, "y": y + 10}]),
        ("touchMove", [{"x": x + 40, "y": y + 40}]),
        ("touchEnd", []),
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    settled(tab)
    after = parse(text_of(tab)).arguments
    assert after["warmup"] > 900
    assert after["peak"] < 9e-4


def test_handles_are_sliders_of_the_keyboard(opened):
    tab = opened(WSD)
    handle = tab.get_by_role("slider", name=re.compile("^handle 2: start of constant"))
    handle.focus()
    before = float(handle.get_attribute("aria-valuenow"))
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowRight"):
        tab.keyboard.press(key)
    settled(tab)
    assert float(handle.get_attribute("aria-valuenow")) < before
    assert parse(text_of(tab)).arguments["warmup"] == pytest.approx(500 + 11 * 100, rel=0.05)
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')").startswith("handle 2")


def test_a_number_that_is_refused_stops_the_handle(opened):
    tab = opened(WSD)
    dragged(tab, 1, 2_000, 0)  # beyond the cooldown
    assert parse(text_of(tab)).arguments["warmup"] <= 8_000
    assert tab.locator(".error").text_content() == ""


# -- numbers -------------------------------------------------------------------------------------------------


def test_each_slider_moves_its_number(opened):
    tab = opened(WSD)
    sliders = tab.locator("input[type=range]")
    names = [sliders.nth(place).get_attribute("aria-label") for place in range(sliders.count())]
    assert names == ["peak", "steps", "warmup", "cooldown"]
    for name in names:
        before = parse(text_of(tab)).arguments
        slider = tab.get_by_role("slider", name=name, exact=True)
        slider.focus()
        tab.keyboard.press("ArrowRight")
        settled(tab)
        after = parse(text_of(tab)).arguments
        assert {key for key in after if after[key] != before[key]} == {name}
        assert after[name] > before[name]


def test_a_number_is_typed(opened):
    tab = opened(WSD)
    field = tab.get_by_label("warmup, as a number")
    field.fill("1_234")
    field.press("Enter")
    settled(tab)
    assert text_of(tab) == "wsd(1e-3, 10_000, warmup=1_234, cooldown=2_000)"


# -- text ----------------------------------------------------------------------------------------------------


def test_what_is_typed_is_drawn_and_what_is_wrong_is_said(opened):
    tab = opened(WSD)
    curve = tab.locator("path.curve")
    before = curve.get_attribute("d")
    tab.locator("textarea").fill("linear(0, 1, 100) >> cosin(1, 0, 900)")
    assert "parse: at character 22: 'cosin(1, 0, 900)': no schedule of this name; did you mean cosine?" in (
        tab.get_by_role("alert").text_content()
    )
    assert curve.get_attribute("d") == before  # the last that was right
    tab.locator("textarea").fill("linear(0, 1, 100) >> cosine(1, 0, 900)")
    settled(tab)
    assert tab.locator(".error").text_content() == ""
    assert curve.get_attribute("d") != before
    cells = tab.locator("tbody td").all_text_contents()
    assert cells == [str(cell) for row in parse(text_of(tab)).describe().cells[1:] for cell in row]
    assert f"1000 steps: total {sc.total(parse(text_of(tab))):g}" in tab.locator(".facts").text_content()


def test_lint_says_what_python_says(opened):
    text = "linear(0.1, 1.0, 500) >> cosine(2.0, 0.0, 9_500)"
    tab = opened(text)
    settled(tab)
    assert tab.locator(".lint li").all_text_contents() == [str(finding) for finding in sc.lint(parse(text))]


def test_several_curves(opened):
    tab = opened(WSD, "cosine(1e-3, 0, 10_000)")
    assert tab.locator("path.curve").count() == 2
    strokes = {tab.locator("path.curve").nth(k).evaluate("node => getComputedStyle(node).stroke") for k in (0, 1)}
    assert len(strokes) == 2
    tab.get_by_label("add a curve").click()
    assert tab.locator("path.curve").count() == 3
    tab.get_by_label("remove curve 1").click()
    assert [text_of(tab, k) for k in (0, 1)] == ["cosine(1e-3, 0, 10_000)", WSD]
    box = tab.locator(".plot svg").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = tab.locator(".tip").text_content()
    assert re.search(r"^step \d+", tip)
    assert "cosine(0.001, 0.0, 10000)" in tip
    assert "constant(0.001, steps=7500)" in tip


# -- looking around ------------------------------------------------------------------------------------------


def shown(tab):
    """The labels of the axis of steps."""
    labels = tab.locator(".plot svg > text[text-anchor=middle]").all_text_contents()
    return [float(label.replace("\u2009", "")) for label in labels]


def test_zoom_pan_and_logarithms(opened):
    tab = opened(WSD)
    assert shown(tab)[-1] == 10_000
    box = tab.locator(".plot svg").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.wheel(0, -900)
    closer = shown(tab)
    assert 0 < closer[0] < closer[-1] < 10_000
    tab.mouse.down()
    tab.mouse.move(x + 200, y, steps=4)
    tab.mouse.up()
    assert shown(tab)[0] < closer[0]
    tab.get_by_label("show the whole").click()
    assert shown(tab)[-1] == 10_000
    before = tab.locator("path.curve").get_attribute("d")
    tab.get_by_label("log values").check()
    logarithmic = tab.locator("path.curve").get_attribute("d")
    tab.get_by_label("log steps").check()
    assert len({before, logarithmic, tab.locator("path.curve").get_attribute("d")}) == 3


# -- taking it along -----------------------------------------------------------------------------------------


def copied(tab, name):
    tab.get_by_label(f"copy as {name}").click()
    tab.get_by_role("status").filter(has_text=f"{name} copied").wait_for()
    return tab.evaluate("navigator.clipboard.readText()")


def test_copies(opened):
    tab = opened(WSD, "exponential(1e-3, 1e-5, 10_000) * linear(1, 0.5, 10_000)")
    both = [text_of(tab, 0), text_of(tab, 1)]
    assert copied(tab, "text").splitlines() == both
    scope = {}
    exec(copied(tab, "Python"), scope)  # noqa: S102 -- what the page has written
    assert [scope["s"], scope["s1"]] == [*map(parse, both)]
    assert copied(tab, "SVG").startswith("<svg")
    with tab.expect_download() as saved:
        tab.get_by_label("save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_address_keeps_what_is_drawn(opened):
    tab = opened(WSD)
    dragged(tab, 1, 60, 70)
    tab.get_by_label("log values").check()
    settled(tab)
    text = text_of(tab)
    assert text != WSD
    tab.reload()
    tab.wait_for_selector("table")
    assert text_of(tab) == text
    assert tab.get_by_label("log values").is_checked()
    other = tab.context.new_page()
    other.goto(copied(tab, "link"))
    other.wait_for_selector("table")
    assert text_of(other) == text


# -- places --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out(opened, width, scheme):
    tab = opened(WSD, SGDR, "interpolate([(0, 0.0), (100, 1.0), (600, 0.7), (1000, 0.0)])", width=width, scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    paper = tab.locator(".schedule-editor").evaluate("node => getComputedStyle(node).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


TEN = " >> ".join(f"cosine({1 + k / 7}, {0.1 + k / 9}, {100 + k})" for k in range(10))


@pytest.mark.parametrize("text", [WSD, SGDR, TEN], ids=["wsd", "sgdr", "ten parts"])
def test_it_follows_while_it_is_dragged(opened, text):
    """Printed for the figures, not asserted: the processor time of the page for one move, layout and all."""
    tab = opened(text)
    x, y = middle(tab.locator(".handle").nth(1))
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 3, y + 3)
    curve = tab.locator("path.curve")
    before = curve.get_attribute("d")
    page = tab.context.new_cdp_session(tab)
    page.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        return {each["name"]: each["value"] for each in page.send("Performance.getMetrics")["metrics"]}

    begin = spent()
    tab.evaluate(
        """async ([x, y]) => {
          const node = document.querySelectorAll(".handle")[1];
          for (let k = 0; k < 60; k++) {
            node.dispatchEvent(new PointerEvent("pointermove", {clientX: x + 5 + k % 20, clientY: y + 5 + k % 15}));
            await new Promise(requestAnimationFrame);
          }
        }""",
        [x, y],
    )
    end = spent()
    assert curve.get_attribute("d") != before
    tab.mouse.up()
    script, task = (1e3 * (end[name] - begin[name]) / 60 for name in ("ScriptDuration", "TaskDuration"))
    print(f"{text[:20]}: {script:.1f} ms of JavaScript, {task:.1f} ms in all")


# -- the documentation ---------------------------------------------------------------------------------------


@pytest.mark.skipif("SITE" not in os.environ, reason="SITE is the folder of a built documentation, build/docs")
@pytest.mark.parametrize("place", ["gallery/recipes/", "guides/plotting/", "guides/resuming/"])
def test_pictures_of_the_documentation_are_edited_in_place(browser, place):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=os.environ["SITE"])
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page(viewport={"width": 1400, "height": 900})
        faults = []
        tab.on("pageerror", lambda fault: faults.append(str(fault)))
        tab.goto(f"http://127.0.0.1:{server.server_port}/{place}")
        figure = tab.locator("figure.schedule").first
        written = figure.get_attribute("data-expression")
        figure.get_by_role("button", name="edit").click()
        tab.wait_for_selector(".schedule-editor table")
        assert text_of(tab) == written
        tab.locator(".handle").nth(1).scroll_into_view_if_needed()
        dragged(tab, 1, 40, 40)
        assert text_of(tab) != written
        parse(text_of(tab))
        assert faults == []
        if path := os.environ.get("PICTURE"):
            tab.screenshot(path=f"{path}-{place.partition('/')[0]}.png")
        tab.close()
        server.shutdown()
