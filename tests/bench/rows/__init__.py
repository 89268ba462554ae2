"""The rows of the benchmark, each with its figures, its goals and how they are taken."""

from tests.bench.figures import Row
from tests.bench.rows import deliveries

ROWS: tuple[Row, ...] = (*deliveries.ROWS,)
