"""Numbers and names as a person reads them."""
