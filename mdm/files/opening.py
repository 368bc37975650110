"""From a surveyed file to an open one: encoding and delimiter by what the contract expects."""

from __future__ import annotations

from mdm.errors import InputError
from mdm.files.chunks import OpenFile
from mdm.files.columnar import ParquetFile
from mdm.files.delimited import Delimited
from mdm.files.heading import Fits, text_heading
from mdm.files.spreadsheet import Spreadsheet
from mdm.files.survey import Survey


def open_file(
    survey: Survey, expected_encoding: str, expected_delimiter: str, fits: Fits
) -> OpenFile:
    """Open a file of any format. `fits` counts how many columns of a header the contract knows."""
    if survey.format == "parquet":
        return ParquetFile(survey)
    if survey.format == "xlsx":
        return Spreadsheet(survey, fits)
    encoding = text_encoding(survey, expected_encoding)
    try:
        heading = text_heading(survey, encoding, expected_delimiter, fits)
    except UnicodeError:
        raise InputError(
            f"{survey.name} is not readable text.", "Save it as UTF-8 and deliver it again."
        ) from None
    return Delimited(survey, encoding, heading)


def text_encoding(survey: Survey, expected: str) -> str:
    """utf-8 when the bytes are valid UTF-8, utf-16 by its mark; else what is agreed, or UTF-8 with
    stray bytes.
    """
    if survey.encoding in {"utf-8", "utf-16"}:
        return str(survey.encoding)
    return "cp1252" if expected == "cp1252" else "mixed"
