"""Plain words for the fields of tokens: what a value is for, for who meets it the first time.

Looked up by the end of a field's path, `sname.name-type` before `name-type`; numbers of list items do not
count in it. Fields whose name says all have no entry, nor have list items, but for pre-authentication data,
which are looked up by their type. Where a value is not what its field is for, the words are the value's.

Spec: RFC 2743 3.1, RFC 4178 4.2, MS-SPNG 2.2.1, MS-NLMP 2.2, RFC 4120 5, RFC 4121 4, RFC 1964 1.2,
MS-KILE 2.2, MS-NEGOEX 2.2, draft-ietf-kitten-iakerb 3.
"""

from __future__ import annotations

from dissectors.span import Field

_GSS = {
    "InitialContextToken": "the frame of a mechanism's first token: its OID, then the token itself",
    "thisMech": "the mechanism whose token is framed here",
    "innerContextToken": "the mechanism's own token",
    "TOK_ID": "which message of the Kerberos mechanism follows",
}
_SPNEGO = {
    "NegTokenInit": "the initiator's first message: what it can do",
    "NegTokenInit2": "the acceptor's hint, sent before anybody asked",
    "NegTokenResp": "every later message, from both sides",
    "mechTypes": "mechanisms, most wanted first; the optimistic token belongs to the first one",
    "NegTokenResp.mechTypes": "mechanisms that are left after the selected one failed (late fallback)",
    "reqFlags": "services wanted of the context; nothing protects this list, so it is ignored",
    "NegTokenInit2.mechTypes": "mechanisms that the acceptor can do, most wanted first",
    "NegTokenInit2.mechToken": "the acceptor's own first token, of the first mechanism",
    "mechToken": "optimistic token of the mechanism, which saves a round trip if its guess is right",
    "negHints": "what Microsoft's servers add to their hint",
    "hintName": "once the server's principal; today a fixed text that is to be ignored",
    "hintAddress": "an address of the server; nobody sends it",
    "negState": "how the negotiation stands",
    "supportedMech": "the mechanism that the acceptor selects; counts in its first reply",
    "responseToken": "the mechanism's next token",
    "mechListMIC": "signature over mechTypes, made with the new key: nobody removed the better ones",
}
_NTLM = {
    "NEGOTIATE_MESSAGE": "NTLM, message 1: the client asks",
    "CHALLENGE_MESSAGE": "NTLM, message 2: the server's challenge",
    "AUTHENTICATE_MESSAGE": "NTLM, message 3: the client's answer",
    "UNKNOWN_MESSAGE": "begins as an NTLM message does, but is none of the three",
    "MessageType": "1 asks, 2 challenges, 3 answers",
    "NegotiateFlags": "what the sender can do, wants or has agreed to",
    "Version": "the sender's Windows version; meant for debugging, others make it up",
    "ProductBuild": "the build tells the Windows release",
    "NTLMRevisionCurrent": "15 is the NTLM of today",
    "NEGOTIATE_MESSAGE.DomainName": "the client's own domain or workgroup",
    "NEGOTIATE_MESSAGE.Workstation": "the client's own name",
    "TargetName": "the domain, or the name of a server that stands alone",
    "ServerChallenge": "eight random bytes that the answer must be computed from",
    "CHALLENGE_MESSAGE.Reserved": "a context handle if client and server are the same host, else zero",
    "TargetInfo": "what the server says about itself, as attribute-value pairs",
    "LmChallengeResponse": "for old servers, or the client's challenge; zeros where it is needless",
    "NtChallengeResponse": "the answer to the challenge, made with the password's hash",
    "NTProofStr": "the proof itself: only who knows the password can make it",
    "AUTHENTICATE_MESSAGE.DomainName": "the domain in which the user is looked up, as claimed",
    "UserName": "the user, as claimed",
    "AUTHENTICATE_MESSAGE.Workstation": "the client's name, as claimed",
    "EncryptedRandomSessionKey": "the session's key, encrypted with one made from the password",
    "AUTHENTICATE_MESSAGE.MIC": "checksum over the three messages: nobody changed them on the way",
    "RespType": "version of the response; 1 is NTLMv2",
    "HiRespType": "highest version that the client knows",
    "TimeStamp": "the time of the answer; servers refuse old ones",
    "ChallengeFromClient": "eight random bytes of the client's, so that the server cannot choose all",
    "MsvAvNbComputerName": "the server's NetBIOS name",
    "MsvAvNbDomainName": "the domain's NetBIOS name; the server's own if it has no domain",
    "MsvAvDnsComputerName": "the server's DNS name",
    "MsvAvDnsDomainName": "the domain's DNS name",
    "MsvAvDnsTreeName": "the forest's DNS name",
    "MsvAvFlags": "1: account is constrained; 2: a MIC is there; 4: SPN from an untrusted source",
    "MsvAvTimestamp": "the server's time; a client that sees it sends a MIC",
    "MsvAvSingleHost": "marks a client and server that may be the same host",
    "MachineID": "random number of the client's host, new at every start",
    "MsvAvTargetName": "the service that the client means (SPN)",
    "MsvAvChannelBindings": "hash of the TLS channel; all zero: not bound to one",
    "NTLMSSP_MESSAGE_SIGNATURE": "signature of one message, as sealing and signing make it",
    "NTLMSSP_MESSAGE_SIGNATURE.Version": "always 1",
    "NTLMSSP_MESSAGE_SIGNATURE.Checksum": "checksum over number and message, keyed",
    "SeqNum": "number of the message; each side counts its own",
    "Message": "the application's message that the signature belongs to",
    "CustomData": "restrictions of the client's own token, told to itself only",
    "TokenIL": "integrity level of the client's process",
    "LmChallengeResponse.Response": "the proof for old servers",
    "ClientChallenge": "eight random bytes of the client's, in NTLMv1 with extended session security",
}
_KERBEROS = {
    "AP-REQ": "the client's ticket, and the proof that it may use it",
    "AP-REP": "the service's proof that it could read the ticket",
    "KRB-ERROR": "a refusal, with its number",
    "TGT-REQ": "user-to-user: asks for the acceptor's own ticket-granting ticket",
    "TGT-REP": "user-to-user: the acceptor's own ticket-granting ticket",
    "AS-REQ": "asks the KDC for a ticket-granting ticket",
    "AS-REP": "the KDC's answer with a ticket-granting ticket",
    "TGS-REQ": "asks the KDC for a ticket to a service",
    "TGS-REP": "the KDC's answer with the service's ticket",
    "KRB-CRED": "tickets handed on: delegation",
    "pvno": "version of Kerberos; 5",
    "ap-options": "mutual-required: the service must prove itself too; use-session-key: user-to-user",
    "ticket": "written by the KDC for the service, which alone can read its inside",
    "realm": "the realm of the service",
    "req-body.realm": "the realm of the service; in an AS-REQ the client's too",
    "crealm": "the realm of the client",
    "sname": "the service's name (SPN)",
    "server-name": "the service that the client means (SPN)",
    "cname": "the client's name",
    "name-type": "how the name is meant: 1 any principal, 2 and 3 a service; no more than a hint",
    "enc-part": "what only the holder of the key can read",
    "TGT-REP.ticket": "the acceptor's ticket-granting ticket: the service's ticket is made with its key",
    "ticket.enc-part": "encrypted with the service's key: client, session key, rights (PAC)",
    "etype": "which cipher; 17 and 18 are AES, 23 is RC4",
    "req-body.etype": "ciphers that the client accepts, most wanted first",
    "kvno": "which version of the key; a mismatch is a stale keytab",
    "authenticator": "proof that the client knows the session key, with the time",
    "cipher": "the encrypted bytes",
    "error-code": "why it was refused",
    "stime": "the server's clock; compare it with the capture's",
    "ctime": "the client's clock",
    "susec": "microseconds that belong to stime",
    "cusec": "microseconds that belong to ctime",
    "e-text": "the server's own words",
    "e-data": "more about the error: of Windows its NTSTATUS, of a KDC what it wants",
    "req-body": "what is asked for",
    "padata": "proofs and hints besides the request itself",
    "kdc-options": "what the ticket should be good for",
    "nonce": "number that the answer must repeat",
    "till": "until when the ticket should be good",
    "rtime": "until when it should be renewable",
    "addresses": "where the ticket may be used from; seldom in use",
    "additional-tickets": "tickets of others: user-to-user and delegation",
    "enc-authorization-data": "restrictions for the service, encrypted",
    "msg-type": "number of the message, said a second time by its tag",
    "data-type": "what kind of data: 2 says that clocks differ, 3 is an extended error of Windows",
    "METHOD-DATA": "what the KDC wants or says besides the error, as in padata",
    "KERB-ERROR-DATA": "what Windows adds to an error",
    "armored-data": "FAST: the real request or answer, encrypted so that nobody can guess passwords from it",
    "enc-fast-req": "FAST: the real request, encrypted",
    "enc-fast-rep": "FAST: what belongs to the answer, encrypted",
    "req-checksum": "FAST: binds the encrypted part to the request around it",
    "armor": "FAST: whose key protects the request",
    "include-pac": "whether the ticket should carry the user's rights (PAC)",
    "s2kparams": "how often the password is hashed to make the key",
    "userName": "for whom the ticket is asked (S4U2Self)",
    "PA-ENC-TIMESTAMP": "proof of the password: the time, encrypted with its key",
    "PA-TGS-REQ": "the ticket-granting ticket, with proof that it may be used",
    "PA-ETYPE-INFO2": "which ciphers the account has keys for, and with which salt",
    "ETYPE-INFO2": "which ciphers the account has keys for, and with which salt",
    "PA-PAC-REQUEST": "whether the ticket should carry the user's rights (PAC)",
    "PA-FOR-USER": "a service asks for a ticket in a user's name (S4U2Self)",
    "PA-PAC-OPTIONS": "what the client understands: claims, resource-based delegation",
    "PA-FX-FAST": "FAST: hides what follows from eavesdroppers",
    "salt": "what is mixed into the password to make the key: realm and name",
    "opaque": "bytes that begin as no token known here does",
    "IAKERB-HEADER": "says which realm's KDC the acceptor should ask",
    "target-realm": "the realm; empty asks the acceptor for its own",
    "cookie": "the acceptor's memory, to be sent back",
}
_PER_MESSAGE = {
    "Wrap": "a protected message of the application",
    "Wrap.Flags": "Sealed: encrypted; SentByAcceptor; AcceptorSubkey",
    "EC": "sealed: filler bytes; else length of the checksum",
    "MIC": "a signature over what was sent apart from it",
    "MIC.Flags": "SentByAcceptor; AcceptorSubkey",
    "Delete": "the end of the context, signed over nothing",
    "RRC": "by how many bytes the rest was rotated to the right",
    "SND_SEQ": "the sender's sequence number",
    "SGN_ALG": "which checksum",
    "SEAL_ALG": "which cipher; ffff: not encrypted",
    "SGN_CKSUM": "checksum over header and message",
    "Filler": "ff, fixed",
    "ciphertext": "the application's message, encrypted, rotated, with its checksum",
    "innerContextToken.Wrap.ciphertext": "confounder, the application's message and padding, encrypted",
    "plaintext": "what the sender protects, readable",
    "layers": "SASL: which protection the server offers, or the client takes",
    "max-size": "SASL: the longest piece that the sender can take",
    "authzid": "SASL: as whom the client wants to act",
    "Confounder": "random bytes, so that equal messages differ",
    "Wrap.checksum": "checksum over header and message",
}
_NEGOEX = {
    "NEGOEX": "SPNEGO's extension: agrees on a scheme such as PKU2U in messages of its own",
    "NEGOEX.MessageType": "which message of NegoEx: 0 and 1 offer schemes, 2 to 5 carry tokens, 6 verifies",
    "SequenceNum": "counts the messages of both sides",
    "ConversationId": "the same in all messages of one negotiation",
    "Random": "seed of the conversation",
    "AuthScheme": "the scheme that this message belongs to",
    "AuthSchemes": "schemes offered, most wanted first",
    "Exchange": "the scheme's own token",
    "META_DATA": "what a scheme tells before its first token",
    "trustedCertifiers": "PKU2U: authorities whose certificates the sender would accept",
    "AUTH_SCHEME_VECTOR": "where the list of schemes stands",
    "EXTENSION_VECTOR": "where the list of extensions stands",
    "BYTE_VECTOR": "where the bytes stand",
    "ALERT_VECTOR": "where the list of alerts stands",
    "Extensions": "what the sender adds to its offer",
    "Alerts": "what went wrong, as far as the error's number does not tell",
    "Reason": "1: the sender has no key yet to verify with",
    "Checksum": "how the checksum is made, and where it stands",
    "ChecksumValue": "over all messages so far, keyed: nobody changed them on the way",
    "cbHeaderLength": "bytes of this structure",
    "NEGOEX.cbHeaderLength": "bytes of this message's fixed part",
    "cbMessageLength": "bytes of this message",
    "ProtocolVersion": "zero so far",
    "ErrorCode": "why: an NTSTATUS, or a code of SSPI (8009....)",
}
_ANY = {
    "Padding": "bytes that nothing refers to",
    "unread": "bytes that could not be read as what they should be",
}
MEANINGS: dict[str, str] = {
    **_GSS,
    **_SPNEGO,
    **_NTLM,
    **_KERBEROS,
    **_PER_MESSAGE,
    **_NEGOEX,
    **_ANY,
}
"""Sentence by the end of a path: one name, or two with a dot."""

