#!/usr/bin/env bash
# Ends what runs inside the lab's namespaces and removes them; the recordings stay.
. "$(dirname "$0")/lab.sh"
for host in "${HOSTS[@]}" switch; do
    ip netns pids "nego-$host" 2>/dev/null | xargs -r kill 2>/dev/null || true
done
sleep 1
for host in "${HOSTS[@]}" switch; do
    ip netns pids "nego-$host" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "nego-$host" 2>/dev/null || true
    rm -rf "/etc/netns/nego-$host"
done
say "lab down"
