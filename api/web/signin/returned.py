"""Back from the issuer: a page of ours between its site and the workbench.

A browser that comes from another site sends no cookie of ours (they are SameSite=Strict), not even
along a redirect; from this page on it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.datastructures import Cookie

from api.web.pages import AnyRequest, page


@dataclass(frozen=True)
class ReturnedPage:
    """Whether the issuer's word was taken."""

    failed: bool


def returned(
    request: AnyRequest, *, cookies: Sequence[Cookie], failed: bool = False
) -> Response[bytes]:
    """The page, which leads on by itself where the session began."""
    status = 401 if failed else 200
    context = ReturnedPage(failed)
    return page(request, "signin/returned.html", context, status=status, cookies=cookies)
