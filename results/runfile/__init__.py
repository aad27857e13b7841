"""The run file: its records, how they are written, and how they are read again."""
