"""Where workloads are kept: made when first asked for, outside the tree, by a process of their own.

    python -m benchmarks.workloads.shelf '{"shape": "dense", "size": 20000000, "compression": ""}' --place DIR

Their names hold what they were made of, the generator's own code included: none is ever stale. A process of
its own, as what this one had used would count as the measured ones' memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ROOT

GENERATOR = Path(__file__).parent
MADE_BY = ("dissectors/tokens/build", "tests/support/messages.py", "tests/support/worst_tokens.py")
CHUNK = 1 << 22


class Workload(NamedTuple):
    """A capture with its truth."""

    name: str
    paths: tuple[Path, ...]  # in order
    truth: dict[str, Any]

    @property
    def path(self) -> Path:
        """Its only file, or the folder of its files."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.paths)


def default_shelf() -> Path:
    """Folder of workloads, by the XDG base directory specification."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "negoscope-workloads"


class Shelf:
    """Gives workloads, from the folder if they are there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, compression: str = "", **wanted: Any) -> Workload:
        """Return a workload; `wanted` as `files.Wanted`, `compression` `gz`, `zst` or none.

        Packets of zeros (`worst.RECORDS`) take their number as `size`.
        """
        whole = {**wanted, "compression": compression}
        asked = json.dumps(whole, sort_keys=True)
        mark = sha256((asked + _code()).encode()).hexdigest()[:12]
        place = self.folder / f"{wanted['shape']}-{mark}"
        if not (place / "truth").is_file():
            command = [sys.executable, "-m", "benchmarks.workloads.shelf", asked]
            command += ["--place", str(place)]
            subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
        truth = json.loads((place / "truth").read_text("ascii"))
        return Workload(name, tuple(place / each for each in truth["paths"]), truth)

    def tidy(self) -> None:
        """Drop what an older generator has made, or was interrupted in making."""
        code = _code()
        for place in self.folder.glob("*-*/"):
            mark = place / "made-by"
            if not mark.is_file() or mark.read_text("ascii") != code:
                shutil.rmtree(place)


def _code() -> str:
    """A fingerprint of all code that makes workloads."""
    sources = sorted(GENERATOR.glob("*.py"))
    for name in MADE_BY:
        path = ROOT / name
        sources += sorted(path.glob("*.py")) if path.is_dir() else [path]
    digest = sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def make(asked: str, place: Path) -> None:
    """Make a workload in a folder; its truth is written last."""
    from benchmarks.workloads import files, worst  # noqa: PLC0415 - numpy stays out of who only asks

    wanted = json.loads(asked)
    compression = wanted.pop("compression")
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    (place / "made-by").write_text(_code(), "ascii")
    shape = wanted["shape"]
    if shape in worst.RECORDS:
        ending, maker = worst.RECORDS[shape]
        path = place / f"{shape}{ending}"
        maker(path, wanted["size"])
        truth = {"paths": [path.name], "packets": wanted["size"], "tokens": {}, "negotiations": 0}
    else:
        truth = files.write(place / f"{shape}.pcap", files.Wanted(**wanted))
    if compression:
        truth["paths"] = [_compressed(place / path, compression).name for path in truth["paths"]]
    (place / "truth").write_text(json.dumps(truth), "ascii")


def _compressed(path: Path, compression: str) -> Path:
    """Compress a file as `gzip` and `zstd` do unless told otherwise."""
    import gzip  # noqa: PLC0415

    import zstandard  # noqa: PLC0415

    target = path.with_name(f"{path.name}.{compression}")
    with path.open("rb") as source:
        if compression == "gz":
            with gzip.GzipFile(target, "wb", 6, mtime=0) as out:
                shutil.copyfileobj(source, out, CHUNK)
        else:
            with zstandard.open(target, "wb", cctx=zstandard.ZstdCompressor(3)) as out:
                shutil.copyfileobj(source, out, CHUNK)
    path.unlink()
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wanted", help="as JSON")
    parser.add_argument("--place", type=Path, required=True, help="folder to make it in")
    options = parser.parse_args()
    make(options.wanted, options.place)
