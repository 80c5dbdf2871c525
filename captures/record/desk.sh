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

# by_its_clock HOST COMMAND...: a server whose clock is off by CLOCK (`+11h`), if that is set; its timers are not
by_its_clock() {
    local host=$1
    shift
    on "$host" env ${CLOCK:+FAKETIME="$CLOCK" FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1} "$@"
}
# stops HOST smbd|winbindd: until it is gone, for it takes its file of its process id along
stops() {
    local pid
    pid=$(cat "$LAB/$1/lock/$2.pid") && kill "$pid" || return
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
}
# files_with 'KEY = VALUE'...: the file server is started anew with these settings; without any: as it was
files_with() {
    printf '%s\n' "$@" >"$LAB/files/case.conf"
    stops files smbd
    by_its_clock files smbd -D -s "$LAB/files/smb.conf"
    sleep 0.5
}
# dc_with 'KEY = VALUE'...: the same for the domain controller, its clock off by CLOCK (`+20m`) if that is set
dc_with() {
    printf '%s\n' "$@" >"$LAB/dc/case.conf"
    kill "$(cat "$LAB/dc/run/samba.pid")"
    # Processes that end late are still found by the new ones, which then refuse logons (STATUS_CONNECTION_REFUSED).
    for _ in $(seq 80); do [ -n "$(ip netns pids nego-dc)" ] || break; sleep 0.1; done
    rm -f "$LAB/dc/ad/gencache.tdb" # what it learnt while its clock was off would stay for long
    rm -f "$LAB/dc/ad/names.tdb"    # else it goes on asking the winbind that is gone
    by_its_clock dc samba -D -s "$LAB/dc/ad/etc/smb.conf" </dev/null >/dev/null 2>&1
    for _ in $(seq 60); do smbclient -s "$conf" -L dc.nego.test -N >/dev/null 2>&1 && nslookup dc.nego.test >/dev/null 2>&1 && ldapsearch -x -H ldap://dc.nego.test -b "" -s base >/dev/null 2>&1 && break; sleep 0.5; done
}
old() { "${heimdal[@]}" "$@"; }                                   # old PROGRAM...: Heimdal's, in the realm OLD.TEST
old_login() { printf '%s\n' "${PASSWORD[$1]}" >"$LAB/desk/password"; old kinit.heimdal --password-file="$LAB/desk/password" "$1"; }
new() { KRB5_CONFIG=$LAB/new-krb5.conf "$@"; }                    # new COMMAND...: MIT's, in the realm NEW.TEST
# belongs_to REALM HOST: to this case's Kerberos library the host is of that realm
belongs_to() { krb5_with; sed -i "s/^\[domain_realm\]/&\n    $2 = $1/" "$KRB5_CONFIG"; }
# nt_hash USER: what a thief of the domain's database has; old_hash: the same of krbtgt in the realm OLD.TEST
nt_hash() { on dc ldbsearch -H "$LAB/dc/ad/private/sam.ldb" "(sAMAccountName=$1)" unicodePwd | sed -n 's/^unicodePwd:: //p' | base64 -d | od -An -tx1 | tr -d ' \n'; }
old_hash() { old ktutil.heimdal --keytab="$LAB/old-krbtgt.keytab" list --keys | sed -n 's/.* arcfour-hmac-md5 .* \([0-9a-f]\{32\}\) *$/\1/p'; }
# forged USER REALM HASH: a ticket-granting ticket made with that realm's stolen hash of krbtgt, in $LAB/desk/USER.ccache
forged() {
    rm -f "$LAB/desk/$1.ccache"
    (cd "$LAB/desk" && unset KRB5CCNAME && ticketer.py -nthash "$3" -domain "$2" -domain-sid S-1-5-21-1843-1852-1936 -user-id 1105 "$1" && chmod 600 "$1.ccache")
}
# alone HOST / joined HOST: the way between that host and the domain controller is cut, and mended
alone() { ip -n "nego-$1" route add blackhole 10.99.0.1; ip -n "nego-$1" route add blackhole fd99::1; }
joined() { ip -n "nego-$1" route del blackhole 10.99.0.1; ip -n "nego-$1" route del blackhole fd99::1; }
# dir_with 'KEY VALUE' 'SASL_KEY: VALUE'...: the directory is started anew with these settings of slapd.conf (those of
# overlays in its database's part) and of Cyrus SASL;
# variables: `keytab` names another than its own, `clock` sets its time apart (+20m)
dir_with() {
    : >"$LAB/dir/case.conf"
    : >"$LAB/dir/case-database.conf"
    : >"$LAB/dir/sasl2/slapd.conf"
    for setting in "$@"; do
        case $setting in
            overlay* | ppolicy*) echo "$setting" >>"$LAB/dir/case-database.conf" ;;
            *': '*) echo "$setting" >>"$LAB/dir/sasl2/slapd.conf" ;;
            *) echo "$setting" >>"$LAB/dir/case.conf" ;;
        esac
    done
    kill "$(cat "$LAB/dir/slapd.pid")"
    sleep 0.5
    start_directory "${keytab:-}"
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
# with_policy: the directory has a policy for passwords, by which ada and grace have got theirs; without_policy: as it was
policy=('moduleload ppolicy' 'overlay ppolicy' 'ppolicy_default cn=policy,o=nego' 'ppolicy_use_lockout')
with_policy() {
    dir_with "${policy[@]}"
    keeper=(-x -H ldap://10.99.0.3 -D cn=keeper,o=nego -w Keeper-Ring-5)
    printf '%s\n' 'dn: cn=policy,o=nego' 'objectClass: device' 'objectClass: pwdPolicy' 'cn: policy' 'pwdAttribute: userPassword' \
        'pwdLockout: TRUE' 'pwdMaxFailure: 2' 'pwdMaxAge: 86400' 'pwdMustChange: FALSE' | ldapadd "${keeper[@]}" >/dev/null
    for name in ada grace; do # only a password that was set under the policy has a time of its own
        printf '%s\n' "dn: uid=$name,ou=people,o=nego" 'changetype: modify' 'replace: userPassword' "userPassword: ${PASSWORD[$name]}"
    done | sed 's/^dn/\n&/' | ldapmodify "${keeper[@]}" >/dev/null
}
without_policy() {
    kill "$(cat "$LAB/dir/slapd.pid")"
    sleep 0.5
    bash "$RECIPE/04-directory.sh" >/dev/null
}
# between NAME ADDRESS PORT RELAY.py ARGUMENTS...: NAME is found at the web server's host, where a relay hands on to ADDRESS
between() {
    local name=$1 address=$2 port=$3 relay=$4
    shift 4
    echo "10.99.0.2 $name" >>/etc/hosts
    start relay web python "$RECIPE/servers/$relay" "$port" "$address:$port" "$@"
    sleep 1
}
between_no_more() {
    end web relay
    sed -i '/^10.99.0.2 /d' /etc/netns/nego-desk/hosts
}
# member_with 'KEY = VALUE'...: the member server is started anew with these settings; without any: as it was
member_with() {
    printf '%s\n' "$@" >"$LAB/member/case.conf"
    for server in smbd winbindd; do stops member $server; done
    rm -f "$LAB"/member/{state,lock}/{gencache,netlogon_creds_cli}.tdb
    by_its_clock member winbindd -D -s "$LAB/member/smb.conf"
    by_its_clock member smbd -D -s "$LAB/member/smb.conf"
    for _ in $(seq 50); do on member bash -c ': </dev/tcp/127.0.0.1/445' 2>/dev/null && break; sleep 0.2; done
    on member timeout 5 wbinfo -n 'NEGO\ada' >/dev/null 2>&1
}
# named ACCOUNT: what the controller calls the member server's account
named() {
    printf 'dn: CN=MEMBER,CN=Computers,DC=nego,DC=test\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: %s\n' "$1" |
        ldbmodify -H "$LAB/dc/ad/private/sam.ldb.d/DC=NEGO,DC=TEST.ldb" >/dev/null
}
kdc_by_dns() { krb5_with 'dns_lookup_kdc = true'; sed -i '/ kdc = /d' "$KRB5_CONFIG"; } # no address of a KDC is written down
# kdc_in_dns add|delete: the records that name the controller as KDC
kdc_in_dns() {
    for proto in udp tcp; do
        on dc samba-tool dns "$1" 10.99.0.1 "$ZONE" "_kerberos._$proto" SRV "dc.$ZONE 88 0 100" \
            -U "Administrator%$ADMIN_PASSWORD" -s "$LAB/dc/ad/etc/smb.conf" >/dev/null
    done
}
