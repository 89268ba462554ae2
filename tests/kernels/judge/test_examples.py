"""Visible example tests are an ordinary run in the room's kernel."""

from fourhands_kernels.kernel import examples_code

from ..watching import Watched

TESTS = b"from main import f\ndef test_one(): assert f(1) == 2\ndef test_two(): assert f(2) == 5\n"


async def test_examples_run_on_the_files_as_they_are_now(room: Watched) -> None:
    code = examples_code(["test_examples.py"])
    for main, said in ((b"def f(x): return 2 * x", "1 failed"), (b"def f(x): return x * x + 1", "2 passed")):
        run = await room.runs(code, files={"main.py": main, "test_examples.py": TESTS})
        assert run.status == "ok"
        assert said in run.text
    assert "test_two" not in run.text
