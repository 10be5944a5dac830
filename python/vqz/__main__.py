"""The command ``vqz``."""

from __future__ import annotations

import signal
import sys

from vqz import _vqz


def main() -> None:
    """Run the command with the arguments of this process."""
    # The command has no Python code to interrupt: it ends at once, as the program of the same name does.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    sys.exit(_vqz.main(["vqz", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
