"""The page in a headless Chromium: hostile text shows as text, nothing runs, nothing is fetched, and anybody can read it."""

import http.server
import re
import threading

import hostile
import pytest
from axe_playwright_python.sync_playwright import Axe

SCHEMES = ["light", "dark"]
# Tables by their captions that show what was typed, and how many of their columns do.
PLACES = {"By country": 1, "By address": 2, "Users": 1, "Clients": 1, "Users seen from a new country": 3}


def quiet(watched):
    """Says that nothing happened but the page itself being read."""
    assert (watched.console, watched.dialogs, watched.errors) == ([], [], [])
    assert watched.requests == [watched.page.url] and watched.page.url.startswith("file://")


def caption(page, name):
    """The text of the table with a caption."""
    return page.locator("table", has=page.locator("caption", has_text=re.compile(f"^{name}$"))).inner_text()


@pytest.mark.parametrize("day", hostile.DAYS)
def test_hostile_text_shows_as_text_in_every_place_and_nothing_else_happens(watch, hostile_files, day):
    watched = watch(hostile_files[day])
    quiet(watched)
    for name, columns in PLACES.items():
        said = caption(watched.page, name)
        for typed in hostile.DAYS[day]:
            assert said.count(hostile.read_as(typed)) >= columns, (name, typed)
    elements = watched.page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.tagName.toLowerCase()))]")
    assert not {"script", "img", "iframe", "link", "base", "object", "embed", "form", "input"} & set(elements)
    assert watched.page.locator("h1").all_inner_texts() == ["Auth0 events"]
    assert watched.page.locator("meta").count() == 5 and watched.page.locator("style").count() == 1
    handlers = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on|^style$|^srcdoc$/.test(a.name) || /^\\s*javascript:/i.test(a.value)).length"
    assert watched.page.evaluate(handlers) == 0
    assert "lake <script>alert(0)<" in watched.page.locator("header").inner_text()


def test_the_policy_stops_what_would_get_past_the_escaping(watch, hostile_files, tmp_path):
    with Listener() as listener:
        attack = f"<script>alert(1)</script><img src='{listener.url}image' onerror=alert(2)><link rel=stylesheet href='{listener.url}style'><iframe src='{listener.url}frame'></iframe><form action='{listener.url}form'></form>"
        text = next(iter(hostile_files.values())).read_text("utf-8")
        past = tmp_path / "past.html"
        past.write_text(text.replace("<footer>", attack + "<footer>"), "utf-8")
        watched = watch(past)
        watched.page.evaluate("document.forms[0].submit()")
        assert watched.dialogs == [] and listener.paths == [] and len(watched.console) >= 4
        # What is asserted can be seen: without the policy all of it happens.
        past.write_text(re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", past.read_text("utf-8")), "utf-8")
        open_to_all = watch(past)
        assert open_to_all.dialogs[0] == "1" and {"/image", "/style", "/frame"} <= set(listener.paths)


class Listener:
    """An HTTP server on loopback that knows what it was asked for."""

    def __enter__(self):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                self.send_error(404)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        return self

    def __exit__(self, *_):
        self.server.shutdown()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_of_the_samples_opens_without_a_word_on_the_console(watch, samples_file, scheme):
    watched = watch(samples_file, color_scheme=scheme)
    quiet(watched)
    assert watched.page.locator(".tiles").inner_text().splitlines()[:2] == ["Events", "165"]
    assert watched.page.locator("svg.wide path[d]").count() > 40


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_to_complain_about(watch, samples_file, scheme, width):
    page = watch(samples_file, color_scheme=scheme, viewport={"width": width, "height": 800}).page
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert len(found.response["passes"]) > 20
    assert [(rule["id"], rule["nodes"][0]["html"][:200], rule["nodes"][0]["failureSummary"]) for rule in found.response["violations"]] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_drawn_stands_out_from_the_paper(watch, samples_file, scheme):
    page = watch(samples_file, color_scheme=scheme).page
    paper = color(page, "--paper")
    # WCAG 1.4.11 asks for 3 of graphics, 1.4.3 for 4.5 of text.
    for name, least in (("failure", 3), ("success", 3), ("notice", 3), ("unknown", 3), ("all", 3), ("accent", 3), ("ink", 4.5), ("quiet", 4.5), ("link", 4.5), ("critical", 4.5)):
        assert contrast(color(page, f"--{name}"), paper) >= least, name


def color(page, name):
    text = page.evaluate("name => getComputedStyle(document.documentElement).getPropertyValue(name)", name).strip().lstrip("#")
    return [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def contrast(one, other):
    def light(color):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_the_keyboard_reaches_each_part_in_the_order_it_is_read(watch, samples_file):
    page = closed(watch(samples_file).page)
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the figures" and page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert focused(page)["id"] == "main"
    page = closed(watch(samples_file).page)
    stops = page.locator("a:visible, summary:visible, [tabindex='0']:visible").count()
    reached, opened = [], 0
    for _ in range(stops):
        page.keyboard.press("Tab")
        at = focused(page)
        reached.append(at["top"])
        if at["tag"] == "SUMMARY":
            page.keyboard.press("Enter")
            opened += page.evaluate("document.activeElement.parentElement.open")
            page.keyboard.press("Enter")
    # The skip link lies over the page.
    assert reached[1:] == sorted(reached[1:])
    assert opened == page.locator("summary").count() >= 2


def closed(page):
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = false)")
    return page


def focused(page):
    return page.evaluate("""() => { const e = document.activeElement, b = e.getBoundingClientRect();
        return { text: e.textContent, id: e.id, tag: e.tagName, top: b.top + scrollY } }""")


def test_each_chart_has_a_name_and_its_numbers_in_a_table(watch, samples_file):
    page = watch(samples_file).page
    charts = page.locator("[role=img]")
    names = charts.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(names) == 3 and all("the table below has" in name for name in names)
    for at in range(len(names)):
        assert charts.nth(at).locator("xpath=following::table[1]").locator("tr").count() > 1


@pytest.mark.parametrize("day", hostile.DAYS)
def test_a_phone_shows_it_without_scrolling_sideways(watch, hostile_files, day):
    page = watch(hostile_files[day], viewport={"width": 360, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("svg.wide:visible").count() == 0 and page.locator("svg.narrow:visible").count() == 3


def test_printed_it_is_dark_on_white_also_where_the_screen_is_dark(watch, samples_file):
    page = watch(samples_file, color_scheme="dark").page
    assert contrast(color(page, "--paper"), [1, 1, 1]) > 10
    page.emulate_media(media="print")
    assert color(page, "--paper") == [1, 1, 1] and color(page, "--ink") == [0, 0, 0]
    assert page.locator("nav:visible").count() == 0 and page.locator("h2:visible").count() >= 5
    assert page.pdf(format="A4").startswith(b"%PDF")
