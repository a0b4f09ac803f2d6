"""Data that fits a schema, as it goes over the wire."""

import dataclasses
import json
from functools import partial
from typing import Annotated, Any

from hypothesis import strategies as st

from .._json import JsonObject, show
from ..errors import UsageError

__all__ = ["data_of"]


def data_of(schema: type) -> st.SearchStrategy[JsonObject]:
    """Return a strategy for data that fits *schema*, as it goes over the wire.

    Args:
        schema: A pydantic model, a dataclass or a TypedDict.

    Raises:
        UsageError: *schema* is no such class.
    """
    from pydantic import BaseModel, TypeAdapter  # noqa: PLC0415 -- only users of schemas pay for it
    from pydantic.errors import PydanticUserError  # noqa: PLC0415 -- as above

    if not isinstance(schema, type):
        raise UsageError(
            f"a schema is a class, not {show(schema)}",
            fix="pass a pydantic model, a dataclass or a TypedDict",
        )
    is_model = issubclass(schema, BaseModel)
    is_typed_dict = issubclass(schema, dict) and hasattr(schema, "__total__")
    if not (is_model or dataclasses.is_dataclass(schema) or is_typed_dict):
        raise UsageError(
            f"{schema.__name__} is no schema that events can be drawn from",
            fix="pass a pydantic model, a dataclass or a TypedDict",
        )
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(schema)
    except PydanticUserError as error:
        raise UsageError(
            f"the schema {schema.__name__} cannot be used: {error.message}",
            fix="write the schema as pydantic asks for it",
        ) from error

    def to_wire(value: object) -> object:
        return adapter.dump_python(value, mode="json", by_alias=True)

    values: st.SearchStrategy[Any] = (
        _model(schema) if is_model else st.from_type(schema).map(to_wire)
    )
    return values.filter(lambda data: _fits(adapter, data))


def _model(schema: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the fields of a pydantic model, constraints included."""
    from pydantic import TypeAdapter  # noqa: PLC0415 -- as in data_of

    fields = {}
    for name, field in schema.model_fields.items():
        kind = field.annotation
        for constraint in field.metadata:
            kind = Annotated[kind, constraint]
        to_wire = partial(TypeAdapter(field.annotation).dump_python, mode="json")
        fields[field.alias or name] = st.from_type(kind).map(to_wire)
    return st.fixed_dictionaries(fields)


def _fits(adapter: Any, data: object) -> bool:
    from pydantic import ValidationError  # noqa: PLC0415 -- as in data_of

    try:
        adapter.validate_json(json.dumps(data, allow_nan=False))
    except (ValidationError, ValueError):  # ValueError: JSON has no NaN
        return False
    return True
