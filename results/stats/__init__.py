"""From samples to estimates: intervals, quiet rounds, ratios, findings, noise."""
