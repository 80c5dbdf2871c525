"""The cases with other realms and KDCs: a trusted domain, a branch office's controller, Heimdal's KDC with DES, MIT's."""

from cases import Case
from cases_http import WEB, by_ntlm, http
from cases_kdc import AES, BIG, PREAUTH, TGT, kdc
from cases_smb import DC, smb

SERVICE = "HTTP/web.nego.test"
OLD_TGT = "krbtgt/OLD.TEST"
NEW_TGT = "krbtgt/NEW.TEST"
DES = "des-cbc-md5"
HEIMDAL = {"client": ["heimdal"], "server": ["heimdal"]}
NOBODY = "WELLKNOWN/ANONYMOUS"
RADIA = {"radia": "Spanning-Tree-85"}
BY_RADIA = "\"${ntlm[@]}\" -U 'OTHER\\radia%Spanning-Tree-85' -c ls"
TRUST_WORKS = "for _ in $(seq 70); do on dc wbinfo --ping-dc --domain=OTHER && break; sleep 1; done"
MORE = "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED"
UNAVAILABLE = "KDC_ERR_SVC_UNAVAILABLE"

CASES: list[Case] = [
    kdc(
        "referral",
        "A referral to another realm",
        "The service is of a trusted domain: the KDC answers with that realm's ticket-granting ticket, and the client asks there.",
        "kvno HTTP/web.other.test",
        [
            "TGS ada HTTP/web.other.test referral to OTHER.TEST",
            f"TGS ada HTTP/web.other.test {AES}",
        ],
        before="login ada",
    ),
    http(
        "other_realm",
        "A ticket of another realm",
        "The server's name is of shop.test, its account is of the trusted domain OTHER.TEST, which issues the ticket.",
        "belongs_to OTHER.TEST www.shop.test; web --negotiate -u : http://www.shop.test/krb/",
        before="login ada",
        kdc=[f"TGS ada krbtgt/OTHER.TEST {AES}", f"TGS ada HTTP/www.shop.test {AES}"],
    ),
    smb(
        "trusted_user_kerberos",
        "A user of a trusted domain, by Kerberos",
        "radia's own KDC gives her a ticket for the KDC of NEGO.TEST, and that one a ticket for its file service. Samba's client "
        "asks in FAST's armour for its name to be hidden in the answers.",
        f'share {DC} "${{kerberos[@]}}" -c ls',
        before="kinit radia@OTHER.TEST <<<$OTHER_PASSWORD",
        secrets=RADIA,
        kdc=[f"TGS {NOBODY} {TGT} {AES}", f"TGS {NOBODY} cifs/dc.nego.test {AES}"],
    ),
    smb(
        "trusted_user_ntlm",
        "A user of a trusted domain, by NTLM",
        "The controller asks the other domain's controller about radia's answer to its challenge.",
        f"share {DC} {BY_RADIA}",
        before=TRUST_WORKS,
        secrets=RADIA,
    ),
    smb(
        "trusted_domain_down",
        "A user of a trusted domain whose controller is down",
        "The controller knows the other domain's controller, which refuses its connections: STATUS_NO_LOGON_SERVERS.",
        f"share {DC} {BY_RADIA}",
        before=f"{TRUST_WORKS}; kill $(cat $LAB/peer/run/samba.pid); sleep 1",
        after="on peer samba -D -s $LAB/peer/ad/etc/smb.conf",
        secrets=RADIA,
    ),
    by_ntlm(
        "kdc_error",
        "NTLM since the KDC is out of service",
        "The branch office's read-only controller cannot reach the one that has the keys: KDC_ERR_SVC_UNAVAILABLE in answer "
        "to the TGS-REQ, then NTLM in SPNEGO.",
        "NEGO:ada:Engine-1843",
        f"krb5_with 'kdc = 10.99.0.10'; web -4 --negotiate -u : {WEB}/nego/",
        before="login ada; alone branch",
        after="joined branch",
        kdc=[f"TGS - {SERVICE} {UNAVAILABLE}"] * 4,
        server=["apache", "mod_auth_gssapi", "mit-krb5", "gss-ntlmssp", "samba"],
    ),
    kdc(
        "des",
        "DES asked for and given",
        "A client that takes DES only, and a ticket of des-cbc-md5.",
        "old kgetcred -e des-cbc-md5 nfs/attic.old.test",
        [f"TGS ada nfs/attic.old.test {DES}"],
        before="old_login ada",
        **HEIMDAL,
    ),
    kdc(
        "pkinit",
        "A logon with a certificate",
        "PKINIT: ada's certificate and a Diffie-Hellman key in place of a password.",
        "old kinit.heimdal -C FILE:$LAB/attic/ada.pem ada",
        [f"AS ada {OLD_TGT} {AES}"],
        secrets={},
        **HEIMDAL,
    ),
    kdc(
        "pkinit_untrusted",
        "A logon with a certificate of nobody's",
        "PKINIT with a certificate for ada that its holder signed himself; Heimdal calls the signature broken.",
        "old kinit.heimdal -C FILE:$LAB/attic/stranger.pem ada",
        [f"AS ada {OLD_TGT} KRB_AP_ERR_BAD_INTEGRITY"],
        secrets={},
        **HEIMDAL,
    ),
    kdc(
        "pkinit_anonymous",
        "A ticket-granting ticket for nobody",
        "Anonymous PKINIT (RFC 8062): no certificate, and the ticket is for WELLKNOWN/ANONYMOUS.",
        "old kinit.heimdal --anonymous @OLD.TEST",
        [f"AS WELLKNOWN/ANONYMOUS {OLD_TGT} {result}" for result in (BIG, AES)],
        secrets={},
        **HEIMDAL,
    ),
    kdc(
        "spake",
        "A logon by SPAKE",
        "The KDC asks for a proof and takes SPAKE, which is two rounds: nobody who records them can try passwords on them.",
        "new login ada",
        [f"AS ada {NEW_TGT} {result}" for result in (PREAUTH, MORE, AES)],
        server=["mit-kdc"],
    ),
    kdc(
        "spake_wrong_password",
        "A logon by SPAKE with a wrong password",
        "The second round fails.",
        "new login ada not-hers",
        [f"AS ada {NEW_TGT} {result}" for result in (PREAUTH, MORE, "KDC_ERR_PREAUTH_FAILED")],
        server=["mit-kdc"],
        secrets={},
    ),
    http(
        "des_ticket",
        "A ticket of DES",
        "The service has DES keys only: ticket and authenticator are of des-cbc-md5, and the server takes them.",
        "old python $RECIPE/servers/heimdal_web.py get attic.old.test /",
        before="old_login ada",
        kdc=[f"TGS ada HTTP/attic.old.test {DES}"],
        **HEIMDAL,
    ),
]
