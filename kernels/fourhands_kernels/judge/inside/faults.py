"""What goes wrong between the tests and the candidate's side, exceptions of the candidate's code apart."""


class Fault(BaseException):
    """The candidate's side took too long, ended, was not there or said what cannot be believed.

    No `except Exception` and no `pytest.raises(Exception)` of a test takes it for an answer; a test in which
    it came up fails, whatever the test did with it.
    """
