# The words the cases are written in; sourced on the lab's desk before each case's script.
PATH=$LAB/venv/bin:$PATH
conf=$LAB/desk/smb.conf
[ -f "$conf" ] || cat >"$conf" <<CONF
[global]
    workgroup = $DOMAIN
    realm = $REALM
    netbios name = DESK
    client min protocol = NT1
    client ntlmv2 auth = yes
    private dir = $LAB/desk/private
    state directory = $LAB/desk/private
    cache directory = $LAB/desk/private
    lock directory = $LAB/desk/private
CONF
mkdir -p "$LAB/desk/private"

login() { printf '%s\n' "${2:-${PASSWORD[$1]}}" | kinit "$1"; }   # login USER [PASSWORD]: a ticket-granting ticket
kerberos=(--use-kerberos=required --use-krb5-ccache="$KRB5CCNAME")
ntlm=(--use-kerberos=off)
share() { smbclient -s "$conf" "$@"; }                            # share //SERVER/SHARE OPTIONS...
dialect() { echo "--option=client max protocol=$1 --option=client min protocol=$1"; }
web() { curl -sS -o /dev/null -w '%{http_code} %{num_connects}\n' "$@"; }
base=(-b DC=nego,DC=test -s base objectClass)

# krb5_with 'KEY = VALUE'...: this case's Kerberos library has these settings; `kdc` is the address asked for tickets
krb5_with() {
    export KRB5_CONFIG=$LAB/desk/krb5-case.conf
    cp /etc/krb5.conf "$KRB5_CONFIG"
    for setting in "$@"; do
        key=${setting%% *}
        grep -q "^ *$key = " "$KRB5_CONFIG" && sed -i "s|^\( *\)$key = .*|\1$setting|" "$KRB5_CONFIG" ||
            sed -i "s|^\[libdefaults\]|&\n    $setting|" "$KRB5_CONFIG"
    done
    ip neigh replace 10.99.0.9 lladdr 02:99:00:00:00:09 dev eth0 # an address where nobody lives
}
me() { echo "$1" >"$LAB/desk/me"; export NTLM_USER_FILE=$LAB/desk/me; } # me DOMAIN:USER:PASSWORD: NTLM for gss-ntlmssp

# files_with 'KEY = VALUE'...: the file server is started anew with these settings; without any: as it was
files_with() {
    printf '%s\n' "$@" >"$LAB/files/case.conf"
    kill "$(cat "$LAB/files/lock/smbd.pid")"
    sleep 0.5
    on files smbd -D -s "$LAB/files/smb.conf"
    sleep 0.5
}
# dc_with 'KEY = VALUE'...: the same for the domain controller
dc_with() {
    printf '%s\n' "$@" >"$LAB/dc/case.conf"
    kill "$(cat "$LAB/dc/run/samba.pid")"
    sleep 1
    on dc samba -D -s "$LAB/dc/ad/etc/smb.conf"
    for _ in $(seq 60); do smbclient -s "$conf" -L dc.nego.test -N >/dev/null 2>&1 && nslookup dc.nego.test >/dev/null 2>&1 && ldapsearch -x -H ldap://dc.nego.test -b "" -s base >/dev/null 2>&1 && break; sleep 0.5; done
}
# lock USER / unlock USER...: accounts of the domain
lock() { for _ in 1 2 3 4; do smbclient -s "$conf" //dc.nego.test/pub --use-kerberos=off -U "NEGO\\$1%wrong" -c exit >/dev/null 2>&1; done; }
unlock() { for user in "$@"; do on dc samba-tool user unlock "$user" -s "$LAB/dc/ad/etc/smb.conf" >/dev/null; done; }
# start NAME HOST COMMAND... / end HOST NAME...: a server of this case's own
start() {
    local name=$1 host=$2
    shift 2
    on "$host" sh -c 'echo $$ >"$0"; exec "$@"' "$LAB/$host/$name.pid" "$@" >"$LAB/$host/log/$name.log" 2>&1 &
}
end() {
    local host=$1
    shift
    for name in "$@"; do
        kill "$(cat "$LAB/$host/$name.pid")"
        rm "$LAB/$host/$name.pid"
    done
}
kdc_by_dns() { krb5_with 'dns_lookup_kdc = true'; sed -i '/ kdc = /d' "$KRB5_CONFIG"; } # no address of a KDC is written down
# kdc_in_dns add|delete: the records that name the controller as KDC
kdc_in_dns() {
    for proto in udp tcp; do
        on dc samba-tool dns "$1" 10.99.0.1 "$ZONE" "_kerberos._$proto" SRV "dc.$ZONE 88 0 100" \
            -U "Administrator%$ADMIN_PASSWORD" -s "$LAB/dc/ad/etc/smb.conf" >/dev/null
    done
}
