"""Strangers' refusals in the trail: told one by one, and once a minute where an address brings too many.

What is refused here costs whoever tries nothing: without a budget one visitor could fill the trail.
"""

from portal.identity import mail_throttle
from portal.identity.throttle import TooManyTries


def act(action: str, throttled: str, *, address: str) -> str | None:
    """What to call this refusal in the trail: itself, `throttled` for one too many, None where that was told just now.

    The caller records it, with neither tokens nor what was typed, and commits it whatever the answer is.
    """
    try:
        mail_throttle.count(action, address=address)
    except TooManyTries as refused:
        return throttled if refused.is_news else None
    return action
