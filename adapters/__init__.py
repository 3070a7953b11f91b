"""Adapters: each imports one framework and binds schedules to it."""
