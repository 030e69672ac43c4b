"""The Celery application, each setting with its reason."""

import functools

from celery import Celery

from attachguard.bootstrap import errands, open_service
from attachguard.errors import UsageError
from attachguard.settings import VARIABLES, Settings, load_settings

from .children import watch_children
from .configuration import configure
from .engine import Engine
from .tasks import add_tasks

WITHOUT_BROKER = "memory://"
"""So that `celery -A workers report` and the like work anywhere; starting a worker on it is refused."""


def make_app(settings: Settings, engine: Engine) -> Celery:
    """Make the application for these settings; nothing is connected yet."""
    app = Celery("attachguard")
    configure(app, settings, settings.broker_url or WITHOUT_BROKER)
    engine.follow(app)
    watch_children(app)
    add_tasks(app, engine, functools.partial(errands, settings))
    return app


def _checked(settings: Settings) -> Settings:
    if settings.broker_url is None:
        raise UsageError(
            f"{VARIABLES['broker_url']} is not set: name a broker, amqp://host or redis://host. "
            "Without one, `attachguard worker` does the same work"
        )
    return settings


_settings = load_settings()
app = make_app(_settings, Engine(lambda: open_service(_checked(_settings))))
