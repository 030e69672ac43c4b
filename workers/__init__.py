"""Celery workers of attachguard: `celery -A workers worker`, from a wheel `celery -A attachguard_workers worker`.

They carry ids and hold no decision: every task is one call of attachguard.service.
"""

from .app import app

__all__ = ["app"]
