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
