"""Everything that is shown as a table, and the terminal that shows it."""
