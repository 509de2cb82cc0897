"""Opens reports in headless Chromium over the DevTools protocol, by a pipe, and checks what it shows.

usage: html_report.py CHROMIUM FOLDER [--update DOCS]

Every *.html of FOLDER is opened in light and in dark. Standard library alone.
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
]
# What a page tells of itself.
PROBE = """
(() => {
  const box = (element) => { const b = element.getBoundingClientRect(); return [b.width, b.height]; };
  const overlaps = (svg) => {
    const boxes = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim())
      .map((t) => [t.textContent.trim(), t.getBoundingClientRect()]);
    const found = [];
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const [a, b] = [boxes[i][1], boxes[j][1]];
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        found.push(boxes[i][0] + ' / ' + boxes[j][0]);
    }
    return found;
  };
  const cut = (svg) => {
    const whole = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].map((t) => [t.textContent.trim(), t.getBoundingClientRect()])
      .filter(([text, b]) => text && (b.left < whole.left - 1 || b.right > whole.right + 1
        || b.top < whole.top - 1 || b.bottom > whole.bottom + 1)).map(([text]) => text);
  };
  const colours = (svg) => [...new Set([...svg.querySelectorAll('.marks polyline, .marks line, .marks rect, .marks circle')]
    .map((e) => getComputedStyle(e)).map((s) => s.stroke !== 'none' ? s.stroke : s.fill))];
  return {
    background: getComputedStyle(document.body).backgroundColor,
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    height: document.documentElement.scrollHeight,
    tables: document.querySelector('.figures').getBoundingClientRect().bottom + 24,
    spilled: [...document.querySelectorAll('h1, .card p, .banner, .chips div, .legend li')]
      .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.trim()),
    smallest: Math.min(...[...document.querySelectorAll('main *')].filter((e) => !e.closest('svg') && e.textContent.trim())
      .map((e) => parseFloat(getComputedStyle(e).fontSize))),
    charts: [...document.querySelectorAll('svg')].map((svg) => ({
      id: svg.id,
      size: box(svg),
      named: svg.getAttribute('role') === 'img' && (svg.getAttribute('aria-labelledby') || '').split(' ')
        .every((id) => document.getElementById(id) && document.getElementById(id).textContent),
      marks: svg.querySelectorAll('.marks polyline, .marks rect, .marks circle').length,
      tips: svg.querySelectorAll('.tip title').length,
      texts: [...svg.querySelectorAll('text')].filter((t) => t.getBoundingClientRect().height >= 11).length,
      overlaps: overlaps(svg),
      cut: cut(svg),
      colours: colours(svg),
    })),
    scripts: document.scripts.length,
  };
})()
"""
CHARTS = ["throughput", "latency", "percentiles", "stages"]
# Of pages that show something else, or more.
CHARTS_OF = {
    "sweep": [
        "sweep-jobs-throughput",
        "sweep-jobs-latency",
        "sweep-jobs-utilisation",
        "sweep-notify-throughput",
        "sweep-notify-latency",
    ],
    "overload": ["sweep-rate-throughput", "sweep-rate-latency", "sweep-rate-utilisation"],
    "notify": ["sweep-notify-throughput", "sweep-notify-latency"],
    "turns": ["sweep-jobs-throughput", "sweep-jobs-latency", "sweep-jobs-utilisation"],
    "sweeps": ["compare-jobs-throughput", "compare-jobs-latency"],
    "knee": ["probes-p99", "probes-mean"],
    "doubted": ["probes-p99"],
    "jobs": ["probes-throughput"],
    "compare": ["break-even-jobs", "break-even-bytes", *CHARTS],
}
PATIENCE_S = 60


class Browser:
    """Chromium, at the other end of two pipes; messages end with a zero byte."""

    def __init__(self, chromium, profile):
        ours, theirs = os.pipe(), os.pipe()

        def at_their_places():
            # Descriptors 3 and 4 are the protocol's. By way of copies, as the pipes may lie there.
            copies = [os.dup(fd) for fd in (ours[0], theirs[1])]
            copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in copies]
            for fd, place in zip(copies, (3, 4)):
                os.dup2(fd, place, inheritable=True)

        self.log = open(os.path.join(profile, "chromium.log"), "w+b")
        self.process = subprocess.Popen(
            [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=at_their_places, close_fds=False, stdout=self.log, stderr=self.log,
        )
        for fd in (ours[0], theirs[1]):
            os.close(fd)
        self.to, self.back = ours[1], theirs[0]
        self.number, self.rest, self.events = 0, b"", []

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.next(deadline, method)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def next(self, deadline, what):
        while b"\0" not in self.rest:
            if not select.select([self.back], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit(f"Chromium does not answer to {what}")
            chunk = os.read(self.back, 1 << 20)
            if not chunk:
                self.log.seek(0)
                raise SystemExit(f"Chromium has ended:\n{self.log.read().decode(errors='replace')}")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, method, session):
        deadline = time.monotonic() + PATIENCE_S
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event.get("method") == method and event.get("sessionId") == session:
                    return
            seen = len(self.events)
            self.events.append(self.next(deadline, method))

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except (SystemExit, subprocess.TimeoutExpired, OSError):
            self.process.kill()
            self.process.wait()


def open_page(browser, url, scheme, width):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(f"{domain}.enable", session)
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", session, features=media)
    browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=900,
                 deviceScaleFactor=1, mobile=False)
    browser.events.clear()
    browser.call("Page.navigate", session, url=url)
    browser.wait_for("Page.loadEventFired", session)
    return target, session


def messages(browser, url):
    """What the page said in the console, and what it asked for."""
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
            yield f"console: {params['entry']['text']}"
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            yield f"console: {json.dumps(params)[:300]}"
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != url:
            yield f"requested: {params['request']['url'][:200]}"


def faults(page, expected, width):
    ids = [chart["id"] for chart in page["charts"]]
    if ids != expected:
        yield f"charts are {ids}, not {expected}"
    if page["scripts"]:
        yield f"{page['scripts']} scripts"
    if page["wider"] > 0:
        yield f"the page is {page['wider']} pixels wider than a window of {width}"
    if page["spilled"]:
        yield f"text leaves its box: {page['spilled']}"
    if page["smallest"] < 13:
        yield f"text of {page['smallest']} pixels"
    for chart in page["charts"]:
        name, (w, h) = chart["id"], chart["size"]
        if w < 300 or h < 60:
            yield f"{name}: {w} x {h} pixels"
        if not chart["named"]:
            yield f"{name}: nothing is said of it to those who cannot see it"
        for what in ("marks", "tips", "texts"):
            if chart[what] < 1:
                yield f"{name}: no {what}"
        if chart["overlaps"]:
            yield f"{name}: labels overlap: {chart['overlaps']}"
        if chart["cut"]:
            yield f"{name}: labels are cut off: {chart['cut']}"


def main():
    chromium, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    docs = pathlib.Path(sys.argv[4]) if sys.argv[3:4] == ["--update"] else None
    pages = sorted(folder.glob("*.html"))
    wrong = [] if pages else ["there is no page"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(chromium, profile)
        try:
            for page in pages:
                wrong += check(browser, page, folder)
        finally:
            browser.close()
    for line in wrong:
        print(f"html-report: {line}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{len(pages)} reports, light and dark, wide and narrow: every chart is drawn, nothing was requested")
    if docs:
        docs.mkdir(exist_ok=True)
        for scheme in ("light", "dark"):
            picture = docs / f"report-{scheme}.png"
            shutil.copy(folder / f"variants-{scheme}-top.png", picture)
            optimise(picture)


def check(browser, page, folder):
    url, seen = page.as_uri(), {}
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            target, session = open_page(browser, url, scheme, width)
            result = browser.call("Runtime.evaluate", session, expression=PROBE, returnByValue=True)
            found = result["result"]["value"]
            expected = CHARTS_OF.get(page.stem, CHARTS)
            for fault in [*messages(browser, url), *faults(found, expected, width)]:
                yield f"{page.name}, {scheme}, {width} pixels: {fault}"
            if width == 1280:
                seen[scheme] = found
                shot(browser, session, folder / f"{page.stem}-{scheme}.png", 1280, found["height"])
                shot(browser, session, folder / f"{page.stem}-{scheme}-top.png", 1280, found["tables"])
                if scheme == "light":
                    pdf = browser.call("Page.printToPDF", session, preferCSSPageSize=True, printBackground=False)
                    (folder / f"{page.stem}.pdf").write_bytes(base64.b64decode(pdf["data"]))
            else:
                shot(browser, session, folder / f"{page.stem}-{scheme}-narrow.png", width, found["height"])
            browser.call("Target.closeTarget", targetId=target)
    if seen["light"]["background"] == seen["dark"]["background"]:
        yield f"{page.name}: dark is as light"
    for light, dark in zip(seen["light"]["charts"], seen["dark"]["charts"]):
        if light["colours"] == dark["colours"]:
            yield f"{page.name}, {light['id']}: drawn in the same colours in light and in dark"


def shot(browser, session, path, width, height):
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    data = browser.call("Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip)
    path.write_bytes(base64.b64decode(data["data"]))


def optimise(picture):
    """As small as can be, if somebody is there who can."""
    for command in (["pngquant", "--force", "--skip-if-larger", "--output", picture, picture],
                    ["optipng", "-quiet", "-o5", picture]):
        if shutil.which(command[0]):
            subprocess.run([str(word) for word in command], check=False)


if __name__ == "__main__":
    main()
