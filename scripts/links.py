#!/usr/bin/env python3
"""Checks the documentation without building it; prints what is wrong and exits with 1.

- Relative links and their anchors in all Markdown files lead somewhere.
- docs/SUMMARY.md lists every page of the book once.
- Paths of the repository that stand in backticks exist.
- Paths under docs/ that sources, messages and scripts name exist.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What a path in backticks may begin with, when it is meant to be a file of the repository.
TOP = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"target"}
# Made by a build, a test or a fit, not kept in the repository.
MADE = re.compile(r"^(target|fuzz/(corpus|artifacts)|\.deps)(/|$)")


def tracked(*patterns):
    """The files that git knows, or would take, as paths relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({Path(name) for name in found if (ROOT / name).is_file()})


def without_code(text):
    """The text with blocks of code, and code in backticks, replaced by nothing of the same number of lines."""
    text = re.sub(r"^```.*?^```", lambda block: "\n" * block.group(0).count("\n"), text, flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text):
    """The anchors of a page's headings, as GitHub and mdBook make them."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.*)$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), flags=re.M):
        heading = re.sub(r"\]\([^)]*\)", "", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 1
        unique = anchor
        while unique in found:
            unique = f"{anchor}-{number}"
            number += 1
        found.add(unique)
    return found


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_links(page, text):
    """What is wrong with the links of a page."""
    plain = without_code(text)
    for match in re.finditer(r"\]\(([^()\s]+)\)", plain):
        link = match.group(1)
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        where = f"{page}:{line_of(plain, match.start())}"
        if not target.exists():
            yield f"{where}: {link} leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text()):
            yield f"{where}: {link}: {target.name} has no such heading"


def check_names(page, text):
    """Paths of the repository, in backticks, that do not exist."""
    for match in re.finditer(r"`([A-Za-z_.][\w.-]*(?:/[\w.-]+)+/?)`", text):
        name = match.group(1)
        first = name.split("/", 1)[0]
        if first in TOP and not MADE.match(name) and not (ROOT / name).exists():
            yield f"{page}:{line_of(text, match.start())}: `{name}` does not exist"


def check_summary():
    """Pages that the table of contents lacks, or names twice."""
    listed = re.findall(r"\]\(([^)]+\.md)\)", (ROOT / "docs/SUMMARY.md").read_text())
    pages = {str(path.relative_to("docs")) for path in tracked("docs/*.md") if path.name != "SUMMARY.md"}
    for page in sorted(pages - set(listed)):
        yield f"docs/SUMMARY.md: {page} is not listed"
    for page in sorted({page for page in listed if listed.count(page) > 1}):
        yield f"docs/SUMMARY.md: {page} is listed twice"


def check_sources():
    """Pages that sources name and that are not there."""
    for path in tracked("*.rs", "*.py", "*.sh", "*.toml", "*.yml", "Makefile"):
        text = (ROOT / path).read_text()
        for match in re.finditer(r"\bdocs/[\w/-]+\.md\b", text):
            if not (ROOT / match.group(0)).exists():
                yield f"{path}:{line_of(text, match.start())}: {match.group(0)} does not exist"


def main():
    wrong = [*check_summary(), *check_sources()]
    pages = tracked("*.md")
    for page in pages:
        text = (ROOT / page).read_text()
        wrong += [*check_links(page, text), *check_names(page, text)]
    for line in wrong:
        print(line)
    print(f"{len(pages)} pages, {len(wrong)} wrong links and names")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
