"""Whatever the candidate's code does, it makes tests fail and never pass; it reads none, and the next test
has a candidate's side again.

`make test` runs those of FEW; `make judge` all of them, in user mode as well.
"""

import textwrap

import pytest

from .conftest import ALL, Examine

MARKER = "the-answer-nobody-sees"

TESTS = f"""
    import pytest
    import fair
    from main import answer

    SECRET = "{MARKER}"

    def test_number():
        assert answer(20) == 42
    def test_fair_after_number():
        assert fair.double(4) == 8
    def test_list():
        found = answer([3, 1, 2])
        assert found == [1, 2, 3] and SECRET not in str(found)
    def test_near():
        assert abs(answer(20) - 42) < 0.1
    def test_far():
        assert abs(42 - answer(20)) < 0.1
    def test_within():
        assert 42 in answer([20])
    def test_each():
        found = answer([3, 1, 2])
        assert all(a <= b for a, b in zip(found, found[1:])) and set(found) == {1, 2, 3}
    def test_twice():
        found = answer([3, 1, 2])
        assert all(item > 0 for item in found) and [item for item in found] == [1, 2, 3]
    def test_not_and_but():
        assert answer("x") != "y" and answer("x") == "z"
    def test_any_exception():
        with pytest.raises(Exception):
            answer(None)
        assert answer(None) == 1
"""

# How a process of the candidate's finds its socket; `speak` writes a frame by hand.
SOCKET = """
    import os, socket, struct, sys, threading, time
    def link():
        for name in os.listdir("/proc/self/fd"):
            try:
                if int(name) > 2 and os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                    return int(name)
            except OSError:
                pass
    def speak(verb, number, body):
        message = struct.pack("!BI", ord(verb), number) + body
        os.write(link(), struct.pack("!I", len(message)) + message)
"""

