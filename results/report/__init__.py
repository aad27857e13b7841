"""One page, or one Markdown document, of runs: answers, pictures, tables."""
