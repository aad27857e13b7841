"""The page: names are text, nothing is fetched, what it says is what the tables say; and all that in a real browser."""

import csv
import io
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
from made import as_run, run_of
from synthetic import Truth

from linregbench.results.compare.history import detector
from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.frame import records_of
from linregbench.results.report import build
from linregbench.results.report.markdown import markdown
from linregbench.results.report.page import embedded, html
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
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page
    elements = Elements(page).found
    assert [attributes.get("type") for tag, attributes in elements if tag == "script"] == ["application/json", None]
    data = page[page.index('id="data">') + 10 :].partition("</script>")[0]
    assert not set("<>&") & set(data)
    assert EVIL in data.encode().decode("unicode_escape")
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


def test_numbers_in_a_page_end_no_script_and_are_numbers() -> None:
    value = {"</script>&": [1 / 3, float("inf"), float("nan"), None, 7]}
    text = embedded(value)
    assert not set("<>&") & set(text)
    assert json.loads(text) == {"</script>&": [0.3333, None, None, None, 7]}


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
        assert f"### {table.title}" in markdown(built, full=True)
    assert f"### {built.winners.title}" in text
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
def test_the_answer_stands_on_the_first_screen(opened: Tab) -> None:
    window(opened, 1280)
    places = opened.run("[...document.querySelectorAll('.answer')].map(p => p.getBoundingClientRect().bottom)")
    assert len(places) >= 2
    assert max(places) < 800
    assert opened.run("document.querySelectorAll('#advice li').length") == 4
    # what folds is not there before it is opened
    assert opened.run("[...document.querySelectorAll('details[open]')].map(d => d.id)") == [
        "runs-side-by-side",
        "pictures",
    ]
    assert opened.run("document.querySelector('#cases')") is None
    assert opened.run("document.querySelectorAll('*').length") < 1_500


PLOT = "document.querySelector('[data-chart=time-samples] .panel')"


@needs_browser
def test_a_picture_is_pointed_at_and_leaves_lines_out(opened: Tab) -> None:
    opened.run("document.querySelectorAll('.chart').forEach(drawAll)")
    sizes = opened.run("[...document.querySelectorAll('.panel > svg')].map(s => [s.clientWidth, s.clientHeight])")
    assert len(sizes) >= 6
    assert all(width > 200 and height > 50 for width, height in sizes)
    opened.run(f"{PLOT}.scrollIntoView()")
    mark = "(() => {{ const p = {} .querySelector('g path[fill]:last-of-type').getBoundingClientRect();"
    x, y = opened.run(mark.format(PLOT) + " return [p.x + p.width / 2, p.y + p.height / 2]; })()")
    opened.mouse("Moved", x, y)
    told = opened.run("document.querySelector('.tip').innerText")
    assert re.search(
        r"samples n: [\d,]+\ntime of a call: .* to .*\ncase: \S+ .*\ntime: .*\nvs baseline: .*\nverdict: ", told
    )
    marks = f"{PLOT}.querySelectorAll('g path').length"
    everything = opened.run(marks)
    opened.run(f"{PLOT}.querySelector('.legend button').click()")
    assert opened.run(marks) < everything
    opened.run(f"{PLOT}.querySelector('.legend button').click()")
    assert opened.run(marks) == everything
    ticks = f"[...{PLOT}.querySelectorAll('svg text')].map(t => t.textContent).join()"
    logarithmic = opened.run(ticks)
    opened.run(f"{PLOT}.querySelectorAll('.tools button')[1].click()")
    assert opened.run(f"{PLOT}.querySelectorAll('.tools button')[1].textContent") == "y: linear"
    assert opened.run(ticks) != logarithmic
    opened.run(f"{PLOT}.querySelectorAll('.tools button')[1].click()")
    assert opened.run(ticks) == logarithmic


@needs_browser
def test_a_range_is_zoomed_by_mouse_and_by_keyboard(opened: Tab) -> None:
    left, top, wide, high = opened.run(
        f"(() => {{ const s = {PLOT}.querySelector(':scope > svg').getBoundingClientRect();"
        " return [s.x, s.y, s.width, s.height]; })()"
    )
    zoomed = f"!{PLOT}.querySelectorAll('.tools button')[2].hidden"
    assert not opened.run(zoomed)
    opened.mouse("Pressed", left + 0.3 * wide, top + high / 2)
    opened.mouse("Moved", left + 0.6 * wide, top + high / 2)
    opened.mouse("Released", left + 0.6 * wide, top + high / 2)
    assert opened.run(zoomed)
    opened.run(f"{PLOT}.querySelectorAll('.tools button')[2].click()")
    assert not opened.run(zoomed)
    opened.run(f"{PLOT}.querySelector(':scope > svg').focus()")
    opened.press("ArrowRight", 39)
    assert not opened.run("document.querySelector('.tip').hidden")
    opened.press("+", 187)
    assert opened.run(zoomed)
    opened.press("0", 48)
    assert not opened.run(zoomed)