HOSTILE = {
    "ends at import": "import os\nos._exit(0)",
    "leaves at import": "import sys\nsys.exit(0)",
    "leaves when called": "import sys\ndef answer(x): sys.exit(0)",
    "ends when called": "import os\ndef answer(x): os._exit(0)",
    "interrupts": "def answer(x): raise KeyboardInterrupt",
    "raises what skips": """
        class Skipped(BaseException): pass
        Skipped.__module__ = "builtins"
        import unittest
        def answer(x):
            raise unittest.SkipTest("x") if x == 20 else Skipped("x")
    """,
    "patches pytest": """
        import builtins, sys, types, unittest
        fake = types.ModuleType("pytest")
        fake.main = lambda *args, **kwargs: 0
        fake.raises = fake.fail = fake.skip = lambda *args, **kwargs: None
        sys.modules["pytest"] = sys.modules["_pytest"] = fake
        unittest.TestCase.assertEqual = lambda *args: None
        builtins.AssertionError = type("AssertionError", (), {})
        builtins.isinstance = lambda *args: True
        def answer(x): return 0
    """,
    "is equal to everything": """
        class Anything:
            def __eq__(self, other): return True
            def __ne__(self, other): return True
            def __bool__(self): return True
            def __contains__(self, item): return False
            def __hash__(self): return hash(42)
            def __str__(self): return "42"
        def answer(x): return Anything()
    """,
    "agrees with everything": """
        class Agreeing:
            __contains__ = __eq__ = lambda self, other: True
            __sub__ = __rsub__ = __round__ = lambda self, *other: 0
            __len__ = lambda self: 3
            def __init__(self, given): self.given, self.times = given, 0
            def __getitem__(self, place): return [1, 2, 3][place]
            def __iter__(self):
                self.times += 1
                return iter([1, 2, 3] if self.times % 2 else list(self.given))
        def answer(x): return Agreeing(x)
    """,
    "is a number that lies": """
        class Number(int):
            __eq__ = __ne__ = __bool__ = lambda *args: True
            __hash__ = int.__hash__
        def answer(x): return Number(7)
    """,
    "is a text that lies": """
        class Text(str):
            __eq__ = __ne__ = lambda *args: True
            __hash__ = str.__hash__
        def answer(x): return Text("q")
    """,
    "is a list that lies": """
        class List(list):
            __eq__ = __ne__ = lambda *args: True
            def __iter__(self): return iter([1, 2, 3])
            def __len__(self): return 3
        def answer(x): return List([9])
    """,
    "claims another class": """
        class Number:
            __class__ = int
            __eq__ = __ne__ = lambda *args: True
        def answer(x): return Number()
    """,
    "has no end of items": "def answer(x):\n    while True: yield 1",
    "recurses": "def answer(x): return answer(x)",
    "crashes": "import ctypes\ndef answer(x): ctypes.string_at(0)",
    "answers too much text": "def answer(x): return 'x' * 50_000_000",
    "answers a huge number": "def answer(x): return 1 << 60_000_000",
    "answers what is slow to compare": """
        import random
        TEXT = "".join(random.choice("ab\\n") for _ in range(10**6))
        def answer(x): return TEXT
    """,
    "answers too deep": """
        def answer(x):
            found = []
            for _ in range(100_000): found = [found]
            return found
    """,
    "empties what it is given": "def answer(x):\n    if x != 20 and x: x.clear()\n    return x",
    "raises hostile exceptions": """
        class Odd(Exception):
            args = property(lambda self: 1 / 0)
            def __str__(self): raise self
        def answer(x): raise Odd()
    """,
    "raises odd arguments": "def answer(x): raise SyntaxError('x', ('main.py', '1', None, 10**30, b'4', 5))",
    "never returns": "import time\ndef answer(x):\n    while True: time.sleep(1000)",
    "prints without end": "def answer(x):\n    while True: print('x' * 10_000)",
    "writes to its errors without end": "import os\ndef answer(x):\n    while True: os.write(2, b'x' * 999)",
    "stops itself": "import os, signal\ndef answer(x): os.kill(os.getpid(), signal.SIGSTOP)",
    "stops everything": "import os, signal\ndef answer(x): os.kill(-1, signal.SIGSTOP)",
    "kills everything": "import os, signal\ndef answer(x): os.kill(-1, signal.SIGKILL)",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\ndef answer(x): return x",
    "forks without end": """
        import os
        def answer(x):
            while True:
                try: os.fork()
                except OSError: pass
    """,
    "takes all memory": "def answer(x):\n    held = []\n    while True: held.append(bytearray(50_000_000))",
    "fills its folders": """
        def answer(x):
            with open("/tmp/full", "wb") as file:
                while True: file.write(b"x" * 1_000_000)
    """,
    "closes its socket": SOCKET + "    os.close(link())\n    def answer(x): return 42\n",
    "writes garbage": SOCKET + "    os.write(link(), b'\\xff' * 100)\n    def answer(x): return 42\n",
    "announces what never comes": SOCKET
    + "    def answer(x):\n        os.write(link(), struct.pack('!I', 8_000_000))\n        time.sleep(99)\n",
    "answers byte by byte": SOCKET
    + "    def answer(x):\n        os.write(link(), struct.pack('!I', 8_000_000))\n"
    + "        while True:\n            os.write(link(), b'x')\n            time.sleep(0.01)\n",
    "floods its socket": SOCKET
    + "    def answer(x):\n        while True: os.write(link(), b'\\0\\0\\0\\1x' * 10_000)\n",
    "answers before it is asked": SOCKET
    + "    for number in range(1, 50): speak('V', number, b't\\x03l\\0s\\x02noS\\0')\n"
    + "    def answer(x): return 0\n",
    "answers in a stranger's shape": SOCKET
    + "    def answer(x):\n        for verb in 'YVEUKZ': speak(verb, 2, b't\\x03i\\1\\0i\\1\\0i\\1\\0')\n",
    "leaves busy processes behind": """
        import os
        def answer(x):
            for _ in range(20):
                if os.fork() == 0:
                    os.setsid()
                    while True: pass
            return x
    """,
    "answers from another process": SOCKET
    + """
    def answer(x):
        if os.fork() == 0:
            while True:
                for number in range(20): speak('V', number, b't\\x03l\\0i\\1\\7s\\0')
        time.sleep(1000)
""",
    "calls functions that nobody gave": SOCKET
    + "    def answer(x):\n"
    + "        for n in range(9): speak('K', n, b't\\x03i\\1' + bytes((n,)) + b't\\0d\\0')\n",
    "answers many equal hashes": SOCKET
    + """
    NUMBERS = [(number * (2**61 - 1)).to_bytes(11, "big") for number in range(1, 200_000)]
    BODY = b"".join(b"i\\x0b" + number for number in NUMBERS)
    def answer(x):
        speak("V", 2, b"t\\x03l\\0S\\xbf\\x9a\\x0c" + BODY + b"s\\0")
        time.sleep(1000)
""",
    "looks for the tests": """
        import glob, os
        def answer(x):
            found = []
            for folder in ("/home", "/tmp", "/run", "/dev/shm", "/var", "/etc"):
                for place, _, files in os.walk(folder):
                    found += [os.path.join(place, name) for name in files]
            for kind in ("cmdline", "environ", "fd/*", "cwd/*", "root/home/*/*/*"):
                found += glob.glob(f"/proc/[0-9]*/{kind}")
            text = bytearray()
            for path in found:
                try:
                    if os.path.isfile(path):
                        text += open(path, "rb").read(1_000_000)
                except OSError:
                    pass
            # Put together here: a compiled file of this module would hold a constant.
            return text.count(b"-".join((b"the", b"answer", b"nobody", b"sees"))) and bytes(text)
    """,
    "looks through its descriptors": """
        import os, socket
        def answer(x):
            numbers = os.listdir("/proc/self/fd")[:-1]
            kinds = [os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in numbers]
            return 42 if kinds.count("socket") != 1 or "memfd" in "".join(kinds) else "one socket"
    """,
    "reaches out": """
        import socket
        def answer(x):
            with socket.socket() as link:
                link.connect(("127.0.0.1", 22))
            return 42
    """,
}
FEW = (
    *(
        "ends at import",
        "patches pytest",
        "is equal to everything",
        "is a list that lies",
        "kills everything",
    ),
    *("writes garbage", "looks for the tests", "answers in a stranger's shape"),
)
CHOSEN = tuple(HOSTILE) if ALL else FEW


