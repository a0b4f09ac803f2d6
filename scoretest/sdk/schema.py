"""Schemas: what a deferred function's payload must look like.

A schema is a pydantic model, a dataclass or a TypedDict. Pydantic is imported when the
first payload is checked, never before.
"""

import json
from typing import Any, final

from .._json import JsonObject, show
from ..errors import UsageError

__all__ = ["Schema"]


@final
class Schema:
    """A type that payloads are validated against."""

    def __init__(self, kind: Any, owner: str) -> None:
        if not isinstance(kind, type):
            raise UsageError(
                f"the schema of {owner!r} must be a class, not {show(kind)}",
                fix="pass a pydantic model, a dataclass or a TypedDict",
            )
        self._kind = kind
        self._owner = owner
        self._adapter: Any = None

    def validate(self, payload: JsonObject) -> object:
        """Return *payload* as the schema's own type.

        Raises:
            UsageError: The payload does not fit; the message lists every misfit.
        """
        from pydantic import ValidationError  # noqa: PLC0415 -- only users of schemas pay for it

        if self._adapter is None:
            self._adapter = self._make_adapter()
        try:
            # as JSON, for it arrives as JSON: a strict model takes text for a time
            return self._adapter.validate_json(json.dumps(payload))
        except ValidationError as error:
            misfits = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'the payload'}: {item['msg']}"
                for item in error.errors(include_url=False)
            )
            raise UsageError(
                f"the data does not fit {self._kind.__name__}: {misfits}",
                seen=show(payload),
                fix=f"send what {self._owner!r} declares as its schema",
            ) from None

    def _make_adapter(self) -> Any:
        from pydantic import TypeAdapter  # noqa: PLC0415 -- as in validate()
        from pydantic.errors import PydanticUserError  # noqa: PLC0415 -- as above

        try:
            return TypeAdapter(self._kind)
        except PydanticUserError as error:
            raise UsageError(
                f"the schema {self._kind.__name__} of {self._owner!r} cannot be used: "
                f"{error.message}",
                fix="write the schema as pydantic asks for it",
            ) from error
