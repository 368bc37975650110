"""Who acts at the machine is who the system says."""

from __future__ import annotations

import os
import pwd

import pytest

from mdm.cli.asking import operator


def test_the_environment_does_not_say_who_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody.else")
    assert operator() == f"command line: {pwd.getpwuid(os.getuid()).pw_name}"


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert operator() == "command line: 4000000001"
