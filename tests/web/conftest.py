"""Pages are tested in a real browser."""

from web.browser import browser, page, phone

__all__ = ["browser", "page", "phone"]
