"""A worker that outlives its broker: Celery's consumer, but for one step at the loss of a connection.

kombu 5.7 gives back, and later acknowledges, what was in hand over the very Redis connection that was lost, and has
taken it apart by then: AttributeError, "Unrecoverable error", and the worker ends (measured: whenever Redis dies while
a message is in hand). Neither is needed here: the ledger knows every job, and the relay announces it again. AMQP's
channels know that they are closed.
"""

from celery.worker.consumer import Consumer
from kombu.transport import virtual


class LastingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no annotations
    """What `worker_consumer` names."""

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Connect again; messages in hand stay with the broker, which gives them out again when their time is over."""
        channel = self.connection._default_channel  # noqa: SLF001 - the public property would connect
        if isinstance(channel, virtual.Channel):
            channel.do_restore = False
            channel._qos = _Lost(channel)  # type: ignore[no-untyped-call]  # noqa: SLF001 - what acknowledges; no other way in
        super().on_connection_error_after_connected(exc)


class _Lost(virtual.QoS):
    """Acknowledgements of messages whose connection is gone: nobody is there to hear them."""

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Say nothing."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Say nothing."""
