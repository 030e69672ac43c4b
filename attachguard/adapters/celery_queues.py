"""The broker's queues, declared alike by who sends and by who works: a message for a queue nobody declared is lost.

RabbitMQ gets quorum queues: they survive the loss of a node, and they count deliveries, so that a message that kills
every worker ends in the queue `dead` instead of going round for ever. (The ledger counts attempts too; this is the
second fence, for messages that never get as far as the ledger.) Redis has no such arguments.
"""

from urllib.parse import urlsplit

from kombu.entity import Exchange, Queue

from attachguard.jobs import Queue as JobQueue

CARE = "care"
"""The queue of what the schedule sends: never behind a backlog of files."""

DEAD = "dead"

DELIVERY_LIMIT = 3
"""Deliveries of one message before it is dead: as many as attempts of a job."""

DEAD_DAYS = 7


def is_amqp(url: str) -> bool:
    """Tell whether the broker speaks AMQP (RabbitMQ)."""
    return urlsplit(url).scheme in {"amqp", "amqps", "pyamqp"}


def queues(url: str) -> tuple[Queue, ...]:
    """List the queues that workers listen to."""
    names = (*(queue.value for queue in JobQueue), CARE)
    return tuple(Queue(name, Exchange(name), routing_key=name, queue_arguments=_arguments(url)) for name in names)


def dead_letters() -> Queue:
    """Describe the queue that nobody listens to: a person looks into it."""
    day = 24 * 3600 * 1000
    return Queue(
        DEAD,
        Exchange(DEAD),
        routing_key=DEAD,
        queue_arguments={"x-queue-type": "quorum", "x-message-ttl": DEAD_DAYS * day},
    )


def _arguments(url: str) -> dict[str, str | int] | None:
    if not is_amqp(url):
        return None
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": DEAD,
    }