_COPIED_MIC = "no signature: the token a second time, which proves nothing"
_NO_MIC_LIST = "empty: no signature, and nothing is proven"
_FOREIGN_MIC = "no signature: something else in its place"
_ZERO_MIC = "where a checksum over the three messages could stand; zero: nothing is proven"

_PA_DATA = frozenset({"padata", "METHOD-DATA"})
"""Lists whose items are called by their type, of which there is a closed list."""
_DETAILS = frozenset({"Len", "MaxLen", "BufferOffset", "AvId", "AvLen"})
"""Of descriptors and AV pairs."""


def is_detail(field: Field) -> bool:
    """Tell whether the text of a branch above says the same: a shorter tree can do without."""
    above = field.path.split(".")[:-1]
    if above[-1:] in (["NegotiateFlags"], ["Version"]) or "Value" in above:
        return True
    return field.name in _DETAILS or field.name == "Value"


def field_meaning(field: Field) -> str | None:
    """Plain words for a field; None where its name says all."""
    above = [part for part in field.path.split(".")[:-1] if not part.isdigit()]
    parent = above[-1] if above else ""
    if field.name.isdigit():
        return MEANINGS.get(field.text) if parent in _PA_DATA else None
    said = _by_value(field, parent)
    for first in (-2, -1):
        said = said or MEANINGS.get(".".join((*above[first:], field.name)))
    return said or MEANINGS.get(field.name)


def _by_value(field: Field, parent: str) -> str | None:
    """Words for a value that is not what its field is for: checksums that are none."""
    if field.name == "mechListMIC":
        if "a copy of responseToken" in field.text:
            return _COPIED_MIC
        if field.text.startswith("0 bytes"):
            return _NO_MIC_LIST
        return None if field.text else _FOREIGN_MIC
    if field.name == "MIC" and parent == "AUTHENTICATE_MESSAGE" and "zero bytes" in field.text:
        return _ZERO_MIC
    return None
