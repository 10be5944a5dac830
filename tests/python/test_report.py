"""Reports opened in headless Chromium: nothing is asked of a network, nothing fails, every picture is decoded, and the page
is not blank."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import numpy as np

from support import MODEL, SAMPLE, VQZ, Case, skipped

CHROMIUM = shutil.which("chromium")

# Appended to a copy of the page: what the browser makes of it.
LOOK = """<script>
addEventListener("load", () => {
  const pictures = [...document.images].map((i) => i.complete && i.naturalWidth > 0);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const fetched = performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith("data:"));
  const observed = { pictures: pictures.length, decoded: pictures.filter(Boolean).length, wide, fetched,
    charts: document.querySelectorAll("svg[role=img]").length, titles: [...document.querySelectorAll("h2")].map((h) => h.textContent) };
  const place = document.createElement("pre");
  place.id = "observed";
  place.textContent = JSON.stringify(observed);
  document.body.append(place);
});
</script>"""


def pixels(png):
    """The samples of a PNG of 8 bits that a browser wrote, (y, x, channel), without a library for pictures."""
    data, at, header, packed = png.read_bytes(), 8, None, b""
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        content = data[at + 8 : at + 8 + length]
        header = content if kind == b"IHDR" else header
        packed += content if kind == b"IDAT" else b""
        at += 12 + length
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    channels = {2: 3, 6: 4}[header[9]]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    out = np.zeros((height, width, channels), np.int32)
    above = np.zeros((width, channels), np.int32)
    for y, row in enumerate(rows):
        kind, line = row[0], row[1:].astype(np.int32).reshape(width, channels)
        if kind == 1:
            line = np.cumsum(line, axis=0) & 255
        elif kind == 2:
            line = (line + above) & 255
        elif kind in (3, 4):
            left, corner = np.zeros(channels, np.int32), np.zeros(channels, np.int32)
            line = line.copy()
            for x in range(width):
                if kind == 3:
                    guess = (left + above[x]) // 2
                else:
                    estimate = left + above[x] - corner
                    far = [abs(estimate - left), abs(estimate - above[x]), abs(estimate - corner)]
                    guess = np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], above[x], corner))
                line[x] = (line[x] + guess) & 255
                left, corner = line[x], above[x]
        out[y] = above = line
    return out


class Reports(Case):
    programs = (VQZ,)

    def browse(self, page, *options):
        """Runs Chromium with a profile of its own and no network."""
        with tempfile.TemporaryDirectory(prefix="vqz-chromium-", ignore_cleanup_errors=True) as profile:
            command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
            command += [f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"]
            done = subprocess.run(
                [*command, "--virtual-time-budget=4000", *options, page.as_uri()], capture_output=True, text=True, timeout=180
            )
        self.assertEqual(done.returncode, 0, done.stderr)
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        self.assertEqual(said, [], "the console says something")
        return done.stdout

    def look(self, page, width):
        """What the browser makes of a page, and its picture."""
        if CHROMIUM is None:
            skipped(self, "there is no chromium; scripts/setup.sh installs it")
        text = page.read_text()
        self.assertNotRegex(text, r"https?://", "a page asks nothing of a network")
        self.assertNotRegex(text, r"(src|href)=\"(?!data:image/png;base64,|#)")
        copy = page.with_suffix(".looked.html")
        copy.write_text(text.replace("</body>", LOOK + "</body>"))
        found = re.search(r'<pre id="observed">(.*?)</pre>', self.browse(copy, f"--window-size={width},1200", "--dump-dom"), re.S)
        self.assertIsNotNone(found, "the page did not load")
        observed = json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
        self.assertEqual(observed["fetched"], [])
        self.assertEqual(observed["decoded"], observed["pictures"])
        self.assertLessEqual(observed["wide"], 0, "the page is wider than its window")
        shot = page.with_suffix(".png")
        self.browse(page, f"--window-size={width},1600", f"--screenshot={shot}")
        seen = pixels(shot)[..., :3]
        self.assertEqual(seen.shape[:2], (1600, width))
        # A page of text alone has a deviation of some 20 and few colours.
        self.assertGreater(seen.std(), 20)
        self.assertGreater(len(np.unique(seen.reshape(-1, 3) // 16, axis=0)), 60)
        return observed

    def test_a_page_with_everything(self):
        archive, page, bench = self.folder / "a.zarr", self.folder / "r.html", self.folder / "bench.json"
        self.vqz("encode", SAMPLE, archive, "--model", MODEL, "--quality", 42, "--dates", 2)
        bench.write_text(self.vqz("bench", SAMPLE, "--model", MODEL, "--targets", "42", "--json"))
        self.vqz("report", archive, "--against", SAMPLE, "-o", page, "--bench", bench, "--model", MODEL)
        for width in (1400, 390):
            with self.subTest(width=width):
                observed = self.look(page, width)
                # True and false colour with crops, the map of bits, and two for each of four dates.
                self.assertEqual(observed["pictures"], 12 + 1 + 8)
                self.assertGreater(observed["charts"], 24)
                for title in ("Pictures", "Figures", "Histograms", "Vegetation index", "Where the bits go", "Dates", "Rate and distortion", "Model"):
                    self.assertIn(title, observed["titles"])

    def test_a_page_without_a_source(self):
        archive, page = self.folder / "a.zarr", self.folder / "r.html"
        self.vqz("encode", SAMPLE, archive, "--max-error", 50)
        self.vqz("report", archive, "-o", page, "--date", 3)
        observed = self.look(page, 1000)
        self.assertEqual(observed["pictures"], 2 + 1 + 4)
        self.assertNotIn("Figures", observed["titles"])


if __name__ == "__main__":
    unittest.main()
