"""The tests' side: pytest over the hidden tests, one record for each of them on a link to the host that the
candidate's side has no end of.

The host hears, as plain data: (collected, number), (began, id), (result, id, outcome, microseconds, message,
printed), (candidate,) when a new one is wanted, which is answered by one byte and a socket, (finished, exit
status), (broken, why).
"""

import array
import socket
import sys
from typing import Any

from .desk import Desk
from .frames import Frames
from .line import Line
from .modules import CandidateModules
from .writing import encode


class Host:
    """The link to the host."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._frames = Frames(link)

    def tell(self, *record: Any) -> None:
        """Send a record."""
        self._frames.send(encode(record))

    def candidate(self) -> Frames:
        """A new candidate's side."""
        self.tell("candidate")
        self._link.settimeout(None)
        descriptors = array.array("i")
        _, ancillary, _, _ = self._link.recvmsg(1, socket.CMSG_SPACE(descriptors.itemsize))
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data)
        if not descriptors:
            raise SystemExit("the host sent no candidate")
        return Frames(socket.socket(fileno=descriptors[0]))


def run(settings: dict[str, Any], folder: str) -> None:
    """Run the tests and tell the host."""
    host = Host(socket.socket(fileno=settings["link"]))
    try:
        import pytest

        from . import library, reporting
    except ImportError:
        host.tell("broken", "pytest is not in the environment that the tests run on")
        return
    line = Line(host.candidate, per_call=settings["per_call"])
    desk = Desk(line)
    line.tell = sys_stdout
    sys.modules[library.NAME] = library.library(desk, line)
    CandidateModules(settings["modules"], desk)
    plugin = reporting.Reporting(host, line, desk, fresh=settings["fresh"])
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=no", "--no-header"]
    options += ["--rootdir", folder, "-c", "/dev/null", *settings["tests"]]
    sys.dont_write_bytecode = True
    status = pytest.main(options, plugins=[plugin])
    host.tell("finished", int(status))


def sys_stdout(text: str) -> None:
    """Where `capsys` looks for what the candidate's code prints."""
    sys.stdout.write(text)
