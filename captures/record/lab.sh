# Names, addresses and the two verbs every script of the lab uses: `on HOST COMMAND...` and `say`.
# Everything here is made up: the domain NEGO.TEST, its people, its addresses and its passwords.
set -euo pipefail

LAB=${LAB:-/tmp/lab}
RECIPE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REALM=NEGO.TEST
DOMAIN=NEGO
ZONE=nego.test
HOSTS=(dc web dir files member desk)
declare -A NUMBER=([dc]=1 [web]=2 [dir]=3 [files]=4 [member]=5 [desk]=20)

ADMIN_PASSWORD=Orchard-Gate-41
declare -A PASSWORD=(
    [ada]=Engine-1843 [grace]=Nanosecond-11 [linus]=Penguin-91 [zoë]=Müsli-77
    [barbara]=Clu-Alpha-75 [alan]=Bombe-1940 [dennis]=Sea-Bell-72 [ken]=Unics-1969
    [margaret]=Lunar-Code-69 [donald]=Tex-Metafont-78
    [rosalind]=Photo-51 [hedy]=Hop-1941 [emmy]=Ring-1921 [katherine]=Orbit-62
    [blaise]=Pascaline-42 [niklaus]=Oberon-87 [charles]=Difference-22
)
LOCAL_PASSWORD=Harbour-Light-8 # of pat, whom only the member server knows

say() { printf '== %s\n' "$*"; }

# on HOST COMMAND...: run in that host's network, with its own name, /etc files and Samba state.
on() {
    local host=$1
    shift
    ip netns exec "nego-$host" unshare --uts sh -c '
        host=$1 lab=$2; shift 2
        hostname "$host"
        mkdir -p "$lab/$host/run" "$lab/$host/var" "$lab/$host/log"
        mkdir -p /run/samba /var/lib/samba
        mount --bind "$lab/$host/run" /run/samba
        mount --bind "$lab/$host/var" /var/lib/samba
        exec "$@"' sh "$host" "$LAB" "$@"
}
