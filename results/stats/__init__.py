"""From samples to estimates: intervals, quiet samples, ratios, findings, noise."""
