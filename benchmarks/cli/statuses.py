"""What a command exits with (docs/reference.md, "Exit statuses")."""

DONE, NO_ANSWER, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""NO_ANSWER: nothing was measured, or there is nothing to tell; a crash of the program itself is 1 as well."""
FAILURES = {
    "broken": (6, "broken"),
    "slower": (3, "slower"),
    "undecided": (4, "inconclusive"),
    "refused": (5, "refused"),
}
"""What a comparison may be asked to fail on, the worst first: its exit status, and the verdict that makes it fail. Who
asks for slower asks for broken too: what comes to no answer any more has not become faster."""
