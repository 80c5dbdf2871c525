#!/usr/bin/env bash
# Provisions the domain, starts the controller (SMB, LDAP, KDC, DNS), makes people, services, keytabs and names.
. "$(dirname "$0")/lab.sh"
conf=$LAB/dc/ad/etc/smb.conf
rm -rf "$LAB/dc/ad"
on dc samba-tool domain provision --realm=$REALM --domain=$DOMAIN --server-role=dc --dns-backend=SAMBA_INTERNAL \
    --adminpass="$ADMIN_PASSWORD" --host-name=dc --host-ip=10.99.0.1 --host-ip6=fd99::1 --targetdir="$LAB/dc/ad" \
    >"$LAB/dc/provision.log" 2>&1
# Old dialects and unsigned LDAP are what old networks speak, so the captures need them.
sed -i '/^\[global\]/a\
\tserver min protocol = NT1\
\tntlm auth = ntlmv1-permitted\
\tldap server require strong auth = no\
\tdns forwarder =\
\tinclude = '"$LAB"'/dc/case.conf\
\tlog level = 1 auth_audit:3 auth_json_audit:3\
\tlog file = '"$LAB"'/dc/log/%I.log' "$conf"
: >"$LAB/dc/case.conf"
mkdir -p "$LAB/dc/pub"; echo "a shared file" >"$LAB/dc/pub/note.txt"; chmod -R a+rwX "$LAB/dc/pub"
printf '\n[pub]\n\tpath = %s/dc/pub\n\tread only = no\n[vault]\n\tpath = %s/dc/pub\n\tsmb encrypt = required\n' "$LAB" "$LAB" >>"$conf"
rm -f "$LAB"/*.keytab
# Whether a logon needs a proof is up to the account, not to the KDC as a whole.
printf '[kdc]\n    require-preauth = no\n' >>/etc/netns/nego-dc/krb5.conf
on dc samba -D -s "$conf"
for _ in $(seq 60); do on dc sh -c 'smbclient -L 127.0.0.1 -N >/dev/null 2>&1 && nslookup dc.nego.test 10.99.0.1 >/dev/null 2>&1' && break; sleep 0.5; done
tool() { on dc samba-tool "$@" -s "$conf"; }

tool domain passwordsettings set --complexity=off --min-pwd-age=0 --max-pwd-age=0 --history-length=0 \
    --account-lockout-threshold=3 --account-lockout-duration=30 --reset-account-lockout-after=30 >/dev/null
for name in "${!PASSWORD[@]}"; do tool user create "$name" "${PASSWORD[$name]}" >/dev/null; done
tool user disable barbara
tool user setpassword dennis --newpassword="${PASSWORD[dennis]}" --must-change-at-next-login >/dev/null
tool user setexpiry ken --days=0 >/dev/null
for _ in 1 2 3 4; do on dc smbclient //127.0.0.1/pub -U "alan%wrong" -c exit >/dev/null 2>&1 || true; done

for service in svc-web svc-proxy svc-dir svc-old; do tool user create $service "Service-$service-1" >/dev/null; done
tool spn add HTTP/web.$ZONE svc-web
tool spn add HTTP/proxy.$ZONE svc-proxy
tool spn add ldap/dir.$ZONE svc-dir
tool spn add HTTP/stale.$ZONE svc-old
# Services get AES tickets where the account says so (24); svc-proxy and svc-old stay with RC4, as old accounts do.
for service in svc-web svc-dir; do
    printf 'dn: CN=%s,CN=Users,DC=nego,DC=test\nchangetype: modify\nadd: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24\n' $service |
        ldbmodify -H "$LAB/dc/ad/private/sam.ldb" >/dev/null
done
key() { tool domain exportkeytab "$LAB/$1.keytab" --principal="$2" >/dev/null; chmod a+r "$LAB/$1.keytab"; }
key web HTTP/web.$ZONE
key proxy HTTP/proxy.$ZONE
key dir ldap/dir.$ZONE
# The stale service's keytab holds the right key number with a wrong key, so its tickets cannot be decrypted there.
stale=$(on dc samba-tool user show svc-old --attributes=msDS-KeyVersionNumber -s "$conf" | sed -n 's/^msDS-KeyVersionNumber: //p')
on dc ktutil <<KEYS >/dev/null
addent -password -p HTTP/stale.$ZONE@$REALM -k $stale -e aes256-cts-hmac-sha1-96
Some-Other-Secret-9
addent -password -p HTTP/stale.$ZONE@$REALM -k $stale -e arcfour-hmac
Some-Other-Secret-9
wkt $LAB/web.keytab
KEYS

dns() { tool dns add 10.99.0.1 $ZONE "$1" "$2" "$3" -U "Administrator%$ADMIN_PASSWORD" >/dev/null; }
for name in web proxy stale nospn app; do dns $name A 10.99.0.2; done
dns web AAAA fd99::2
dns alias A 10.99.0.1
dns dir A 10.99.0.3
dns files A 10.99.0.4
dns desk A 10.99.0.20
say "domain $REALM up"
