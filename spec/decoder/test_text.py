"""The specification's list of operators is the one that both readers go by."""

import re
import unittest
from pathlib import Path

from vqz.graphs import OPERATORS

ROOT = Path(__file__).resolve().parents[2]


def operators_of_the_text():
    section = (ROOT / "spec/format/models.md").read_text().split("## Graphs\n")[1].split("\n### ")[0]
    quoted = " ".join(line[1:] for line in section.splitlines() if line.startswith(">"))
    return re.findall(r"\w+", quoted)


def operators_of_the_codec():
    source = (ROOT / "codec/src/model/onnx/check/nodes.rs").read_text()
    return re.findall(r'"(\w+)"', re.search(r"const ALLOWED:[^=]*= \[(.*?)\];", source, re.DOTALL)[1])


class Operators(unittest.TestCase):
    def test_the_text_allows_what_the_codec_does(self):
        text, codec = operators_of_the_text(), operators_of_the_codec()
        self.assertEqual(text, sorted(text))
        self.assertEqual(len(set(text)), len(text), "the text names an operator twice")
        self.assertEqual(text, sorted(codec))

    def test_the_text_allows_what_this_decoder_does(self):
        self.assertEqual(set(operators_of_the_text()), OPERATORS)


if __name__ == "__main__":
    unittest.main()
