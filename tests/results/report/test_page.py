"""The page: names are text, nothing is fetched, what it says is what the tables say; and all that in a real browser."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import shown
import sweep
import synthetic
from browser import Tab, browser_here, tab
from made import as_run
from synthetic import Truth

from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.frame import records_of
from linregbench.results.report import build
from linregbench.results.report.markdown import markdown
from linregbench.results.report.page import html
from linregbench.results.report.sentences import summary_of
from linregbench.results.report.tables import side_by_side
from linregbench.results.runfile.read import Run
from linregbench.results.tables.answers import Answers, answer_tables, answers_of

EVIL = "<script>alert(1)</script>"


def two_runs() -> list[Run]:
    """A quick run, and another one whose every name is hostile."""
    truths = [
        Truth("numpy_loop", "analytic", 1e-3),
        Truth(EVIL, "' onclick='alert(2)", 2e-4, compile_s=0.05),
        Truth("jax_scan", "analytic", 1.0, status="failed", reason=f"{EVIL} & <b>bold</b>"),
        Truth("jax_eager", "autodiff", 1e-2, fields={"findings": [f"{EVIL}"]}),
    ]
    records = [
        synthetic.header(run=f"other {EVIL}", preset=EVIL, machine={"cpu": EVIL, "cores": 2}),
        synthetic.environment(nursery=EVIL, device_kind=EVIL),
    ]
    for samples in (100, 1_000, 10_000):
        of = synthetic.workload(samples=samples, data=EVIL)
        records += synthetic.blocks_of(truths, of=of)
    return [as_run(sweep.quick_run()), as_run(records)]


@pytest.fixture(scope="module")
def page() -> str:
    return html(shown.report(*two_runs()))


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_names_from_files_are_text(page: str) -> None:
    assert "&lt;script&gt;alert(1)" in page
    elements = Elements(page).found
    assert [tag for tag, _ in elements].count("script") == 1
    assert "b" not in {tag for tag, _ in elements}
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    for tag, attributes in Elements(page).found:
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:")), (tag, target)
    assert not re.search(r"@import|url\((?!#)", page)
    assert "default-src 'none'" in page
    ids = [attributes["id"] for _, attributes in Elements(page).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def answers_in(loaded: Loaded) -> Answers:
    return answers_of(loaded, records_of(loaded.frame))


def test_the_summary_says_what_the_tables_say() -> None:
    loaded = of_runs(as_run(sweep.quick_run()))
    frame, found = loaded.frame, answers_in(loaded)
    lines = summary_of(loaded, found)
    winners = frame[frame["winner_verdict"] == "winner"]
    (descent,) = (line for line in lines if line.startswith("Gradient descent: of "))
    assert f"of {(winners['method'] == 'gd').sum()} workloads" in descent
    tables = {table.name: table for table in answer_tables(found)}
    cells = [cell.text for row in tables["crossovers"].rows for cell in row]
    for each in (each for each in found.crossovers if each.leads):
        (line,) = (line for line in lines if f"{each.above} overtakes {each.below} at" in line)
        assert re.search(r" = (\S+ \[\S+\])\.", line).group(1) in cells  # type: ignore[union-attr]
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)


def test_the_summary_counts_by_family_and_says_by_how_much() -> None:
    records = [synthetic.header(), synthetic.environment()]
    loop, scan = Truth("numpy_loop", "analytic", 1e-3), Truth("jax_scan", "autodiff", 5e-4)
    for samples, truths in (
        (100, [loop, scan, Truth("jax_vmap", "autodiff", 5e-4)]),
        (1_000, [loop, Truth("jax_scan", "autodiff", 2e-3), Truth("jax_vmap", "autodiff", 2.5e-4)]),
        (10_000, [loop, replace(scan, time_s=1e-3)]),
        (100_000, [loop, replace(scan, time_s=1.5e-3)]),
    ):
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=samples), blocks=10)
    loaded = of_runs(as_run(records))
    first, *_ = summary_of(loaded, answers_in(loaded))
    jit, numpy, tie = first.split("; ")
    assert jit.startswith("Gradient descent: of 4 workloads, jit is fastest in 2 (scan or vmap in 1, vmap in 1), ")
    assert re.search(r" 2\.0\d*x \(\S+\) to (3\.9|4\.0)\d*x \(\S+\) as fast as the best outside it$", jit)
    assert re.match(r"NumPy is fastest in 1 \(loop\), 1\.5\d*x \(\S+\) as fast as the best outside it$", numpy)
    assert tie == "a tie between families in 1."


def test_a_family_alone_leads_nothing_outside_itself() -> None:
    truths = [Truth("numpy_loop", "analytic", 1e-3), Truth("numpy_stacked", "analytic", 5e-4)]
    loaded = of_runs(as_run([synthetic.header(), *synthetic.blocks_of(truths, of=synthetic.workload())]))
    first, *_ = summary_of(loaded, answers_in(loaded))
    assert first == "Gradient descent: of 1 workload, NumPy is fastest in 1 (stacked)."


def test_markdown_has_the_same_answers_and_no_markup_of_others() -> None:
    built = shown.report(*two_runs())
    text = markdown(built)
    for table in built.answers:
        assert f"### {table.title}" in text
    assert "<script>" not in text.replace(r"\<script\>", "")


def test_an_empty_run_has_a_page_too() -> None:
    page = html(shown.report(as_run([synthetic.header(), synthetic.environment()])))
    assert "nothing was measured, so nothing is known of the machine" in page


needs_browser = pytest.mark.skipif(browser_here() is None, reason="no chromium or chrome is installed here")


@pytest.fixture(scope="module")
def opened(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "report.html").write_text(page, encoding="utf-8")
    with tab(folder / "profile") as there:
        there.open(folder / "report.html")
        yield there


@needs_browser
def test_a_browser_finds_no_fault_and_asks_for_nothing(opened: Tab) -> None:
    opened.run("1")
    assert [entry["entry"]["text"] for entry in opened.heard("Log.entryAdded")] == []
    assert opened.heard("Runtime.exceptionThrown") == opened.heard("Runtime.consoleAPICalled") == []
    asked = [request["request"]["url"] for request in opened.heard("Network.requestWillBeSent")]
    assert len(asked) == 1
    assert asked[0].startswith("file://")
    assert opened.run("document.body.innerText.includes('<script>alert(1)</script>')")


@needs_browser
def test_figures_have_size_in_a_browser(opened: Tab) -> None:
    sizes = opened.run("[...document.querySelectorAll('figure svg')].map(s => [s.clientWidth, s.clientHeight])")
    assert len(sizes) >= 4
    assert all(width > 200 and height > 50 for width, height in sizes)


COLUMN = "[...document.querySelectorAll('#cases tbody tr:not([hidden])')].map(r => r.cells[2].dataset.v)"


@needs_browser
def test_sorting_works_by_keyboard(opened: Tab) -> None:
    opened.run("document.querySelectorAll('#cases th button')[2].focus()")
    for state, reverse in (("ascending", False), ("descending", True)):
        opened.press("Enter", 13)
        assert opened.run("document.querySelectorAll('#cases th')[2].getAttribute('aria-sort')") == state
        shown = opened.run(COLUMN)
        numbers = [float(value) for value in shown if value]
        assert shown == [value for value in shown if value] + [""] * (len(shown) - len(numbers))
        assert numbers == sorted(numbers, reverse=reverse)
        assert len(numbers) > 20


@needs_browser
def test_filtering_works(opened: Tab) -> None:
    everything = opened.run(f"{COLUMN}.length")
    opened.run(
        "(() => { const box = document.querySelector('[data-filter=cases]'); box.value = 'jax_scan qr';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    some = opened.run(f"{COLUMN}.length")
    assert 0 < some < everything
    assert opened.run("document.querySelector('[data-count=cases]').textContent") == f"{some} rows"
    choose = (
        "(() => {{ const one = [...document.querySelectorAll('[data-choose=cases]')]"
        ".find(s => [...s.options].some(o => o.value === {value})); one.value = {value};"
        " one.dispatchEvent(new Event('change')); }})()"
    )
    opened.run(choose.format(value=json.dumps("gd")))
    assert opened.run(f"{COLUMN}.length") == 0
    opened.run("document.querySelector('[data-filter=cases]').value = ''")
    opened.run(choose.format(value=json.dumps(EVIL)))
    assert opened.run(f"{COLUMN}.length") == 3


@needs_browser
@pytest.mark.parametrize("width", [360, 768, 1300])
def test_the_page_fits_its_window(opened: Tab, width: int) -> None:
    opened.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=True)
    assert opened.run("document.documentElement.scrollWidth") <= width


@needs_browser
def test_light_and_dark_differ_and_paper_is_light(opened: Tab) -> None:
    backs = {}
    for media, scheme in (("", "light"), ("", "dark"), ("print", "dark")):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        opened.call("Emulation.setEmulatedMedia", media=media, features=features)
        backs[media or scheme] = opened.run("getComputedStyle(document.body).backgroundColor")
    assert backs["light"] == backs["print"] == "rgb(255, 255, 255)"
    assert backs["dark"] != backs["light"]
    assert opened.run("getComputedStyle(document.querySelector('.tools')).display") == "none"


def test_the_templates_are_in_the_package() -> None:
    folder = Path(build.__file__).parent / "templates"
    assert {path.name for path in folder.glob("*.j2")} == {"page.html.j2", "script.js.j2", "style.css.j2"}


def test_cases_of_one_run_alone_do_not_stand_side_by_side() -> None:
    def made(run: str, *names: str) -> Run:
        truths = [Truth(name, "analytic", 1e-3) for name in names]
        records = [synthetic.header(run=run), synthetic.environment()]
        return as_run(records + synthetic.blocks_of(truths, of=synthetic.workload()))

    found = answers_in(of_runs(made("a", "numpy_loop", "jax_scan"), made("b", "numpy_loop", "jax_vmap")))
    table = side_by_side(found.records, found.told)
    assert table is not None
    (row,) = table.rows
    assert row[1].text == "numpy_loop analytic"
    assert all(cell.text for cell in row)
    assert "2 cases of one run alone" in table.about
    assert side_by_side(found.records[:1], found.told) is None
