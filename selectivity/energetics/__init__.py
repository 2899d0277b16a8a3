"""energetics room."""
