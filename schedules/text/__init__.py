"""How it is written: expression (write, parse), formula (explain), source (to_python).

It imports algebra, evaluate and library.
"""