@pytest.mark.parametrize("how", CHOSEN)
async def test_a_hostile_candidate_passes_nothing(everywhere: Examine, how: str) -> None:
    fair = {"fair.py": b"def double(x):\n    return 2 * x\n"}
    verdict = await everywhere(HOSTILE[how], TESTS, files=fair, modules=("main", "fair"), per_call_s=1.5)
    outcomes = verdict.outcomes
    assert outcomes.pop("test_fair_after_number") == "passed", how
    assert set(outcomes.values()) == {"failed"}, {name: verdict.message(name) for name in outcomes}
    assert verdict.status == "ok"
    assert MARKER not in "".join(verdict.printed(name) for name in outcomes)


async def test_a_module_is_not_taken_from_the_candidates_other_files(examine: Examine) -> None:
    """Files of the candidate's that are called like what the tests import stand in for nothing."""
    files = {
        "json.py": b"def loads(text): return 42",
        "pytest.py": b"raise SystemExit(0)",
        "conftest.py": b"import os; os._exit(0)",
        "test_hidden.py": b"def test_number(): pass",
    }
    tests = """
        import json
        from main import answer
        def test_number():
            assert answer(1) == json.loads("42")
    """
    verdict = await examine("def answer(x): return 1", tests, files=files)
    assert verdict.message("test_number") == "assert 1 == 42"


async def test_what_is_printed_stays_with_its_test_and_within_bounds(examine: Examine) -> None:
    main = "def shout(n):\n    for _ in range(n): print('x' * 999)\n    return n"
    tests = """
        from main import shout
        def test_loud(capsys):
            assert shout(10_000) == 10_000
            assert len(capsys.readouterr().out) == 64 * 1024
        def test_quiet():
            assert shout(1) == 1
    """
    verdict = await examine(main, tests, per_call_s=20)
    verdict.all_passed()
    assert len(verdict.printed("test_loud")) == 8_000
    assert verdict.printed("test_quiet") == textwrap.dedent(f"{'x' * 999}\n")
