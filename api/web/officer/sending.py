"""What a form of a proposal brings: fields, and files of evidence."""

from __future__ import annotations

from litestar.datastructures import UploadFile

from api.web.pages import AnyRequest
from mdm.corrections.terms import File

FORM_BYTES = 22_000_000  # four files of the largest size, and the fields
LONGEST = 2_000
LONGEST_NAME = 120


async def brought(request: AnyRequest) -> tuple[dict[str, str], list[File]]:
    """What was typed, by field, and the files."""
    sent = await request.form()
    typed = {name: value[:LONGEST] for name, value in sent.multi_items() if isinstance(value, str)}
    files = [
        File((one.filename or "")[:LONGEST_NAME], one.content_type, await one.read())
        for one in sent.getall("bukti", [])
        if isinstance(one, UploadFile)
    ]
    return typed, files
