"""Places in the user's code, as errors tell them."""

import pytest

from scoretest._model.place import innermost

OWN = ("/srv/shop/inngest/orders.py", 12)
HELPER = (r"C:\shop\lib\helper.py", 3)
LIBRARY = ("/venv/lib/python3.12/site-packages/pydantic/main.py", 792)
STANDARD = ("/usr/lib/python3.12/json/decoder.py", 355)
FROZEN = ("<frozen importlib._bootstrap>", 1)


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ([OWN], "inngest/orders.py:12"),
        ([OWN, HELPER], "lib/helper.py:3"),
        ([OWN, LIBRARY], "inngest/orders.py:12"),
        ([OWN, LIBRARY, HELPER, STANDARD], "lib/helper.py:3"),
        ([OWN, FROZEN], "inngest/orders.py:12"),
        ([LIBRARY, STANDARD], "json/decoder.py:355"),
        ([], ""),
    ],
)
def test_the_innermost_place_is_the_users_own(frames, place):
    """A library that raises is not where the mistake is; without another place it is."""
    assert innermost(frames) == place
