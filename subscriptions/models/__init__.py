from subscriptions.models.allowance import Allowance
from subscriptions.models.ledger import Delivery, Digest, DigestItem
from subscriptions.models.subscriber import ConsentEvent, Interest, Subscriber, Suppression, Token

__all__ = [
    "Allowance",
    "ConsentEvent",
    "Delivery",
    "Digest",
    "DigestItem",
    "Interest",
    "Subscriber",
    "Suppression",
    "Token",
]
