"""The results of a run as one page that needs nothing else: bars, goals and all the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape

from tests.bench.figures import Block, Metric, Row
from tests.bench.results import BASE, Results, number

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --soft: #6a7078; --line: #dfe2e6;
  --ours: #2563c9; --peer: #9aa3ad; --yes: #1a7f37; --no: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --paper: #16181b; --soft: #9aa3ad;
  --line: #33373c; --ours: #6ea8ff; --peer: #5c646d; --yes: #5cc27a; --no: #ff8a80 } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem }
h3 { font-size: .95rem; font-weight: 600; margin: 1.25rem 0 .25rem }
p, small { color: var(--soft) } small { font-weight: 400 }
table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: .85rem;
  font-variant-numeric: tabular-nums }
td, th { padding: .15rem .5rem .15rem 0; text-align: left; font-weight: 400; white-space: nowrap }
th { width: 14rem } td.figure { text-align: right; width: 4.5rem } td.ratio { width: 10rem }
td.goals { width: 11rem; white-space: normal }
svg { display: block; width: 100%; height: 14px }
.bar { fill: var(--peer) } .ours .bar { fill: var(--ours) } .ours th { font-weight: 600 }
.reach { stroke: var(--ink); stroke-width: 1.5 } .goal { stroke: var(--no); stroke-dasharray: 3 2 }
.yes { color: var(--yes) } .no { color: var(--no) }
@media (max-width: 40rem) { td.bars { display: none } th { width: auto; white-space: normal } }
"""


def page(results: Results, rows: Sequence[Row]) -> str:
    """The whole page."""
    size, machine = results.size, results.machine
    facts = (
        f"{size.name} run, {size.rounds} {'round' if size.rounds == 1 else 'rounds'}, commit"
        f" {machine.get('commit', '')}, {machine.get('cores')} cores, {machine.get('system', '')}, load"
        f" {machine.get('load_before', 0):.1f} before and {machine.get('load_after', 0):.1f} after"
    )
    blocks = "".join(
        _block(results, row, block) for row in rows if row.key in results.figures for block in row.blocks
    )
    data = json.dumps(results.figures).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Fourhands beside its peers</title><style>{STYLE}</style></head><body>
<h1>Fourhands beside its peers</h1>
<p>{escape(facts)}. Bars are medians over the rounds, thin lines reach from the least to the most, dashed ones
are goals. Ratios are to {escape(BASE)} in the same rounds, with their 95 % interval. Figures of this page
compare with each other; those of another run or another machine do not.</p>
{blocks}
<script type="application/json" id="figures">{data}</script></body></html>
"""


def _block(results: Results, row: Row, block: Block) -> str:
    metrics = "".join(_metric(results, row, metric) for metric in block.metrics)
    return f"<h2>{escape(block.title)}</h2>{metrics}" if metrics else ""


def _metric(results: Results, row: Row, metric: Metric) -> str:
    found = {name: results.of(row.key, name, metric.key) for name in results.figures[row.key]}
    found = {name: values for name, values in found.items() if values}
    if not found:
        return ""
    limits = [goal.limit for goal in metric.goals if goal.versus is None]
    widest = max(max(max(values) for values in found.values()), *limits, 0.0) or 1.0
    better = "more is better" if metric.more_is_better else "less is better"
    unit = f"{metric.unit}, " if metric.unit else ""
    lines = "".join(_line(results, row, metric, name, widest) for name in found)
    return f"<h3>{escape(metric.words)} <small>{escape(unit)}{better}</small></h3><table>{lines}</table>"


def _line(results: Results, row: Row, metric: Metric, name: str, widest: float) -> str:
    values = results.of(row.key, name, metric.key)
    median = results.median(row.key, name, metric.key) or 0.0
    ratio = results.ratio(row.key, name, metric.key)
    against = f"{ratio.value:.2f} ×{interval(ratio.low, ratio.high)}" if ratio else ""
    verdicts = results.verdicts(row, metric, name)
    said = " ".join(
        f'<span class="{"yes" if verdict.met else "no"}">{escape(verdict.words)}:'
        f" {'met' if verdict.met else 'missed'}</span>"
        for verdict in verdicts
    )
    return (
        f'<tr class="{"ours" if name.startswith("fourhands") else ""}"><th>{escape(name)}</th>'
        f'<td class="figure">{number(median)}</td>'
        f'<td class="bars">{"".join(_bar(values, median, metric, name, widest))}</td>'
        f'<td class="ratio">{against}</td>'
        f'<td class="goals">{said}</td></tr>'
    )


def interval(low: float, high: float) -> str:
    """In brackets; nothing where one round was all."""
    return f" ({low:.2f} to {high:.2f})" if low < high else ""


def _bar(values: list[float], median: float, metric: Metric, name: str, widest: float) -> Iterator[str]:
    def x(value: float) -> str:
        return f"{100 * max(0.0, value) / widest:.2f}%"

    yield '<svg aria-hidden="true">'
    yield f'<rect class="bar" x="0" y="2" height="10" width="{x(median)}"/>'
    yield f'<line class="reach" x1="{x(min(values))}" x2="{x(max(values))}" y1="7" y2="7"/>'
    for goal in metric.goals:
        if goal.versus is None and goal.contestant == name:
            yield f'<line class="goal" x1="{x(goal.limit)}" x2="{x(goal.limit)}" y1="0" y2="14"/>'
    yield "</svg>"
