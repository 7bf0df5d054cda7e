from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from voicegraph.server.resume_key import FILE, VARIABLE, ResumeKeyError, resume_key


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "voicegraph" / FILE


def test_the_environments_key_counts(environ: dict[str, str], file: Path) -> None:
    key = Fernet.generate_key()
    assert resume_key(environ | {VARIABLE: key.decode()}) == key
    assert not file.exists()


@pytest.mark.parametrize("value", ["secret", "ä", "A" * 44])
def test_what_is_no_key_is_told_with_the_way_out(value: str, environ: dict[str, str]) -> None:
    with pytest.raises(ResumeKeyError, match="make one with python -c") as problem:
        resume_key(environ | {VARIABLE: value})
    assert value not in str(problem.value)


def test_it_is_made_once_and_for_this_user_only(environ: dict[str, str], file: Path) -> None:
    first = resume_key(environ)
    assert resume_key(environ) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in file.parent.iterdir()] == [FILE]


def test_without_a_state_directory_it_is_below_home(tmp_path: Path) -> None:
    resume_key({"HOME": str(tmp_path), "XDG_STATE_HOME": "relative/is/ignored"})
    assert (tmp_path / ".local/state/voicegraph" / FILE).is_file()


def test_where_it_cannot_be_kept_the_log_says_what_that_means(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert resume_key(environ) != resume_key(environ)
    assert "not a restart of the server" in caplog.text


def test_one_that_others_can_read_is_not_used(environ: dict[str, str], file: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = resume_key(environ)
    file.chmod(0o644)
    assert resume_key(environ) != key
    assert f"chmod 600 {file}" in caplog.text


def test_a_damaged_file_is_named(environ: dict[str, str], file: Path, caplog: pytest.LogCaptureFixture) -> None:
    resume_key(environ)
    file.write_text("half a k")
    Fernet(resume_key(environ))
    assert f"{file} holds no key" in caplog.text
