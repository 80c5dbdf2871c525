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
# # Many captures
#
# A week of captures is read once, written as Parquet, and asked in SQL as often as you like.

# %%
import tempfile
from pathlib import Path

import duckdb

import negoscope as ng

captures = Path("captures" if Path("captures").is_dir() else "../captures")
a = ng.read(captures / "http")
a

# %% [markdown]
# ## Write the tables
#
# `negoscope export DIR -o TABLES` does the same on the command line, for many captures side by side
# (`--jobs`), and keeps what later runs need.

# %%
tables = Path(tempfile.mkdtemp())
a.to_parquet(tables)
{path.name: f"{path.stat().st_size:,} bytes" for path in sorted(tables.glob("*.parquet"))}

# %% [markdown]
# ## Ask them in SQL
#
# Which servers were logged on to by NTLM, how often, and why?

# %%
connection = duckdb.connect()
connection.execute(f"SET file_search_path = '{tables}'")
connection.sql("""
    SELECT server, fallback_reason, count(*) AS times
    FROM 'negotiations.parquet'
    WHERE mechanism = 'ntlm'
    GROUP BY ALL ORDER BY times DESC LIMIT 10
""").df()

# %% [markdown]
# Two tables joined: tickets by encryption type, and the services that they are for.

# %%
connection.sql("""
    SELECT sname, ticket_etype, count(*) AS tickets
    FROM 'kdc.parquet' WHERE ticket_etype IS NOT NULL
    GROUP BY ALL ORDER BY tickets DESC LIMIT 10
""").df()

# %% [markdown]
# ## Frames read back are as good as new
#
# Pictures work on them, in another session, without the captures.

# %%
back = connection.sql("FROM 'negotiations.parquet'").df()
back.negoscope.shares("client")

# %%
back.negoscope.timeline()

# %% [markdown]
# A ladder needs the tokens, too.

# %%
tokens = connection.sql("FROM 'tokens.parquet'").df()
failed = back[(back["outcome"] == "failure") & (back["legs"] > 2)]
back.negoscope.ladder(int(failed["negotiation_id"].iloc[0]), tokens)

# %%
connection.close()

# %% [markdown]
# ## More than one machine
#
# Workers of a dask.distributed cluster read captures side by side; rows are those of one process. Here two
# processes of this machine stand for a cluster (docs/scale.md tells the rest).

# %%
from distributed import Client, LocalCluster

files = sorted((captures / "smb").glob("*/capture.pcapng"))[:8]
local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
with local as cluster, Client(cluster) as client:
    spread = ng.read(files, client=client)
spread.negotiations.equals(ng.read(files).negotiations)
