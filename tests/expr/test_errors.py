"""What a failed registration tells its author."""

import copy
import pickle

import pytest

from scoretest.errors import UsageError
from scoretest.expr import ExpressionError, compile  # noqa: A004 -- the API's own name


def refused(text, **options):
    """Return the error of a text that does not register."""
    with pytest.raises(ExpressionError) as caught:
        compile(text, **options)
    return caught.value


@pytest.mark.rule("C8")
def test_the_caret_stands_under_the_offending_part():
    """The whole message: what, the line with carets, and the fix."""
    error = refused("async.data.id == tk_1")

    assert str(error) == (
        "'tk_1' is not a declared name\n"
        "  seen:  async.data.id == tk_1\n"
        "                          ^^^^\n"
        "  fix:   put text between quotes, 'tk_1', or start the path with `async.data.`"
    )


def test_a_position_is_given_as_offset_line_and_column():
    """Lines and columns count from one."""
    error = refused("async.data.id ==\n  tk_1")

    assert (error.start, error.end, error.line, error.column) == (19, 23, 2, 3)
    assert "  tk_1\n           ^^^^" in error.seen


def test_an_error_is_a_usage_error_that_survives_the_way_home():
    """It can be copied and pickled with everything it says."""
    error = refused("async.data.id == tk_1")

    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 -- our own
        assert isinstance(other, UsageError)
        assert (str(other), vars(other)) == (str(error), vars(error))


@pytest.mark.rule("C8")
@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("", "the expression ends in an unexpected place", "mend"),
        ("async.data.x ==", "the expression ends in an unexpected place", "mend"),
        ("async.data.x === 1", "'=' is not an operator", "compare with `==`"),
        ("async.data.x = 1", "'=' is not an operator", "compare with `==`"),
        ("a.b == 1 and true", "'and' in an unexpected place", "written `&&` here"),
        ("not true", "'true' in an unexpected place", "mend"),
        ("async.s == 'it's'", "'s' in an unexpected place", 'between "'),
        ('async.s == "x', "a string literal is not closed on its line", "between '"),
        ("async.data.dash-key == 1", "'key' is not a declared name", "quotes"),
        ("asnc.data.x == 1", "'asnc' is not a declared name", "did you mean 'async'?"),
        ("async.s.lowerAscii() == 'a'", "no method 'lowerAscii'", "lowercase(x)"),
        ("lowercas(async.s) == 'a'", "no function 'lowercas'", "'lowercase'"),
        ("foo(async.s)", "no function 'foo'", "mend"),
        ("async.x || 'x'", "|| takes bool, not string", "compare it"),
        ("!5", "! takes bool, not int", "compare it"),
        ("5 ? true : false", "?: takes bool, not int", "compare it"),
        ("true ? 1 : 'a'", "?: takes no (bool, int, string)", "mend"),
        ("1 - 'a' == 1", "- takes no (int, string)", "mend"),
        ("1 in 2", "in takes no (int, int)", "mend"),
        ("size(1) == 1", "size takes no (int)", "mend"),
        ("'a'.b == 1", "a value of type string has no field 'b'", "mend"),
        ("[1]['a'] == 1", "[] takes no (list(int), string)", "mend"),
        ("'abc'.all(x, true)", "all() needs a list or a map, not string", "mend"),
        ("async.l.all(x, 5)", "all() takes bool, not int", "compare it"),
        ("async.l.all(1, true)", "must be a plain variable name", "mend"),
        ("has(async)", "has() takes a path that ends in a field", "has(async.data.x)"),
        ("has('a')", "has() takes a path that ends in a field", "has(async.data.x)"),
        ("async.for('x')", "no method 'for'", "mend"),
        ("for == 1", "'for' is a reserved word", "mend"),
        ("in == 1", "'in' is a reserved word", "mend"),
        ("async.true == 1", "'true' where a field name should be", "mend"),
        (".5x", "'x' in an unexpected place", "mend"),
        (". == 1", "'==' where a name should be", "mend"),
        ("[1, 2 == 1", "the expression ends where ']' should be", "mend"),
        ("{1 2}", "'2' where ':' should be", "mend"),
        ("f(1,) == 1", "')' in an unexpected place", "mend"),
        (r"async.s == '\q'", r"'\\q' is no escape", "never decodes"),
        (r"async.s == b'\u0041'", r"bytes know no such escape", "mend"),
        (r"async.s == b'\q'", r"is no escape", "mend"),
        ("'a'async.x == 1", "'async' in an unexpected place", 'between "'),
        ("99999999999999999999 == 1", "outside the range of 64 bits", "mend"),
        ("1e400 == 1.0", "too large for a double", "mend"),
    ],
)
def test_each_refusal_says_what_and_how_to_mend_it(text, what, fix):
    """A compile error names its subject; the fix is an order."""
    error = refused(text)

    assert (error.kind, what in error.what, fix in error.fix) == (
        "compile",
        True,
        True,
    ), error


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    ("text", "data", "what"),
    [
        (
            "async.data.s.startsWith(event.data.s)",
            {"s": "a"},
            "event's value into startsWith()",
        ),
        (
            "event.data.l.exists(t, t == async.data.t)",
            {"l": ["a"]},
            "cannot store exists()",
        ),
        (
            "async.data.l.exists(t, t == event.data.t)",
            {"t": "a"},
            "cannot store exists()",
        ),
        ("event.data.n + 1 == async.data.n", {"n": 1}, "there is no double + int"),
        ("event.data.n < '5' && true", {"n": 1}, "the two have no order"),
        ("event.data.n == async.data.n", {"n": 1e7}, "`1e+07.0 == async.data.n`"),
        ("event.data.n == async.data.n", {"n": 10**21}, "`1e+21.0 == async.data.n`"),
        ("event.data.t && true", {"t": "a"}, "&& of a value that is no bool"),
        ("event.data.t ? true : false", {"t": "a"}, "?: of a value that is no bool"),
        ("!event.data.t", {"t": 1}, "! needs a bool"),
        ("size(event.data.t) == 1", {"t": 1}, "size() takes no (double)"),
        (
            "event.data.l.all(a, event.data.l.all(b, event.data.l.all(c, true)))",
            {"l": [1] * 300},
            "too many steps",
        ),
    ],
)
def test_a_value_that_cannot_be_put_in_is_an_interpolation_error(text, data, what):
    """Production repeats the request 21 times and leaves the run Running for ever."""
    error = refused(text, trigger={"name": "start", "data": data})

    assert (error.kind, what in error.what, "rule C9" in error.fix) == (
        "interpolation",
        True,
        True,
    ), error


def test_a_long_line_is_cut_around_the_caret():
    """Only the part that the caret needs is shown, in printable characters."""
    error = refused("true && " * 40 + "async.data.x == 1 \u202e")

    lines = error.seen.splitlines()
    assert len(lines[0]) <= 76
    assert "\N{REPLACEMENT CHARACTER}" in lines[0]
    assert "RIGHT-TO-LEFT OVERRIDE" in error.what


def test_an_expression_is_text():
    """Anything else is the author's error."""
    with pytest.raises(UsageError, match="a match expression is text, not 5"):
        compile(5)
