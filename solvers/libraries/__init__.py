"""Least squares by other people's libraries, one a file, each imported when it is called: a row is listed without it.

What each computes otherwise than our rows stands in its docstrings, and for all of them in docs/libraries.md.
"""
