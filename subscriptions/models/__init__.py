from subscriptions.models.allowance import Allowance
from subscriptions.models.feedback import Feedback
from subscriptions.models.importing import Import, ImportFault, ImportPart
from subscriptions.models.ledger import Delivery, DeliveryEvent, Digest, DigestItem
from subscriptions.models.sending import Brake, Edition, Lane
from subscriptions.models.subscriber import ConsentEvent, Interest, Subscriber, Suppression, Token

__all__ = [
    "Allowance",
    "Brake",
    "ConsentEvent",
    "Delivery",
    "DeliveryEvent",
    "Digest",
    "DigestItem",
    "Edition",
    "Feedback",
    "Import",
    "ImportFault",
    "ImportPart",
    "Interest",
    "Lane",
    "Subscriber",
    "Suppression",
    "Token",
]