CASES = "document.querySelector('[data-name=cases]')"
TIMES = "[...document.querySelectorAll('#cases tbody tr[data-case]')].map(r => r.cells[TIME].dataset.v)"


def times(there: Tab) -> list[str]:
    """The times of the rows that are shown, as the page sorts them."""
    heads = there.run("[...document.querySelectorAll('#cases th')].map(h => h.dataset.name)")
    return list(there.run(TIMES.replace("TIME", str(heads.index("time")))))


@needs_browser
def test_sorting_works_by_keyboard(opened: Tab) -> None:
    opened.run("document.querySelector('#every-case summary').focus()")
    opened.press("Enter", 13)
    opened.run("new Promise(then => setTimeout(then, 50))")
    shown = opened.run("document.querySelectorAll('#cases tbody tr').length")
    whole = opened.run("cases().rows.length")
    assert shown == 50 < whole
    opened.run(f"{CASES}.querySelector('.more').click()")
    assert opened.run("document.querySelectorAll('#cases tbody tr').length") == whole
    button = "[...document.querySelectorAll('#cases th button')].find(b => b.textContent === 'time')"
    opened.run(f"{button}.focus()")
    for state, reverse in (("ascending", False), ("descending", True)):
        opened.press("Enter", 13)
        assert opened.run(f"{button}.parentNode.getAttribute('aria-sort')") == state
        values = times(opened)
        numbers = [float(value) for value in values if value]
        assert values == [value for value in values if value] + [""] * (len(values) - len(numbers))
        assert numbers == sorted(numbers, reverse=reverse)
        assert len(numbers) > 20


@needs_browser
def test_the_head_of_a_long_table_stays(opened: Tab) -> None:
    scroll = f"{CASES}.querySelector('.scroll')"
    opened.run(f"{scroll}.scrollTop = 400")
    head, box = opened.run(f"[{scroll}.querySelector('th'), {scroll}].map(e => e.getBoundingClientRect().top)")
    assert abs(head - box) < 2


def choose(there: Tab, value: str) -> None:
    there.run(
        f"(() => {{ const one = [...{CASES}.querySelectorAll('select')]"
        f".find(s => [...s.options].some(o => o.value === {json.dumps(value)})); one.value = {json.dumps(value)};"
        " one.dispatchEvent(new Event('change')); })()"
    )


def search(there: Tab, words: str) -> None:
    there.run(
        f"(() => {{ const box = {CASES}.querySelector('input'); box.value = {json.dumps(words)};"
        " box.dispatchEvent(new Event('input')); })()"
    )


@needs_browser
def test_filtering_works_and_what_is_shown_is_saved(opened: Tab) -> None:
    everything = len(times(opened))
    search(opened, "jax_scan qr")
    some = len(times(opened))
    assert 0 < some < everything
    assert opened.run(f"{CASES}.querySelector('output').textContent") == f"{some} of {everything} rows"
    choose(opened, "gd")
    assert times(opened) == []
    search(opened, "")
    choose(opened, EVIL)
    assert len(times(opened)) == 3
    saved = opened.run(
        "(async () => { let blob; const make = URL.createObjectURL; URL.createObjectURL = b => make((blob = b));"
        f" HTMLAnchorElement.prototype.click = () => {{}}; [...{CASES}.querySelectorAll('.tools button')]"
        ".find(b => b.textContent.startsWith('CSV')).click(); URL.createObjectURL = make;"
        " delete HTMLAnchorElement.prototype.click; return await blob.text(); })()"
    )
    rows = list(csv.DictReader(io.StringIO(saved)))
    assert [row["strategy"] for row in rows] == [EVIL] * 3
    assert all(float(row["time"]) < 1 for row in rows)
    choose(opened, "")
    opened.run(f"{CASES}.querySelectorAll('select').forEach(s => {{ s.value = ''; }}); cases().apply()")
    assert len(times(opened)) == everything


