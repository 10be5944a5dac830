"""Holds what the golden archives decode to against what they have to: `python spec/decoder [archive.zarr …]`.

Exits with 1 if one differs. An archive `NAME.zarr` stands beside `NAME.decoded.zarr`.
"""

import sys
import time
from pathlib import Path

from golden import archives, broken_promises, compare, open_pair


def main(paths):
    failed = 0
    for path in paths or archives():
        start = time.perf_counter()
        try:
            found, expected, nodata, tolerance = open_pair(path)
            samples = found[...]
            problems, report = compare(samples, expected[...], nodata, tolerance)
            problems += broken_promises(path, samples)
        except ValueError as error:
            problems, report = [str(error)], "refused"
        seconds = time.perf_counter() - start
        print(f"{'FAILED' if problems else 'ok':6} {path.name:36} {seconds:6.2f} s  {report}")
        for problem in problems:
            print(f"       {problem}")
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(path) for path in sys.argv[1:]]))
