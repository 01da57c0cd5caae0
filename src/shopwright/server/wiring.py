"""Who hears which event. The only place that knows all slices."""

from shopwright.kernel.events import Subscriptions


def subscribe(subscriptions: Subscriptions) -> None:
    """Wire the slices' subscribers, higher slices listening to lower ones."""
