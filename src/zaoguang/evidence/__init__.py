"""Evidence: what was seen at an address becomes a sealed package that anyone can check without us (promise P07).

A seal proves who sealed and that nothing has changed since. It does not prove that the server sent what the exhibit
says, for TLS leaves no proof a third party could check: the exhibit states how to look again.
"""

from zaoguang.evidence.canonical import Json, canonical
from zaoguang.evidence.custody import CustodyEntry, CustodyEvent, append
from zaoguang.evidence.exhibit import SealedExhibit, exhibit, fingerprint_commitment, seal
from zaoguang.evidence.package import package_bytes, write_package
from zaoguang.evidence.signer import Signer
from zaoguang.evidence.verify import Check, Step, Verification, verify_package

__all__ = [
    "Check",
    "CustodyEntry",
    "CustodyEvent",
    "Json",
    "SealedExhibit",
    "Signer",
    "Step",
    "Verification",
    "append",
    "canonical",
    "exhibit",
    "fingerprint_commitment",
    "package_bytes",
    "seal",
    "verify_package",
    "write_package",
]
