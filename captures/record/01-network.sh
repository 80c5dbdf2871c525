#!/usr/bin/env bash
# One switch and six hosts, each a network namespace with locally administered MAC addresses; no offloads, so frames
# have the sizes and checksums they would have on a wire.
. "$(dirname "$0")/lab.sh"
ip netns add nego-switch
ip -n nego-switch link add br0 type bridge
ip -n nego-switch link set br0 up
for host in "${HOSTS[@]}"; do
    n=${NUMBER[$host]}
    ip netns add "nego-$host"
    ip -n "nego-$host" link add eth0 type veth peer name "to-$host" netns nego-switch
    ip -n "nego-$host" link set eth0 address "02:99:00:00:00:$(printf %02x "$n")"
    ip -n nego-switch link set "to-$host" address "02:99:ff:00:00:$(printf %02x "$n")" master br0 up
    ip -n "nego-$host" link set lo up
    ip -n "nego-$host" link set eth0 up
    ip -n "nego-$host" addr add "10.99.0.$n/24" dev eth0
    ip -n "nego-$host" addr add "fd99::$n/64" dev eth0 nodad
    ip netns exec "nego-$host" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null
    ip netns exec nego-switch ethtool -K "to-$host" tx off rx off tso off gso off gro off >/dev/null

    etc=/etc/netns/nego-$host
    mkdir -p "$etc" "$LAB/$host"
    printf 'search %s\nnameserver 10.99.0.1\noptions timeout:1\n' "$ZONE" >"$etc/resolv.conf"
    printf '127.0.0.1 localhost\n10.99.0.%s %s.%s %s\n' "$n" "$host" "$ZONE" "$host" >"$etc/hosts"
    cat >"$etc/krb5.conf" <<CONF
[libdefaults]
    default_realm = $REALM
    dns_lookup_realm = false
    dns_lookup_kdc = false
    rdns = false
    dns_canonicalize_hostname = false
    udp_preference_limit = 1400
[realms]
    $REALM = {
        kdc = 10.99.0.1
    }
[domain_realm]
    .$ZONE = $REALM
    $ZONE = $REALM
CONF
done
say "network up: ${HOSTS[*]}"
