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
# # Audit a network
#
# Which clients still use NTLM? Which servers accept it, and which passwords travel in the clear? Rules look
# at all tables; each finding says who, how sure, what it means and what to do.

# %%
from pathlib import Path

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
a = ng.read([captures / "ldap", captures / "smb"])
audited = a.audit()
audited.counts()

# %% [markdown]
# ## Findings, most severe first
#
# Each unfolds: what was seen, what it means, what to do, and in which frames.

# %%
worst = a.audit(rules="NGS-PWD")
worst

# %%
audited.frame.groupby(["severity", "rule_id", "title"], observed=True)["count"].sum()

# %% [markdown]
# ## Who offers what
#
# Rank 1 is what a client likes best.

# %%
best = a.offers[(a.offers["by"] == "client") & (a.offers["rank"] == 1)]
best.groupby(["client", "mech"], observed=True).size().unstack(fill_value=0)

# %% [markdown]
# ## Clients by mechanism, servers by outcome

# %%
a.negotiations.negoscope.matrix("client", "mechanism")

# %%
a.negotiations.negoscope.matrix("server", "outcome")

# %% [markdown]
# ## Each host: what it offers, uses and accepts
#
# `weakest` is the least that a host was content with, `weakest_negotiation_id` the proof.

# %%
columns = ["host", "role", "negotiations", "weakest", "weakest_negotiation_id", "signing"]
a.hosts[columns].sort_values("negotiations", ascending=False).head(10)

# %% [markdown]
# ## Before and after
#
# A change of policy, seen from outside: a capture before it and one after it. `weaker` marks what became
# worse.

# %%
before = captures / "smb" / "smb311_ntlm" / "capture.pcapng"
after = captures / "smb" / "smb311_kerberos" / "capture.pcapng"
ng.diff(before, after)

# %% [markdown]
# ## Hand it on
#
# One file with all of this, for people who have nothing installed.

# %%
import tempfile

report = Path(tempfile.mkdtemp()) / "audit.html"
a.to_html(report)
f"{report.stat().st_size:,} bytes"
