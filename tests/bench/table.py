"""The results of a run as one table of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.chart import interval
from tests.bench.figures import Metric, Row
from tests.bench.results import BASE, Results, number

HEAD = ("figure", "contestant", "median", "least to most", f"× {BASE} (95 %)", "goal", "met")


def table(results: Results, rows: Sequence[Row]) -> str:
    """All rows that were measured."""
    lines: list[tuple[str, ...]] = [HEAD]
    for row in rows:
        if row.key in results.figures:
            for block in row.blocks:
                lines.append((f"— {block.title}",))
                for metric in block.metrics:
                    lines += _metric(results, row, metric)
    if results.size.name != "full":
        lines.append(("Goals are those of a full run on a quiet machine: this was a small one.",))
    widths = [max(len(line[i]) for line in lines if len(line) == len(HEAD)) for i in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
        for line in lines
    )


def _metric(results: Results, row: Row, metric: Metric) -> Iterator[tuple[str, ...]]:
    title = metric.words + (f" [{metric.unit}]" if metric.unit else "")
    for name in results.figures[row.key]:
        values = results.of(row.key, name, metric.key)
        if not values:
            continue
        median = results.median(row.key, name, metric.key)
        assert median is not None
        to_base = results.ratio(row.key, name, metric.key)
        verdicts = results.verdicts(row, metric, name)
        yield (
            title,
            name,
            number(median),
            f"{number(min(values))} to {number(max(values))}" if len(values) > 1 else "",
            f"{to_base.value:.2f}{interval(to_base.low, to_base.high)}" if to_base else "",
            "; ".join(verdict.words for verdict in verdicts),
            " ".join("yes" if v.met else f"NO ({v.reached})" for v in verdicts),
        )
        title = ""