@needs_browser
def test_a_link_opens_its_row_with_its_samples(opened: Tab) -> None:
    handle = opened.run("cases().rows.find(r => r.dataset.case.includes('numpy_loop,analytic')).dataset.case")
    search(opened, "nothing has this")
    opened.run(f"location.hash = '#case=' + encodeURIComponent({json.dumps(handle)})")
    opened.run("new Promise(then => setTimeout(then, 50))")
    assert opened.run("document.activeElement.closest('tr').dataset.case") == handle
    inside = "document.querySelector('tr.inside')"
    said = opened.run(f"{inside}.innerText")
    assert re.search(r"\d+ samples of 5 blocks .* were quiet \(filled\)", said)
    total, quiet = (int(number) for number in re.findall(r"(\d+) (?:samples|were)", said))
    assert opened.run(f"['circle', '.quiet'].map(s => {inside}.querySelectorAll(s).length)") == [total, quiet]
    opened.press("Enter", 13)
    assert opened.run(inside) is None
    opened.run("location.hash = '#case=%E0%A4%A'; document.querySelector('.map button').click()")
    opened.run("new Promise(then => setTimeout(then, 50))")
    assert opened.run(f"{inside}.previousSibling.dataset.case === decodeURIComponent(location.hash.slice(6))")


EVERYTHING = "document.querySelectorAll('details').forEach(unfold)"


@needs_browser
@pytest.mark.parametrize("width", [360, 400, 768, 1300, 1600])
def test_the_page_fits_its_window(opened: Tab, width: int) -> None:
    opened.run(EVERYTHING)
    window(opened, width)
    opened.run("new Promise(then => requestAnimationFrame(() => setTimeout(then, 20)))")
    assert opened.run("document.documentElement.scrollWidth") <= width


CONTRAST = """(() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  // painted over what lies beneath: whatever form the browser gives a colour in
  const painted = (text, under) => {
    const key = `${text} on ${under}`;
    if (!known.has(key)) {
      context.fillStyle = `rgb(${under})`; context.fillRect(0, 0, 1, 1);
      context.fillStyle = text; context.fillRect(0, 0, 1, 1);
      known.set(key, [...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
    }
    return known.get(key);
  };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => rgb.reduce((sum, v, n) => sum + linear(v / 255) * [0.2126, 0.7152, 0.0722][n], 0);
  const ratio = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const backs = new Map([[null, [255, 255, 255]]]);
  const backOf = (node) => {
    if (!backs.has(node)) backs.set(node, painted(getComputedStyle(node).backgroundColor, backOf(node.parentElement)));
    return backs.get(node);
  };
  const bad = new Set();
  let seen = 0;
  const check = (node, colour, least, name) => {
    seen += 1;
    if (ratio(painted(colour, backOf(node)), backOf(node)) < least) bad.add(name);
  };
  for (const node of document.querySelectorAll('body *:not(script, style, noscript)')) {
    const style = getComputedStyle(node);
    if (!node.getClientRects().length || style.visibility === 'hidden') continue;
    const drawn = node instanceof SVGElement;
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (own) check(node, drawn ? style.fill : style.color, 4.5, `${node.tagName} ${node.textContent.slice(0, 30)}`);
    // marks and lines of pictures, which are no text
    for (const by of drawn && node.matches('.panel g *, .legend svg *, circle') ? ['fill', 'stroke'] : []) {
      const given = node.getAttribute(by) || (node.matches('.quiet, .loud') && style[by]);
      if (given && given !== 'none' && !given.startsWith('var')) check(node, style[by], 3, `${by} ${given}`);
    }
  }
  return [seen, [...bad].slice(0, 9)];
})()"""


@needs_browser
def test_light_and_dark_differ_and_both_have_contrast(opened: Tab) -> None:
    """By WCAG AA: 4.5 to 1 for text, 3 to 1 for what is drawn."""
    window(opened, 1280)
    backs = {}
    for scheme in ("light", "dark"):
        emulate(opened, scheme)
        backs[scheme] = opened.run("getComputedStyle(document.body).backgroundColor")
        seen, bad = opened.run(CONTRAST)
        assert seen > 500
        assert bad == []
    assert backs["light"] == "rgb(255, 255, 255)" != backs["dark"]


@needs_browser
def test_no_control_is_dead_and_each_has_a_name(opened: Tab) -> None:
    emulate(opened, "light")
    # a click is as good where nothing is laid out, and quicker
    opened.run("folds.forEach(fold => { fold.open = fold.id === 'pictures'; })")
    nameless, dead, number = opened.run("""(() => {
      const changed = new MutationObserver(() => {});
      changed.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      const nameless = [], dead = [];
      let saved = 0;
      HTMLAnchorElement.prototype.click = () => { saved += 1; };
      const controls = [...document.querySelectorAll('button, input, select')];
      for (const one of controls) {
        const name = one.getAttribute('aria-label') || (one.closest('label') || one).textContent.trim();
        if (!name) nameless.push(one.outerHTML.slice(0, 80));
        if (one.tagName !== 'BUTTON' || one.hidden || !one.isConnected) continue;
        changed.takeRecords(); saved = 0;
        if (location.hash) history.replaceState(null, '', ' ');
        one.click();
        if (!changed.takeRecords().length && !saved && !location.hash) dead.push(name);
      }
      delete HTMLAnchorElement.prototype.click;
      history.replaceState(null, '', ' ');
      return [nameless, dead, controls.length];
    })()""")
    assert number > 60
    assert nameless == dead == []


