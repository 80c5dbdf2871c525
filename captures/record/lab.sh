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

# Beside the domain: realms of Heimdal and of MIT, another domain that is trusted, and a read-only controller of the first.
HOSTS+=(attic peer branch annex)
NUMBER+=([attic]=7 [peer]=8 [branch]=10 [annex]=11)
OLD_REALM=OLD.TEST OLD_ZONE=old.test NEW_REALM=NEW.TEST
OTHER_REALM=OTHER.TEST OTHER_DOMAIN=OTHER OTHER_ZONE=other.test
OTHER_PASSWORD=Spanning-Tree-85 # of radia, who is of that domain
# `"${heimdal[@]}" PROGRAM...`: Heimdal's programs and libraries, unpacked beside MIT's, in that realm.
heimdal=(env KRB5_CONFIG="$LAB/old-krb5.conf" LD_LIBRARY_PATH="$LAB/heimdal/usr/lib/x86_64-linux-gnu"
    PATH="$LAB/heimdal/usr/bin:$LAB/heimdal/usr/lib/heimdal-servers:$PATH")

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

# start_directory [KEYTAB]: OpenLDAP on dir, with the SASL configuration of this lab and not the machine's; a variable
# `clock` sets its time apart.
start_directory() {
    printf '%s\n' "NEGO:ada:${PASSWORD[ada]}" "NEGO:grace:${PASSWORD[grace]}" >"$LAB/dir/ntlm-people"
    on dir env KRB5_KTNAME="FILE:${1:-$LAB/dir.keytab}" NTLM_USER_FILE="$LAB/dir/ntlm-people" sh -c 'mount --bind "$0/sasl2" /etc/ldap/sasl2
        exec ${1:+faketime -f "$1"} slapd -f "$0/slapd.conf" -h "ldap://0.0.0.0:389/ ldaps://0.0.0.0:636/" -d stats' "$LAB/dir" "${clock:-}" >>"$LAB/dir/log/slapd.log" 2>&1 &
    sleep 1
}
