def record(suite, kind, tried, survived, notes=""):
    pass
