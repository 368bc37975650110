"""The one-page report of a run."""

from mdm.report.page import render, write

__all__ = ["render", "write"]
