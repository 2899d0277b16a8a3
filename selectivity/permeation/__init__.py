"""permeation room."""
