"""Where the processor's time goes, stage by stage, told by samples of the running program.

    python -m benchmarks.stages CAPTURE

A timer interrupts the program every few milliseconds of processor time. What passed since the last time
belongs to the innermost function that is of a stage: helpers count for their callers. A long array operation
is interrupted only at its end, so each sample weighs what it took. Two more runs, without the timer, tell
what it costs.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

from benchmarks import ROOT

INTERVAL_S = 0.002

STAGES: dict[str, tuple[str, ...]] = {
    "record walk": (
        "analyzer/capture/reader.py",
        "analyzer/capture/source.py",
        "analyzer/capture/compressed.py",
        "analyzer/capture/pcap.py",
        "analyzer/capture/pcapng.py",
        "analyzer/capture/records.py",
        "analyzer/capture/interfaces.py",
        "analyzer/capture/rotated.py",
    ),
    "headers": (
        "analyzer/capture/link.py",
        "analyzer/capture/link_layer.py",
        "analyzer/capture/plain.py",
        "analyzer/capture/walk.py",
        "analyzer/capture/packet.py",
        "analyzer/capture/ip_layer.py",
        "analyzer/capture/tunnel_layer.py",
        "analyzer/capture/defrag.py",
        "analyzer/capture/icmp.py",
    ),
    "selection": (
        "analyzer/capture/engine.py",
        "analyzer/capture/conversation_keys.py",
        "analyzer/capture/streams.py",
        "analyzer/capture/strangers.py",
        "analyzer/capture/openings.py",
        "analyzer/capture/heads.py",
        "analyzer/capture/roles.py",
        "analyzer/first_bytes.py",
    ),
    "reassembly": (
        "analyzer/capture/tcp.py",
        "analyzer/capture/stream_packets.py",
        "analyzer/capture/following.py",
        "analyzer/capture/runs.py",
        "analyzer/capture/whole_stream.py",
        "analyzer/capture/reassembly.py",
        "analyzer/capture/waiting.py",
        "analyzer/capture/delivery.py",
        "analyzer/capture/proofs.py",
        "analyzer/capture/direction.py",
        "analyzer/capture/hold.py",
        "analyzer/capture/pool.py",
        "analyzer/capture/datagrams.py",
    ),
    "framing": (
        "dissectors/carriers/",
        "analyzer/pipeline/",
        "analyzer/backlog.py",
        "analyzer/unclaimed.py",
    ),
    "tokens": (
        "dissectors/tokens/",
        "dissectors/der.py",
        "dissectors/der_values.py",
        "dissectors/recognise.py",
    ),
    "negotiations": ("analyzer/negotiation/", "analyzer/correlation/"),
    "surroundings": ("analyzer/surroundings/", "dissectors/names/"),
    "tables": ("analyzer/tables/", "analyzer/report/", "analyzer/cli/", "analyzer/analysis.py"),
}
"""Stage -> its modules, or folders of them. What is in none counts for who called it."""

START, REST = "start-up", "rest"


def stage_of(path: str) -> str | None:
    """Stage of a module, by its path under the project's root."""
    for stage, places in STAGES.items():
        if any(
            path == place or (place.endswith("/") and path.startswith(place)) for place in places
        ):
            return stage
    return None


class Sampler:
    """Gives processor time to stages; `took` in seconds."""

    def __init__(self) -> None:
        self.took = dict.fromkeys([START, *STAGES, REST], 0.0)
        self.samples = 0
        self._known: dict[str, str | None] = {}
        self._last = 0.0

    def start(self) -> None:
        """From now on."""
        self._last = process_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)

    def stop(self) -> None:
        """Until now; what passed since the last sample is the rest."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.took[REST] += process_time() - self._last

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        now = process_time()
        self.took[self._stage(frame)] += now - self._last
        self._last = now
        self.samples += 1

    def _stage(self, frame: FrameType | None) -> str:
        found = None
        while frame is not None:
            path = frame.f_code.co_filename
            if path.startswith("<frozen importlib"):
                return START
            if found is None:
                if path not in self._known:
                    self._known[path] = stage_of(path.removeprefix(f"{ROOT}{os.sep}"))
                found = self._known[path]
            frame = frame.f_back
        return found or REST


def sample(capture: Path, result: Path) -> None:
    """Run the command line on a capture in this process, sampled; write what was found."""
    sampler = Sampler()
    sampler.start()
    from analyzer.cli.main import run  # noqa: PLC0415 - importing is one of the stages

    words = ["negotiations", str(capture), "--format", "jsonl", "--quiet", "--jobs", "1"]
    status = run(words)
    sampler.stop()
    made = {"status": status, "samples": sampler.samples, "seconds": sampler.took}
    result.write_text(json.dumps(made), "ascii")


def measure(capture: Path, packets: int, folder: Path) -> dict[str, Any]:
    """Sample a capture in a process of its own; microseconds per packet for each stage."""
    from benchmarks.measure import negoscope, python, run  # noqa: PLC0415 - not in the sampled process
    from benchmarks.tokens_found import ask_negoscope  # noqa: PLC0415

    result = folder / "stages.json"
    plain = [run(ask_negoscope(negoscope(), capture), folder / "rows").cpu_s for _ in range(2)]
    sampled = run(python("stages", str(capture), "--into", str(result)), folder / "rows").cpu_s
    made = json.loads(result.read_text("ascii"))
    if made["status"] != 0:
        raise SystemExit(f"{capture}: exit status {made['status']}")
    return {
        "us_per_packet": {
            stage: round(seconds * 1e6 / packets, 3) for stage, seconds in made["seconds"].items()
        },
        "samples": made["samples"],
        "cpu_s": round(sampled, 3),
        "cpu_s_without_samples": round(statistics.mean(plain), 3),
    }


def report(made: dict[str, Any]) -> str:
    """Some lines for people."""
    whole = sum(made["us_per_packet"].values())
    lines = [
        f"  {stage:<14}{each:9.3f} us/packet{100 * each / whole:6.1f} %"
        for stage, each in made["us_per_packet"].items()
    ]
    lines.append(
        f"  {made['samples']} samples; {made['cpu_s']:.2f} s CPU with them, "
        f"{made['cpu_s_without_samples']:.2f} s without"
    )
    return "\n".join(lines)


def main(words: Iterable[str]) -> None:
    """Sample one capture."""
    capture, *rest = words
    if rest[:1] == ["--into"]:
        sample(Path(capture), Path(rest[1]))
        return
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        made = measure(Path(capture), 1_000_000, Path(folder))
        print(report(made), "(of a million packets)")


if __name__ == "__main__":
    main(sys.argv[1:])
