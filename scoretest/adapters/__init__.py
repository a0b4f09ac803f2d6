"""Adapters: how functions that were written with another package are served here."""
