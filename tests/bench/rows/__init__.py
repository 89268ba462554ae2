"""The rows of the benchmark, each with its figures, its goals and how they are taken."""

from tests.bench.figures import Row
from tests.bench.rows import crowd, deliveries, document, idle, killed

ROWS: tuple[Row, ...] = (*deliveries.ROWS, *crowd.ROWS, *document.ROWS, *idle.ROWS, *killed.ROWS)