@needs_browser
def test_paper_is_light_and_nothing_is_folded_on_it(opened: Tab) -> None:
    opened.run("folds.forEach(fold => { fold.open = false; })")
    emulate(opened, "dark", "print")
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.run("getComputedStyle(document.querySelector('.tools')).display") == "none"
    opened.run("dispatchEvent(new Event('beforeprint'))")
    assert opened.run("folds.every(fold => fold.open)")
    opened.run("dispatchEvent(new Event('afterprint'))")
    assert not opened.run("folds.some(fold => fold.open)")
    emulate(opened, "light")


@needs_browser
def test_nothing_failed_in_all_of_that(opened: Tab) -> None:
    opened.run("1")
    assert [entry["entry"]["text"] for entry in opened.heard("Log.entryAdded")] == []
    assert opened.heard("Runtime.exceptionThrown") == opened.heard("Runtime.consoleAPICalled") == []


@needs_browser
def test_without_scripts_all_is_there_and_no_control(opened: Tab) -> None:
    address = opened.run("location.href.split('#')[0]")
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    opened.open(Path(address.removeprefix("file://")))
    document = opened.call("DOM.getDocument")["root"]["nodeId"]

    def count(selector: str) -> int:
        return len(opened.call("DOM.querySelectorAll", nodeId=document, selector=selector)["nodeIds"])

    assert count("button, input, select, .tools") == 0
    assert count("[data-name=cases] tbody tr") > 60
    assert count(".chart svg[role=img]") >= 5
    assert count(".map td") > 4
    opened.call("Emulation.setScriptExecutionDisabled", value=False)


def window(there: Tab, width: int) -> None:
    there.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)


def emulate(there: Tab, scheme: str, media: str = "") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    there.call("Emulation.setEmulatedMedia", media=media, features=features)


def history_page() -> str:
    """Ten runs, the scan slower from the seventh on, in a commit whose name is hostile."""
    runs = []
    for n in range(10):
        scan = Truth("jax_scan", "analytic", 2e-4 if n < 6 else 3e-4)
        about = {"run": f"r{n}", "started": f"2026-01-{n + 1:02}", "commit": f"{n}<b>{EVIL}", "dirty": False}
        runs.append(run_of(f"r{n}", scan, blocks=3, header=about))
    return html(shown.report(*runs))


@pytest.mark.skipif(detector() is None, reason="the steps are asv's, which is not installed")
def test_behind_each_row_of_a_history_stands_its_line_with_the_step() -> None:
    page = history_page()
    data = json.loads(page[page.index('id="data">') + 10 :].partition("</script>")[0])["history"]
    assert (len(data["runs"]), len(data["lines"]), len(data["rows"])) == (10, 2, 20)
    rows = [data["lines"][data["rows"][str(row)]] for row in range(20)]
    assert [line["steps"] for line in rows[::2]] == [[]] * 10, "the baseline"
    for line in rows[1::2]:
        assert [step[0] for step in line["steps"]] == [6]
        assert line["steps"][0][-1] == "1.50x slower"
    assert "first seen in 6&lt;b&gt;" in page
    assert "<b>6" not in page


@pytest.mark.long
@needs_browser
def test_an_opened_row_shows_its_history(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(history_page(), encoding="utf-8")
    with tab(tmp_path / "profile") as there:
        there.open(tmp_path / "report.html")
        there.run("unfold(document.getElementById('every-case'))")
        there.run("document.querySelectorAll('[data-name=cases] button.open')[1].click()")
        told = there.run("document.querySelector('.history p').textContent")
        assert "1.50x slower, first seen in 6<b>" in told
        assert there.run("document.querySelectorAll('.history circle').length") == 10
        assert there.run("document.querySelectorAll('.history .level').length") == 2
        assert there.heard("Runtime.exceptionThrown") == []


def test_the_templates_are_in_the_package() -> None:
    folder = Path(build.__file__).parent / "templates"
    assert {path.name for path in folder.glob("*.j2")} == {
        "page.html.j2",
        "tables.js.j2",
        "charts.js.j2",
        "style.css.j2",
    }


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
