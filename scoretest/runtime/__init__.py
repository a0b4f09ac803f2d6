"""The only part of scoretest that knows asyncio, threads and real time."""
