"""membrane room."""
