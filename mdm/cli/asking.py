"""What a command asks of the person at the keyboard, and what it knows of them."""

from __future__ import annotations

import getpass
import sys


def ask_nik() -> str:
    """The NIK: hidden while it is typed at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("NIK: ").strip()
    return sys.stdin.readline().strip()


def actor() -> str:
    """Who acts, as the audit log names them."""
    return f"command line: {getpass.getuser()}"
