"""From the atoms of a potassium channel to the voltage of a cell."""

__version__ = "0.1.0"
