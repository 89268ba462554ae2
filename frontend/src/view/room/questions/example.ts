/** A question in full, for whoever has never written one; the test of it keeps it true. */
const HIDDEN = `import main


def test_found():
    assert main.two_sum([2, 7, 11], 9) == (0, 1)


def test_none():
    assert main.two_sum([1, 2], 10) is None
`;

const VISIBLE = `import main


def test_example():
    assert main.two_sum([1, 2, 3], 4) == (0, 2)
`;

export const EXAMPLE = `${JSON.stringify(
  {
    id: "two-sum",
    title: "Two numbers with a given sum",
    tests: {
      files: { "test_hidden.py": HIDDEN },
      examples: { "test_example.py": VISIBLE },
      visibility: "counts",
      run_by: "candidate",
    },
  },
  null,
  2,
)}\n`;
