"""One logon by IAKERB: Kerberos whose messages to the KDC go through the web server, by MIT's library.

http_iakerb.py HOST[:PORT] PATH USER PASSWORD

The library is called as it is, for the Python module hands it an empty token where IAKERB wants none.
Spec: RFC 2743 2.2.1, draft-ietf-kitten-iakerb.
"""

import base64
import ctypes
import http.client
import sys

gss = ctypes.CDLL("libgssapi_krb5.so.2")
NULL, DEFAULT, INITIATE, MUTUAL = None, 0, 1, 2
COMPLETE, CONTINUE = 0, 1


class Octets(ctypes.Structure):
    """A gss_buffer_desc, or a gss_OID_desc whose length is 32 bits wide."""

    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_char_p)]


class Oid(ctypes.Structure):
    """A gss_OID_desc."""

    _fields_ = [("length", ctypes.c_uint32), ("elements", ctypes.c_char_p)]


class OidSet(ctypes.Structure):
    """A gss_OID_set_desc."""

    _fields_ = [("count", ctypes.c_size_t), ("elements", ctypes.POINTER(Oid))]


class Token(ctypes.Structure):
    """A gss_buffer_desc that the library fills."""

    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]


def oid(text: bytes) -> Oid:
    return Oid(len(text), text)


IAKERB = oid(bytes.fromhex("2b0601050205"))
USER = oid(bytes.fromhex("2a864886f71201020101"))
SERVICE = oid(bytes.fromhex("2a864886f71201020104"))
minor = ctypes.c_uint32()


def check(major: int) -> int:
    """The status of a call that did not fail."""
    if major & 0xFFFF0000:
        sys.exit(f"GSS-API: {major:#x}, {minor.value}")
    return major


def named(text: str, kind: Oid) -> ctypes.c_void_p:
    name = ctypes.c_void_p()
    octets = Octets(len(text), text.encode())
    check(
        gss.gss_import_name(
            ctypes.byref(minor), ctypes.byref(octets), ctypes.byref(kind), ctypes.byref(name)
        )
    )
    return name


host, path, user, password = sys.argv[1:]
wanted = OidSet(1, ctypes.pointer(IAKERB))
own, context = ctypes.c_void_p(), ctypes.c_void_p()
secret = Octets(len(password), password.encode())
check(
    gss.gss_acquire_cred_with_password(
        ctypes.byref(minor), named(user, USER), ctypes.byref(secret), DEFAULT,
        ctypes.byref(wanted), INITIATE, ctypes.byref(own), NULL, NULL,
    )
)  # fmt: skip
target = named(f"HTTP@{host.partition(':')[0]}", SERVICE)
line = http.client.HTTPConnection(host)
back, major = None, CONTINUE
while major == CONTINUE:
    token = Token()
    given = ctypes.byref(Octets(len(back), back)) if back is not None else NULL
    major = check(
        gss.gss_init_sec_context(
            ctypes.byref(minor), own, ctypes.byref(context), target, ctypes.byref(IAKERB), MUTUAL,
            DEFAULT, NULL, given, NULL, ctypes.byref(token), NULL, NULL,
        )
    )  # fmt: skip
    if not token.length:
        break
    text = base64.b64encode(ctypes.string_at(token.value, token.length)).decode()
    line.request("GET", path, headers={"Authorization": f"Negotiate {text}"})
    answer = line.getresponse()
    answer.read()
    said = answer.headers.get("WWW-Authenticate", "")
    print(answer.status, said)
    back = base64.b64decode(said.partition(" ")[2])
line.close()
