"""Organs: one part of the server each, pure and alone; the engine composes them."""
