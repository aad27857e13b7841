"""Two devices or machines beside each other: ratios, crossovers, regimes."""
