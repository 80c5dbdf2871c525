# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Anatomy of a negotiation
#
# A web browser and a file server both ask the same question: by which mechanism? SPNEGO (RFC 4178) answers
# it. Here are both ways in which it begins, byte by byte.

# %%
from pathlib import Path

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
mixed = ng.read(captures / "smb" / "mixed")
mixed.negotiations[["negotiation_id", "carrier", "flow", "offered_mechs", "mechanism", "outcome"]]

# %% [markdown]
# ## The client begins: HTTP
#
# The server says `WWW-Authenticate: Negotiate`, no more. The client lists what it can do (`mechTypes`) and
# bets on the first of the list: a token of that mechanism comes along. The bet saves a round trip.
#
# Open a token below the ladder: each line is a field with its range of bytes, and the bytes stand beside it.

# %%
web = mixed.negotiation(1)
web

# %% [markdown]
# `60` begins the GSS-API frame of a mechanism's first token (RFC 2743 3.1): its OID says SPNEGO. In it lies
# the NegTokenInit, and in that, again framed, the Kerberos AP-REQ.

# %%
init = web.steps[0].token
[(field.path, field.span, field.text) for field in init.fields[:9]]

# %% [markdown]
# Which bytes of the capture are these? Each field leads back to the stream and to the frames that carried it.

# %%
mech_types = next(field for field in init.fields if field.name == "mechTypes")
web.locate(0, mech_types.span)

# %% [markdown]
# ## The server begins: SMB
#
# An SMB server sends a hint before anybody asked: NegTokenInit2 (MS-SPNG). It looks like a NegTokenInit, but
# lists what the *server* can do. The client's own list follows, then answers go back and forth until the
# server says `accept-completed` or `reject`, or SMB itself says no.

# %%
files = mixed.negotiation(5)
files

# %% [markdown]
# ## What protects the list?
#
# Nothing did so far: the list goes in the clear, and whoever sits between could shorten it. So once there is
# a key, both sides sign the list (`mechListMIC`). Who tampered has no key.

# %%
mic = [step for step in files.steps if step.token and "mechListMIC" in str(step.token.fields)]
[(step.frame, step.role, step.token.token_type) for step in mic]

# %% [markdown]
# ## Build one yourself
#
# A token that offers Kerberos, then NTLM, without an optimistic token. It reads back as it was built.

# %%
from dissectors.tokens import build

token = build.neg_token_init(["kerberos", "ntlm"])
ng.token(token)

# %% [markdown]
# Cut it short, and what is left is read all the same; what is wrong is told with its place.

# %%
print(ng.token(token[:-9]))
