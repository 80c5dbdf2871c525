#!/usr/bin/env bash
# What is not of the domain: a second realm with MIT's KDC (at dir), and a machine in no domain whose Samba has users of
# its own (at files).
. "$(dirname "$0")/lab.sh"
realm=$LAB/dir/realm
rm -rf "$realm"; mkdir -p "$realm"
cat >"$realm/kdc.conf" <<CONF
[realms]
    OTHER.TEST = {
        database_name = $realm/principal
        key_stash_file = $realm/stash
        acl_file = $realm/acl
        kdc_ports = 88
        kdc_tcp_ports = 88
    }
[logging]
    kdc = FILE:$LAB/dir/log/kdc.log
CONF
sed -e 's/NEGO\.TEST/OTHER.TEST/' -e 's/10\.99\.0\.1/10.99.0.3/' /etc/netns/nego-dir/krb5.conf >"$realm/krb5.conf"
at_realm() { on dir env KRB5_CONFIG="$realm/krb5.conf" KRB5_KDC_PROFILE="$realm/kdc.conf" "$@"; }
at_realm kdb5_util create -s -r OTHER.TEST -P Master-Key-1 >/dev/null
at_realm kadmin.local -r OTHER.TEST addprinc +requires_preauth -pw "${PASSWORD[ada]}" ada >/dev/null
at_realm kadmin.local -r OTHER.TEST addprinc -randkey HTTP/web.$ZONE >/dev/null
rm -f "$LAB/other-realm.keytab"
at_realm kadmin.local -r OTHER.TEST ktadd -k "$LAB/other-realm.keytab" HTTP/web.$ZONE >/dev/null
chmod a+r "$LAB/other-realm.keytab"
at_realm krb5kdc -r OTHER.TEST -P "$realm/pid"

rm -rf "$LAB/files/kiosk"
on files samba-tool domain provision --realm=KIOSK.TEST --domain=KIOSK --server-role=standalone --host-name=files \
    --host-ip=10.99.0.4 --adminpass="$ADMIN_PASSWORD" --targetdir="$LAB/files/kiosk" >"$LAB/files/kiosk.log" 2>&1
conf=$LAB/files/kiosk/etc/smb.conf
on files samba-tool domain passwordsettings set --complexity=off -s "$conf" >/dev/null
on files samba-tool user create ada "${PASSWORD[ada]}" -s "$conf" >/dev/null
say "others up"
