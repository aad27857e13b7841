"""What a command exits with (docs/reference.md, "Exit statuses")."""

DONE, NO_ANSWER, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""NO_ANSWER: nothing was measured, or there is nothing to tell; a crash of the program itself is 1 as well."""
FAILURES = {"slower": (3, ("slower", "broken")), "undecided": (4, ("inconclusive",)), "refused": (5, ("refused",))}
"""What a comparison may be asked to fail on, the worst first: its exit status, and the verdicts that make it fail."""
