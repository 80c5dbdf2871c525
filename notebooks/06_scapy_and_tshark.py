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
# # Scapy and tshark side by side
#
# Scapy builds and takes apart packets in Python, tshark is Wireshark without a window. Both read the same
# captures as negoscope; here they meet.

# %%
import shutil
from pathlib import Path

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
capture = captures / "http" / "anyauth_kerberos" / "capture.pcapng"
a = ng.read(capture)
a.tokens[["frame", "src", "token_type", "inner_type", "length"]]

# %% [markdown]
# ## Scapy: layers
#
# The layers use negoscope's own decoders. `GSS_Token` takes one token apart; what is inside is its payload.

# %%
from dissectors.layers import GSS_Token

token = next(step.token for step in a.negotiation(1).steps if step.token and step.token.raw)
GSS_Token(token.raw).summary()

# %% [markdown]
# Change a field, and the token is encoded anew.

# %%
changed = GSS_Token(bytes.fromhex("a1143012a0030a0101a10b06092a864886f712010202"))
changed.neg_state = "reject"
print(ng.token(bytes(changed)))

# %% [markdown]
# ## Scapy: sniff with sessions
#
# `GSSSession` puts streams in order, so that each token is whole however it was cut.

# %%
from scapy.sendrecv import sniff

from dissectors.layers import GSSSession

packets = sniff(offline=str(capture), session=GSSSession, quiet=True)
[packet.summary()[-70:] for packet in packets if packet.haslayer(GSS_Token)]

# %% [markdown]
# Packets that Scapy holds are read as a capture is.

# %%
ng.from_packets(packets).negotiations[["client", "mechanism", "outcome"]]

# %% [markdown]
# ## The same by another engine
#
# `engine="scapy"` lets Scapy read link and network layers; rows are the same.

# %%
by_scapy = ng.read(capture, engine="scapy")
by_scapy.tokens["sha256"].equals(a.tokens["sha256"])

# %% [markdown]
# ## tshark as witness
#
# `crosscheck` asks tshark for the same tokens and says who is right where they differ. Without tshark this
# is left out: nothing of negoscope needs it.

# %%
found = ng.crosscheck(capture) if shutil.which("tshark") else None
"tshark is not installed" if found is None else found
