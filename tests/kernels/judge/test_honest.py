"""Hidden tests are ordinary pytest tests, and the candidate's code ordinary Python."""

from .conftest import Examine

MAIN = """
    import asyncio
    from collections import Counter, namedtuple
    from dataclasses import dataclass
    from enum import Enum
    from functools import wraps

    LIMIT = 5
    seen = []

    class Empty(LookupError):
        pass

    class Stack:
        def __init__(self, *items):
            self.items = list(items)
        @classmethod
        def of(cls, items):
            return cls(*items)
        def push(self, item):
            self.items.append(item)
            return self
        def pop(self):
            if not self.items:
                raise Empty("nothing here")
            return self.items.pop()
        def __len__(self):
            return len(self.items)
        def __getitem__(self, place):
            return self.items[place]
        def __contains__(self, item):
            return item in self.items
        def __enter__(self):
            return self
        def __exit__(self, *error):
            self.items.clear()

    class Names(list):
        def longest(self):
            return max(self, key=len)

    class Colour(Enum):
        RED = 1
        BLUE = 2

    def favourite():
        return Colour.RED

    @dataclass(frozen=True, order=True)
    class Point:
        x: int
        y: int
        def __add__(self, other):
            return Point(self.x + other.x, self.y + other.y)

    Pair = namedtuple("Pair", "left right")

    class Node:
        def __init__(self, value, next=None):
            self.value, self.next = value, next

    def two_sum(numbers, target):
        known = {}
        for place, number in enumerate(numbers):
            if target - number in known:
                return [known[target - number], place]
            known[number] = place
        raise ValueError("no two numbers add up")

    def named(**names):
        return names

    def sort(numbers):
        numbers.sort()

    def rotate(grid):
        grid[:] = [list(row) for row in zip(*grid[::-1])]
        return grid

    def fibonacci():
        a, b = 0, 1
        while True:
            yield a
            a, b = b, a + b

    def reversed_list(node):
        before = None
        while node:
            node.next, before, node = before, node, node.next
        return before

    def retry(function, times):
        for attempt in range(times):
            try:
                return function(attempt)
            except ValueError:
                if attempt == times - 1:
                    raise

    def logged(function):
        @wraps(function)
        def inside(*args):
            seen.append(args)
            return function(*args)
        return inside

    def squares(numbers):
        return map(lambda number: number * number, numbers)

    def keys(mapping):
        return mapping.keys()

    def words(text):
        return Counter(text.split())

    def pair(left, right):
        return Pair(left, right)

    def greet():
        print("hello,", input())

    async def later(value):
        await asyncio.sleep(0)
        return value

    def total(numbers):
        return sum(numbers)

    def note(value):
        seen.append(value)
        return len(seen)
"""

