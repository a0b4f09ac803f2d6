"""Schemas: what a deferred function's payload must look like.

A schema is a pydantic model, a dataclass or a TypedDict. Pydantic is imported when the
first payload is checked, never before.
"""

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
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 -- only users of schemas pay for it

        if self._adapter is None:
            self._adapter = TypeAdapter(self._kind)
        try:
            return self._adapter.validate_python(payload)
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
