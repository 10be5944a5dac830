#!/usr/bin/env python3
"""Fails when modules of a crate use each other in a circle. Usage: scripts/circles.py [CRATE_FOLDER...]

A module is a file. It uses another one when it names something that is defined there: in a `use`, or by a path within its
code. A name that passes through a `pub use` counts for the file that defines it, so a mod.rs that only hands on what its
children define uses none of them. Code under `#[cfg(test)]` is ignored. Without arguments, all crates of the workspace
are checked. What paths do not show, such as calls of methods, stays unseen."""

import re
import sys
import tomllib
from pathlib import Path

STRIP = re.compile(r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\'\\])\'', re.S)
PATH = re.compile(r"(?<![\w:$.])(?:crate|super|self|[a-z_]\w*)(?:::\w+)+")
USE = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")


def without_tests(code):
    """The code without the items that only tests have."""
    while found := re.search(r"#\[cfg\((?:test|all\([^\]]*\btest\b[^\]]*)\)\]", code):
        end, depth = found.end(), 0
        while end < len(code):
            depth += (code[end] in "{([") - (code[end] in "})]")
            end += 1
            if depth == 0 and (code[end - 1] == "}" or code[end - 1] == ";"):
                break
        code = code[: found.start()] + code[end:]
    return code


def flat(tree):
    """The paths of a `use`, each with the name that it gets here."""
    tree = tree.strip()
    if "{" in tree:
        head, inside = tree.split("{", 1)
        depth, part, inside = 0, "", inside.rsplit("}", 1)[0]
        for char in inside + ",":
            depth += (char == "{") - (char == "}")
            if char == "," and depth == 0:
                yield from flat(head + part.strip()) if part.strip() else ()
                part = ""
            else:
                part += char
        return
    path, _, name = tree.partition(" as ")
    parts = path.strip().removesuffix("::self").split("::")
    yield parts, (name.strip() or parts[-1])


class Module:
    """One file: its child modules, the names that it hands on or imports, and the rest of its code."""

    def __init__(self, modules, name, file, folder):
        self.name, self.file, self.modules = name, file, modules
        modules[name] = self
        code = without_tests(STRIP.sub(" ", file.read_text()))
        self.children = re.findall(r"\bmod\s+(\w+)\s*;", code)
        self.imports = [(path, alias, found.group(0).startswith("pub")) for found in USE.finditer(code)
                        for path, alias in flat(found.group(1))]
        self.code = USE.sub(" ", code)
        for child in self.children:
            path = next(p for p in (folder / f"{child}.rs", folder / child / "mod.rs") if p.exists())
            Module(modules, (*name, child), path, folder / child)

    def absolute(self, parts):
        """A path from the crate's root; none for one that leads out of the crate."""
        base = {"crate": (), "self": self.name, "super": self.name[:-1]}.get(parts[0])
        if base is None:
            return (*self.name, *parts) if parts[0] in self.children else None
        while parts[1:] and parts[1] == "super":
            base, parts = base[:-1], parts[1:]
        return (*base, *parts[1:])

    def defines(self, path, seen=()):
        """The module that defines what a path from the root names (none for another crate), and the item's name."""
        length = max(n for n in range(len(path) + 1) if path[:n] in self.modules)
        module, rest = self.modules[path[:length]], path[length:]
        if rest and (module.name, rest[0]) not in seen:
            for target, alias, _ in module.imports:
                if alias == rest[0] and (target := module.absolute(target)) is None:
                    return None, rest[0]
                if alias == rest[0]:
                    return self.defines((*target, *rest[1:]), (*seen, (module.name, rest[0])))
        return module, rest[0] if rest else "*"

    def uses(self):
        """The modules that this one uses, with the names."""
        aliases, found = {}, []
        for path, alias, public in self.imports:
            path = self.absolute(path)
            if path is None:
                continue
            if path in self.modules:
                aliases[alias] = path
            elif alias == "*" or not public or re.search(rf"\b{alias}\b", self.code):
                found.append(path[:-1] if alias == "*" else path)
        for match in PATH.finditer(self.code):
            parts = match.group(0).split("::")
            path = (*aliases[parts[0]], *parts[1:]) if parts[0] in aliases else self.absolute(parts)
            if path is not None:
                found.append(path)
        edges = {}
        for module, item in map(self.defines, found):
            if module not in (self, None):
                edges.setdefault(module, set()).add(item)
        return edges


def circles(graph):
    """The strongly connected components of more than one module (Tarjan)."""
    index, low, stack, out = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for after in graph[node]:
            if after not in index:
                visit(after)
            if after in stack:
                low[node] = min(low[node], low[after])
        if low[node] == index[node]:
            at = stack.index(node)
            out.append(stack[at:])
            del stack[at:]

    for node in graph:
        if node not in index:
            visit(node)
    return [circle for circle in out if len(circle) > 1]


def main():
    root = Path(__file__).resolve().parent.parent
    members = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
    failed = False
    for crate in [Path(argument) for argument in sys.argv[1:]] or [root / member for member in members]:
        for start in filter(Path.exists, (crate / "src/lib.rs", crate / "src/main.rs")):
            Module(modules := {}, (), start, crate / "src")
            graph = {module: module.uses() for module in modules.values()}
            found = circles(graph)
            failed |= bool(found)
            print(f"{crate.name}/src/{start.name}: {len(modules)} modules, {len(found)} circles")
            for circle in found:
                print(f"  a circle of {len(circle)} modules:")
                for module in sorted(circle, key=lambda module: module.name):
                    for other in sorted(set(graph[module]) & set(circle), key=lambda other: other.name):
                        a, b = (m.file.relative_to(crate / "src") for m in (module, other))
                        print(f"    {a} -> {b}: {', '.join(sorted(graph[module][other]))}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