TESTS = """
    import asyncio, itertools, unittest
    from concurrent.futures import ThreadPoolExecutor
    import pytest
    import main
    from fourhands_tests import plain, printed, types
    from main import (Empty, LIMIT, Node, Point, Stack, fibonacci, greet, later, logged, note, pair, retry,
                      reversed_list, rotate, sort, total, two_sum, words)

    @pytest.fixture
    def stack():
        return Stack(1, 2)

    @pytest.mark.parametrize("numbers, target, expected", [([2, 7, 11], 9, [0, 1]), ([3, 3], 6, [0, 1])])
    def test_call(numbers, target, expected):
        assert two_sum(numbers, target) == expected

    def test_arguments_by_name():
        names = {"self": 1, "operation": 2, "seconds": 3, "kwargs": 4, "args": 5, "found": 6}
        assert main.named(**names) == names

    def test_threads_take_turns():
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda n: two_sum([n, 2], n + 2), range(40))) == [[0, 1]] * 40

    def test_builtin_exception():
        with pytest.raises(ValueError, match="add up"):
            two_sum([], 1)

    def test_own_exception(stack):
        stack.pop(), stack.pop()
        with pytest.raises(Empty) as caught:
            stack.pop()
        assert str(caught.value) == "nothing here"
        with pytest.raises(LookupError):
            stack.pop()

    def test_arguments_change_in_place():
        numbers = [3, 1, 2]
        assert sort(numbers) is None
        assert numbers == [1, 2, 3]
        grid = [[1, 2], [3, 4]]
        assert rotate(grid) is grid
        assert grid == [[3, 1], [4, 2]]

    def test_objects(stack):
        assert stack.push(3) is stack
        assert len(stack) == 3 and stack[0] == 1 and 3 in stack and 9 not in stack
        assert stack.items == [1, 2, 3] and list(stack) == [1, 2, 3]
        stack.items = [7]
        assert stack.pop() == 7
        assert isinstance(stack, Stack) and not isinstance(3, Stack)
        assert not stack and stack is not None and stack != None
        assert main.Stack(4)[0] == 4 and len(Stack.of([1, 2])) == 2
        with stack as entered:
            entered.push(1)
        assert len(stack) == 0
        with pytest.raises(AttributeError):
            stack.nothing

    def test_what_derives_from_a_list():
        names = main.Names(["Ada", "Grace"])
        assert names.longest() == "Grace" and names[0] == "Ada" and list(names) == ["Ada", "Grace"]
        names.append("Alan")
        assert len(names) == 3 and plain(names) == ["Ada", "Grace", "Alan"]

    def test_iterators_are_gone_through_once():
        found = main.squares([1, 2])
        assert next(found) == 1 and list(found) == [4] and list(found) == []
        assert sorted(main.keys({"b": 1, "a": 2})) == ["a", "b"]

    def test_operators():
        assert Point(1, 2) == Point(1, 2) != Point(2, 1)
        assert Point(1, 2) + Point(1, 1) == Point(2, 3)
        assert sorted([Point(2, 1), Point(1, 2)])[0].x == 1
        assert repr(Point(1, 2)) == "Point(x=1, y=2)"
        assert len({Point(1, 2), Point(1, 2)}) == 1
        assert plain(Point(1, 2)) == {"x": 1, "y": 2}
        assert main.favourite() == main.Colour.RED != main.Colour.BLUE and main.favourite() is main.Colour.RED

    def test_endless_generator():
        assert list(itertools.islice(fibonacci(), 8)) == [0, 1, 1, 2, 3, 5, 8, 13]

    def test_linked_objects():
        found = reversed_list(Node(1, Node(2, Node(3))))
        values = []
        while found is not None:
            values.append(found.value)
            found = found.next
        assert values == [3, 2, 1]

    def test_functions_of_the_tests():
        calls = []
        def flaky(attempt):
            calls.append(attempt)
            if attempt < 2:
                raise ValueError(attempt)
            return "done"
        assert retry(flaky, 3) == "done" and calls == [0, 1, 2]
        with pytest.raises(ValueError):
            retry(flaky, 1)
        class Own(ValueError):
            pass
        def own(attempt):
            raise Own("mine")
        with pytest.raises(Own, match="mine"):
            retry(own, 2)
        assert logged(lambda x: x + 1)(2) == 3
        assert total(number * number for number in range(4)) == 14

    def test_near_plain_results():
        assert words("a b a") == {"a": 2, "b": 1}
        assert pair(1, 2) == (1, 2) and pair(1, 2).right == 2
        assert LIMIT == 5 and main.LIMIT + 1 == 6 and isinstance(main.LIMIT, int)

    def test_what_is_printed_and_typed(capsys):
        types("Ada")
        greet()
        assert capsys.readouterr().out == "hello, Ada\\n" == printed()

    def test_coroutine():
        async def waited():
            return await later(3)
        assert asyncio.run(waited()) == 3

    def test_each_test_has_a_fresh_program():
        assert note(1) == 1

    def test_each_test_has_a_fresh_program_again():
        assert note(1) == 1

    @pytest.mark.skip(reason="not yet")
    def test_skipped():
        assert False

    class TestCases(unittest.TestCase):
        def test_case(self):
            self.assertEqual(two_sum([1, 2], 3), [0, 1])
            with self.assertRaises(Empty):
                Stack().pop()

    class TestClass:
        def test_method(self):
            assert total([1, 2]) == 3
"""


async def test_right_answers_pass(examine: Examine) -> None:
    verdict = await examine(MAIN, TESTS, per_call_s=20)
    outcomes = verdict.outcomes
    assert outcomes.pop("test_skipped") == "skipped"
    assert {name: verdict.message(name) for name, found in outcomes.items() if found != "passed"} == {}
    assert verdict.finished["total"] == len(outcomes) + 1
    assert (verdict.status, verdict.passed) == ("ok", len(outcomes))


