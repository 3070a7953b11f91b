"""What it does: intervals <- phases <- shape <- area, compare. It imports algebra, evaluate and library."""
