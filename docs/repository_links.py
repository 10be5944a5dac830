"""A preprocessor of mdBook: links to files of the repository outside docs/ become links to the repository's web page.

In a checkout `[the specification](../spec/README.md)` opens the file; the built book does not hold that file.
"""

import json
import posixpath
import re
import sys

REPOSITORY = "https://github.com/vqz/vqz"


def rewrite(content, page):
    """Replaces the targets of links that leave docs/; `page` is the path of the page within docs/."""

    def target(match):
        before, link = match.groups()
        if re.match(r"[a-z]+:|#", link):
            return match.group(0)
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
        if path.startswith("docs/"):
            return match.group(0)
        kind = "blob" if "." in posixpath.basename(path.split("#")[0]) else "tree"
        return f"{before}({REPOSITORY}/{kind}/main/{path})"

    return re.sub(r"(\])\(([^()\s]+)\)", target, content)


def walk(node):
    """Rewrites the chapters of a book, whatever lists they stand in."""
    if isinstance(node, list):
        for child in node:
            walk(child)
    elif isinstance(node, dict):
        if isinstance(node.get("content"), str) and node.get("path"):
            node["content"] = rewrite(node["content"], node["path"])
        for child in node.values():
            walk(child)


if __name__ == "__main__":
    if sys.argv[1:2] == ["supports"]:
        sys.exit(0)
    _, book = json.load(sys.stdin)
    walk(book)
    json.dump(book, sys.stdout)