async def test_wrong_answers_fail_in_words_that_help(examine: Examine) -> None:
    main = """
        def add(a, b):
            return a - b
        def crash(x):
            return [][x]
        class Box:
            def __init__(self, held):
                self.held = held
            def __eq__(self, other):
                return True
        def box(x):
            return Box(x)
        def endless():
            while True:
                yield 1
        def slow():
            while True:
                pass
    """
    tests = """
        import pytest
        from main import add, box, crash, endless, missing, slow

        def test_value():
            assert add(1, 2) == 3
        def test_crash():
            crash(5)
        def test_no_exception():
            with pytest.raises(ValueError):
                add(1, 2)
        def test_object():
            assert box([1]) == [1]
        def test_two_objects():
            assert box([1]) == box([2])
        def test_missing():
            missing()
        def test_slow():
            slow()
        def test_after_slow():
            assert add(3, 2) == 1
        def test_unplain_argument():
            add(object(), 1)
        def test_fixture(no_such_fixture):
            pass
    """
    verdict = await examine(main, tests, per_call_s=1.5)
    assert verdict.outcomes.pop("test_after_slow") == "passed"
    assert verdict.message("test_value") == "assert -1 == 3"
    assert verdict.message("test_crash") == "IndexError: list index out of range\n(main.py, line 5)"
    assert "DID NOT RAISE" in verdict.message("test_no_exception")
    assert "type Box was compared with plain data" in verdict.message("test_object")
    assert "type Box was compared with another" in verdict.message("test_two_objects")
    assert verdict.message("test_missing") == "main has no missing"
    assert verdict.message("test_slow") == "the call took longer than 1.5 s"
    assert "object is neither plain data nor a function" in verdict.message("test_unplain_argument")
    assert verdict.outcomes["test_fixture"] == "error"
    assert (verdict.passed, verdict.finished["failed"], verdict.finished["errors"]) == (1, 8, 1)
    assert verdict.status == "ok"


async def test_code_that_cannot_be_imported_fails_each_test(examine: Examine) -> None:
    tests = """
        import pytest
        from main import f
        def test_one():
            with pytest.raises(Exception):
                f()
        def test_two():
            f()
    """
    verdict = await examine("def f(:", tests)
    assert verdict.outcomes == {"test_one": "failed", "test_two": "failed"}
    assert "main could not be imported: SyntaxError" in verdict.message("test_one")


async def test_several_files_and_a_shared_program(examine: Examine) -> None:
    files = {"shop/__init__.py": b"from .cart import Cart", "shop/cart.py": b"class Cart:\n    items = []"}
    tests = """
        import pytest
        from main import count
        from shop import Cart
        import shop.cart
        from prices import PRICES

        @pytest.fixture(scope="module")
        def first():
            return count()
        def test_one(first):
            assert first == 1 and Cart().items == [] and PRICES == {"a": 1}
        def test_two(first):
            assert count() == 2 and shop.cart.Cart is not None
    """
    verdict = await examine(
        "n = 0\ndef count():\n    global n\n    n += 1\n    return n",
        tests,
        files=files,
        more_tests={"prices.py": b"PRICES = {'a': 1}"},
        modules=("main", "shop"),
        fresh="module",
    )
    verdict.all_passed()


async def test_arrays_and_libraries(examine: Examine) -> None:
    main = """
        import numpy as np
        import pandas as pd
        def double(array):
            array *= 2
            return array
        def mean(numbers):
            return np.mean(numbers)
        def frame(rows):
            return pd.DataFrame(rows)
    """
    tests = """
        import numpy as np
        from fourhands_tests import plain, trusted
        from main import double, frame, mean
        def test_array():
            given = np.arange(4).reshape(2, 2)
            found = double(given)
            assert found is given and (found == [[0, 2], [4, 6]]).all()
        def test_scalar():
            assert mean([1, 2]) == 1.5
        def test_frame():
            assert plain(frame([{"a": 1}, {"a": 2}])) == {"a": [1, 2]}
            assert trusted(frame([{"a": 1}, {"a": 2}]))["a"].sum() == 3
    """
    verdict = await examine(main, tests, per_call_s=20)
    verdict.all_passed()
