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
