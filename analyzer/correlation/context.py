"""What the joins know about the whole capture."""

from __future__ import annotations

from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.kerberos_use import KerberosUse
from analyzer.correlation.name_index import NameIndex
from analyzer.negotiation.model import Negotiation
from dissectors.records import NamedTuple


class Context(NamedTuple):
    """Indexes over what clients asked of KDCs and of name services, and over where Kerberos was run."""

    kdc: KdcIndex
    names: NameIndex
    kerberos: KerberosUse

    def sent_kerberos(self, negotiation: Negotiation) -> bool:
        """The client asked a KDC or sent a token, by its own address or one that look-ups show to be its."""
        addresses = (negotiation.stream.client, self.names.last_to_look_up(negotiation))
        return any(a in self.kdc.clients or a in self.kerberos.clients for a in addresses)
