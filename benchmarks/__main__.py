"""`python -m benchmarks`: measure everything once, print a table and a line of JSON."""

import argparse
import sys
from pathlib import Path

from benchmarks.house import throw_away_house


def main() -> None:
    arguments = _arguments()
    with throw_away_house() as directory:
        # Late: these import models, and Django has just been set up.
        from benchmarks.measure import measure  # noqa: PLC0415

        report = measure(directory, is_quick=arguments.quick)
    sys.stdout.write(f"{report.table()}\n\n{report.json()}\n")
    if arguments.json:
        arguments.json.write_text(report.json() + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less exact, under 40 s")
    parser.add_argument("--json", type=Path, help="write the line of JSON here too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
