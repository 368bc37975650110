"""What a command asks of the person at the keyboard, and what it knows of them."""

from __future__ import annotations

import getpass
import os
import pwd
import sys


def operator() -> str:
    """Who acts at this machine, as the audit log names them: by the account that the system knows. What the environment
    says (LOGNAME, USER) anybody can say. A container's account may have no name."""
    number = os.getuid()
    try:
        return f"command line: {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"command line: {number}"


def ask(prompt: str) -> str:
    """A secret: hidden while it is typed at a terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def ask_nik() -> str:
    """The NIK, asked for like a secret: other users and the shell's history would see an argument."""
    return ask("NIK: ").strip()
