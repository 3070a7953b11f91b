"""The documentation: ``python -m docs`` builds it."""
