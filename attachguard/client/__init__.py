"""A client for the HTTP service: files in, verdicts out, delivered bytes checked against their digest.

with Client("http://127.0.0.1:8080", key="agk_...") as client:
submission = client.submit(["invoice.pdf"], wait=30)
for file in submission.attachments:
print(file.name, file.verdict)
"""

from attachguard.client.client import Client, Refused, ServiceError, Unreachable
from attachguard.client.documents import Attachment, Delivered, Reason, Remedy, Submission

__all__ = [
    "Attachment",
    "Client",
    "Delivered",
    "Reason",
    "Refused",
    "Remedy",
    "ServiceError",
    "Submission",
    "Unreachable",
]
