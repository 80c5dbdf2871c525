"""Valid tokens, made for tests, for teaching and as payload of packets.

Each function is named after its message and gives its bytes; without arguments it makes a usual one.
Mechanisms are named (`ntlm`) or dotted OIDs. What only keys could make, ciphers, checksums and
responses, is a dummy (`dummy-dummy-...`) unless given. ASN.1 is encoded by pyasn1, by the types of
`dissectors.tokens.asn1`. The caller's mistakes are `BuildError`s, which are
`ValueError`s, of one sentence.

Spec: those of the messages; each module names its own.
"""

from dissectors.tokens.build.av_pairs import av_pairs
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.kdc import (
    as_rep,
    as_req,
    kerb_error_data,
    krb_cred,
    method_data,
    pa_enc_timestamp,
    pa_etype_info2,
    pa_for_user,
    pa_pac_options,
    pa_pac_request,
    pa_tgs_req,
    tgs_rep,
    tgs_req,
)
from dissectors.tokens.build.kerberos import (
    ap_rep,
    ap_req,
    iakerb,
    krb_error,
    tgt_rep,
    tgt_req,
    ticket,
)
from dissectors.tokens.build.mech import mech_oid
from dissectors.tokens.build.negoex import (
    acceptor_nego,
    alert,
    ap_request,
    challenge,
    initiator_nego,
    meta_data,
    negoex,
    verify,
)
from dissectors.tokens.build.ntlm import (
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    ntlmv2_response,
)
from dissectors.tokens.build.per_message import (
    mic_1964,
    mic_cfx,
    ntlm_signature,
    sasl_layer,
    wrap_1964,
    wrap_cfx,
)
from dissectors.tokens.build.spnego import (
    gss_frame,
    neg_token_init,
    neg_token_init2,
    neg_token_resp,
)

__all__ = [
    "BuildError",
    "acceptor_nego",
    "alert",
    "ap_rep",
    "ap_req",
    "ap_request",
    "as_rep",
    "as_req",
    "av_pairs",
    "challenge",
    "gss_frame",
    "iakerb",
    "initiator_nego",
    "kerb_error_data",
    "krb_cred",
    "krb_error",
    "mech_oid",
    "meta_data",
    "method_data",
    "mic_1964",
    "mic_cfx",
    "neg_token_init",
    "neg_token_init2",
    "neg_token_resp",
    "negoex",
    "ntlm_authenticate",
    "ntlm_challenge",
    "ntlm_negotiate",
    "ntlm_signature",
    "ntlmv2_response",
    "pa_enc_timestamp",
    "pa_etype_info2",
    "pa_for_user",
    "pa_pac_options",
    "pa_pac_request",
    "pa_tgs_req",
    "sasl_layer",
    "tgs_rep",
    "tgs_req",
    "tgt_rep",
    "tgt_req",
    "ticket",
    "verify",
    "wrap_1964",
    "wrap_cfx",
]
