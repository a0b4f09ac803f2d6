"""The command line: what it prints, and how it says no."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from scoretest import Harness, demo
from scoretest.cli import main
from scoretest.cli.commands import installed_version, scoretest

FIX = "  fix:   "


@pytest.fixture
def invoke():
    """Return a function that runs the command line with some arguments."""
    return lambda *arguments: CliRunner().invoke(
        scoretest, [*map(str, arguments)], prog_name="scoretest"
    )


@pytest.fixture
def week():
    """Return the timeline of the demo's week."""
    with Harness() as harness:
        demo.play(harness)
        return harness.timeline


@pytest.fixture
def trace(week, tmp_path):
    """Return a file with the demo's trace."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(week.to_json()), encoding="utf-8")
    return path


class TestGroup:
    """``scoretest`` itself."""

    def test_help_lists_every_command(self, invoke):
        """The help names what there is, and says what is not built."""
        result = invoke("--help")

        assert result.exit_code == 0
        assert re.findall(r"^  ([a-z]+) {2,}(.*)$", result.stdout, re.MULTILINE) == [
            ("check", "Look for mistakes on every timeline."),
            ("demo", "Live through seven days at a support desk, in virtual time."),
            ("explore", "Print which signals lead to which scores."),
            ("expr", "Say what production makes of the match expression TEXT."),
            ("report", "Draw the timeline of a JSON trace."),
            ("run", "Play a scenario against functions."),
        ]

    def test_version(self, invoke):
        """``--version`` says which scoretest this is."""
        result = invoke("--version")

        assert result.stdout == f"scoretest {installed_version()}\n"

    def test_a_checkout_has_no_version(self):
        """Where a package is not installed, that is said."""
        assert installed_version("pytest")[0].isdigit()
        assert installed_version("no-such-package") == "(not installed)"

    def test_an_unknown_command(self, invoke):
        """An unknown command is click's own usage error."""
        result = invoke("explain")

        assert result.exit_code == 2
        assert "No such command 'explain'" in result.stderr

    def test_the_module_is_the_command(self):
        """``python -m scoretest`` is the same as ``scoretest``."""
        command = [sys.executable, "-m", "scoretest", "--version"]

        result = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own module

        assert result.stdout == f"scoretest {installed_version()}\n"

    def test_the_entry_point(self, monkeypatch, capsys):
        """The installed script calls `main`, which exits with the status."""
        monkeypatch.setattr(sys, "argv", ["scoretest", "run"])

        with pytest.raises(SystemExit) as caught:
            main()

        assert caught.value.code == 2
        assert "Missing argument 'TARGET'" in capsys.readouterr().err

    def test_importing_it_imports_nothing_else(self):
        """What prints is imported by the commands, not by the package."""
        program = (
            "import sys, scoretest; before = set(sys.modules);"
            "import scoretest.cli, scoretest.__main__;"
            "print(sorted(set(sys.modules) - before))"
        )
        done = subprocess.run(  # noqa: S603 -- our own program
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )

        assert done.stdout == "['scoretest.__main__', 'scoretest.cli']\n"


class TestDemo:
    """``scoretest demo`` plays three tickets."""

    def test_the_whole_output(self, invoke, week):
        """Intro, timeline, scores and time are one page; only the last line is real."""
        result = invoke("demo")
        *page, last = result.stdout.splitlines()

        assert result.exit_code == 0
        assert re.fullmatch(r"7d of virtual time in \d+ ms\.", last)
        assert page == [
            (
                "A support desk answers tickets. How good was each answer? "
                "Nobody knows yet: a"
            ),
            (
                "scorer waits up to seven days for the customer's feedback, "
                "and scores the answer"
            ),
            "then.",
            "",
            "Three customers write. One is happy, one is not, one never says a word.",
            "",
            *str(week).splitlines(),
            "",
            "ticket     signal           user-feedback   written at",
            "─" * 60,
            "tk_happy   helpful                      1   Wed 01 Jan 01:00",
            "tk_cross   not helpful                  0   Tue 07 Jan 23:00",
            "tk_quiet   none in 7 days             0.5   Wed 08 Jan 00:00",
            "",
        ]

    def test_no_line_is_wide(self, invoke):
        """Without a terminal nothing is wider than 80 columns, or coloured."""
        lines = invoke("demo").stdout.splitlines()

        assert max(map(len, lines)) <= 80
        assert all(line == line.rstrip() and line.isprintable() for line in lines)

    def test_colours_on_a_terminal(self, invoke, monkeypatch, week):
        """A terminal gets the same text in colour."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")

        out = invoke("demo").stdout

        plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
        assert "\x1b[36m+6d 23h\x1b[0m" in out
        assert str(week) in plain


class TestReport:
    """``scoretest report`` draws a timeline from a JSON trace."""

    def test_the_same_text(self, invoke, trace, week):
        """Yesterday's trace is the timeline of yesterday."""
        result = invoke("report", trace)

        assert (result.exit_code, result.stdout) == (0, f"{week}\n")

    def test_a_width(self, invoke, trace, week):
        """The width may be asked for."""
        result = invoke("report", trace, "--width", "120")

        assert result.stdout == f"{week.render(120)}\n"

    def test_everything(self, invoke, tmp_path):
        """With ``--all`` nothing is folded."""
        with Harness() as harness:
            for number in range(20):
                harness.send("ping", {"number": number})
        path = tmp_path / "trace.json"
        path.write_text(json.dumps(harness.timeline.to_json()))

        folded, full = invoke("report", path), invoke("report", path, "--all")

        assert folded.stdout.count("event     ping") == 3
        assert full.stdout.count("event     ping") == 20

    def test_a_narrow_width(self, invoke, trace):
        """An error of scoretest is told with its fix, and the status is 2."""
        result = invoke("report", trace, "--width", "10")

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            "scoretest: a timeline cannot be 10 columns wide\n"
            f"{FIX}give a width of 40 at least\n"
        )

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"{", "Expecting property name enclosed in double quotes"),
            (b"\xff", "'utf-8' codec can't decode byte 0xff"),
            (b"[" * 200_000, "maximum recursion depth exceeded"),
        ],
        ids=["half", "no text", "deep"],
    )
    def test_no_json(self, invoke, tmp_path, content, reason):
        """A file that is no JSON is refused with what is wrong about it."""
        path = tmp_path / "trace.json"
        path.write_bytes(content)

        result = invoke("report", path)

        assert result.exit_code == 2
        assert f"{str(path)!r} is not JSON: {reason}" in result.stderr
        assert f"{FIX}write it with json.dump(" in result.stderr

    def test_another_version(self, invoke, tmp_path):
        """A trace of another version is refused by name."""
        path = tmp_path / "trace.json"
        path.write_text('{"format": "scoretest.trace/9", "start": "", "facts": []}')

        result = invoke("report", path)

        assert (result.exit_code, result.stderr) == (
            2,
            (
                "scoretest: the trace has the format 'scoretest.trace/9', "
                "not 'scoretest.trace/1'\n"
                f"{FIX}read it with the version of scoretest that wrote it\n"
            ),
        )

    def test_no_file(self, invoke, tmp_path):
        """A file that is not there is click's own usage error."""
        assert invoke("report", tmp_path / "none.json").exit_code == 2
