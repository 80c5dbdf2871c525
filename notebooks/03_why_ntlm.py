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
# # Why NTLM?
#
# Kerberos was offered, and still NTLM ran. The reason is seldom in the logon itself: it is in what the
# client asked its KDC before, or could not ask. This notebook hunts for it.

# %%
from pathlib import Path

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
a = ng.read(sorted((captures / "http").glob("fallback_*/capture.pcapng")))
n = a.negotiations
n["outcome"].value_counts()

# %% [markdown]
# ## Reasons, most frequent first
#
# `fallback_reason` says why it was NTLM and not Kerberos, also where `reason` tells something else.

# %%
ntlm = n[n["mechanism"] == "ntlm"]
ntlm["fallback_reason"].value_counts()

# %%
ntlm.negoscope.reasons()

# %% [markdown]
# ## What each one means, and what proves it
#
# `evidence` holds the frames to look at, `confidence` how sure it is: `certain` if a message states it,
# `likely` with one supporting observation, `possible` where only a pattern shows it.

# %%
columns = ["capture", "fallback_reason", "fallback_confidence", "kdc_frames", "reason_detail"]
ntlm.drop_duplicates("fallback_reason")[columns]

# %% [markdown]
# ## Asked and refused: what the KDC said
#
# The table `kdc` has every request for a ticket; `negotiation_ids` leads to the logons it explains.

# %%
refused = a.kdc[a.kdc["error"].notna() & (a.kdc["exchange"] == "TGS")]
refused[["capture", "frame_request", "cname", "sname", "error", "negotiation_ids"]]

# %% [markdown]
# ## Never asked: where the KDC is not reached
#
# No answer, a closed port, a name that is not in DNS: these leave traces, too.

# %%
unreached = ntlm[ntlm["fallback_reason"] == "kdc_unreachable"]
unreached[["capture", "evidence", "fallback_confidence", "reason_detail"]]

# %%
a.names[["capture", "client", "name", "record", "rcode"]].drop_duplicates().head(12)

# %% [markdown]
# ## One of them, message by message
#
# The verdict below the ladder names the KDC's answer and what to do.

# %%
first = int(ntlm.loc[ntlm["fallback_reason"] == "unknown_service", "negotiation_id"].iloc[0])
a.negotiation(first)

# %% [markdown]
# ## From offer to outcome

# %%
n.negoscope.flow()
