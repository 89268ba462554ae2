"""Hidden tests: the candidate's code in one sandbox, the tests in another, plain data between them."""
