"""The HTTP service: the door for backends in any language. `uvicorn attachguard.http:app` serves it.

This package translates and decides nothing: every file that comes in here ends in `guard_all`, or in its
second half, `guard_received`.
"""

from fastapi import FastAPI


def __getattr__(name: str) -> FastAPI:
    """Make the application when a server first asks for it: importing this package opens nothing (PEP 562)."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from attachguard.http.app import create_app  # noqa: PLC0415 - loads every route

    application = create_app()
    globals()["app"] = application
    return application
