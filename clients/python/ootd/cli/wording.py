"""What the client says, in the words of the command line."""

import re
from collections.abc import Mapping

_FLAGS: Mapping[str, str] = {
    r"\btls=True": "--tls",
    r"(?<!-)\btls\b(?=,)": "--tls",
    r"allow_plaintext_token=True": "--allow-plaintext-token",
    r"\broot_certificates=?": "--root-certificates",
    r"\bcertificate_chain\b": "the certificate",
    r"\bprivate_key\b": "the private key",
    r"\bclient_certificate=?": "--client-certificate",
    r"\bserver_name=?": "--server-name",
}
"""Arguments of the client, and the options that give them."""

_NOT_HERE = (
    r", or give channel_options=\{[^}]*\}",
    r", or give check_compatibility=False",
    r"[;.] check_compatibility=False[^.;]*",
    r"\[Errno \d+\] ",
)
"""Remedies that the command line has not, and numbers that tell people nothing."""


def in_flags(message: str) -> str:
    """Return a message of the client that names options, not arguments of Python."""
    for text in _NOT_HERE:
        message = re.sub(text, "", message)
    for text, flag in _FLAGS.items():
        message = re.sub(text, flag, message)
    return message
