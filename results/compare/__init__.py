"""Two runs, or two files, case by case: what became faster or slower, and what may not be judged."""
