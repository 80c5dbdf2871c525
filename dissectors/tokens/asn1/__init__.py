"""The ASN.1 modules of security tokens as pyasn1 types, with the names of their specifications.

They serve the strict reading (`dissectors.tokens.strict`) and the builders (`dissectors.tokens.build`);
nothing in a pipeline needs them. Import these modules late: pyasn1 is not cheap to load.

Not handled: what only keys can show (EncTicketPart, Authenticator, EncAPRepPart, KrbFastReq ...).
"""
