"""What estimates say together: crossovers, scaling, cost, limits, accuracy, advice."""
