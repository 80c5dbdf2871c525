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
# # First look
#
# Reads the captures that come with the project and shows what is in them. Each table is a pandas frame.

# %%
from pathlib import Path

import pandas as pd

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
files = sorted(captures.rglob("capture.pcap*"))
a = ng.read(files)
a

# %% [markdown]
# ## What was read, and what was lost

# %%
a.captures[
    ["capture", "packets", "streams", "tokens", "negotiations", "tcp_bytes_missing"]
].describe()

# %% [markdown]
# ## Who ran what, with what result

# %%
pd.crosstab(
    [a.negotiations["carrier"], a.negotiations["mechanism"].astype("object").fillna("(nothing)")],
    a.negotiations["outcome"],
)

# %% [markdown]
# ## Clients by mechanism

# %%
pd.crosstab(a.negotiations["client"], a.negotiations["mechanism"])

# %% [markdown]
# ## What clients offer
#
# One row per offered mechanism; rank 1 is what the client likes best.

# %%
offers = a.offers[a.offers["by"] == "client"]
pd.crosstab(offers["mech"], offers["rank"])

# %% [markdown]
# ## Failures, and why

# %%
failed = a.negotiations[a.negotiations["outcome"] == "failure"]
failed[
    ["carrier", "mechanism", "status", "reason", "confidence", "evidence", "reason_detail"]
].head(20)

# %% [markdown]
# ## NTLM although Kerberos was offered

# %%
n = a.negotiations
kerberos_offered = n["offered_mechs"].map(
    lambda mechs: mechs is not None and any("kerberos" in mech for mech in mechs)
)
n[kerberos_offered & (n["mechanism"] == "ntlm")][
    ["carrier", "client", "server_name", "offered_mechs", "reason"]
]

# %% [markdown]
# ## One negotiation in full
#
# A ladder, then each token as a tree with the byte range of every value.

# %%
kerberos = n[(n["mechanism"] == "kerberos") & (n["outcome"] == "success")]
a.negotiation(int(kerberos["negotiation_id"].iloc[0]))

# %% [markdown]
# ## A token from anywhere

# %%
print(ng.token("Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw=="))
