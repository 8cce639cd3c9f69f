from subscriptions.models.ledger import Delivery, Digest, DigestItem
from subscriptions.models.subscriber import ConsentEvent, Interest, Subscriber, Suppression, Token

__all__ = [
    "ConsentEvent",
    "Delivery",
    "Digest",
    "DigestItem",
    "Interest",
    "Subscriber",
    "Suppression",
    "Token",
]
