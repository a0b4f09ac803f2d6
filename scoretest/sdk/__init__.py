"""The SDK: how functions, scorers and deferred work are written.

Names and signatures follow the real Python SDK, so that moving code between the two is
changing an import. Nothing here knows the engine: a function is a description with a
handler, and a step tool talks to a port.
"""
