"""What this side shows to a server that asks who it is."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What this side shows to a server that asks for a certificate (mutual TLS), as PEM.

    `certificate_chain` is the client's own certificate, followed by those between it and the
    server's authority; `private_key` belongs to it and is not encrypted. Raises TypeError for what
    is no bytes (a path, say) and ValueError for what is no PEM.
    """

    certificate_chain: bytes
    private_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_pem("certificate_chain", self.certificate_chain, "CERTIFICATE")
        check_pem("private_key", self.private_key, "PRIVATE KEY")
        if b"ENCRYPTED" in self.private_key:
            raise ValueError("private_key is encrypted: give it without a passphrase")


def check_pem(name: str, value: bytes, kind: str) -> None:
    """Raise TypeError unless a value is bytes, ValueError unless they hold a PEM block of a kind.

    `kind` is what stands in its first line, such as "CERTIFICATE".
    """
    if not isinstance(value, bytes):
        raise TypeError(
            f"{name} must be the bytes of a PEM file, is {type(value).__name__}; "
            "read a file with pathlib.Path(...).read_bytes()"
        )
    if b"-----BEGIN " not in value or f"{kind}-----".encode() not in value:
        raise ValueError(f"{name} holds no PEM block of a {kind.lower()}")
