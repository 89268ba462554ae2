"""`make bench`: Fourhands with its log on, and its peers, in interleaved rounds on the same cores.

Each round measures every row for every contestant, every other round in the opposite order; a contestant
starts anew for each row. Read ratios, not absolute figures: a machine has fast and slow hours, and only
figures of the same rounds compare. README.md beside this file says more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench.chart import page
from tests.bench.contestants import named
from tests.bench.figures import Row, chosen_size
from tests.bench.idle import end_when_told, raise_limit
from tests.bench.results import Results, machine
from tests.bench.rows import ROWS
from tests.bench.table import table


def main() -> int:
    """Run, print the table, write JSON; 0 also where a goal is missed, 1 where a row could not be taken."""
    options = parse()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    size = chosen_size(
        options.short,
        rounds=options.rounds,
        rooms=options.rooms,
        measured_s=options.seconds,
    )
    end_when_told()
    raise_limit(2 * size.idle_rooms + 1_000)
    rows = [row for row in ROWS if not options.rows or row.key in options.rows.split(",")]
    among = named(options.contestants)
    results = Results(size, machine=machine())
    failed = 0
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.scratch) as scratch:
        for number in range(size.rounds):
            for row in rows:
                if row.rounds is not None and number >= row.rounds:
                    continue
                failed += measure(row, among, results, Path(scratch), number)
    results.machine["load_after"] = os.getloadavg()[0]
    options.out.mkdir(parents=True, exist_ok=True)
    results.write(options.out / "bench.json", rows)
    print("\n" + table(results, rows))
    (options.out / "bench.html").write_text(page(results, rows))
    print(f"\n{options.out / 'bench.json'}\n{options.out / 'bench.html'}")
    return 1 if failed else 0


def measure(row: Row, among: list[type], results: Results, scratch: Path, number: int) -> int:
    """One round of one row; how many contestants failed."""
    failed = 0
    contestants = [one for one in row.contestants if one in among]
    for one in contestants if number % 2 == 0 else reversed(contestants):
        began = time.perf_counter()
        folder = scratch / f"{number}-{row.key}-{one.__name__}"
        try:
            results.add(row.key, one.name, row.measure(one, folder, results.size))
            words = ""
        except Exception:
            failed += 1
            words = " failed"
            traceback.print_exc()
            with contextlib.suppress(OSError):
                print((folder / "server.log").read_text(errors="replace")[-2000:], file=sys.stderr)
        took = time.perf_counter() - began
        print(f"round {number + 1}: {row.key}, {one.name}: {took:.0f} s{words}", file=sys.stderr, flush=True)
    return failed


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a small run, as BENCH=short")
    parser.add_argument("--rows", default="", help=f"of {', '.join(row.key for row in ROWS)}")
    parser.add_argument("--contestants", default="", help="names, by commas: fourhands,y-websocket-server")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rooms", type=int, help="of the rows with rooms of 4")
    parser.add_argument("--seconds", type=float, help="that one figure is measured")
    parser.add_argument("--out", type=Path, default=Path("dist/bench"), help="folder of the results")
    parser.add_argument("--scratch", type=Path, help="folder of what servers keep (the machine's own)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
