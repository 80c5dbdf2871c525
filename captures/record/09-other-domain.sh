#!/usr/bin/env bash
# A second domain, OTHER.TEST, and a forest trust between it and NEGO.TEST. Each DNS knows where the other's controller
# is. The web server has accounts in both domains; its name www.shop.test, which is of neither, belongs to the other one.
. "$(dirname "$0")/lab.sh"
conf=$LAB/peer/ad/etc/smb.conf
rm -rf "$LAB/peer/ad"
printf 'search %s\nnameserver 10.99.0.8\noptions timeout:1\n' $OTHER_ZONE >/etc/netns/nego-peer/resolv.conf
printf '127.0.0.1 localhost\n10.99.0.8 peer.%s peer\n' $OTHER_ZONE >/etc/netns/nego-peer/hosts
sed -i "s/default_realm = .*/default_realm = $OTHER_REALM/" /etc/netns/nego-peer/krb5.conf
on peer samba-tool domain provision --realm=$OTHER_REALM --domain=$OTHER_DOMAIN --server-role=dc --dns-backend=SAMBA_INTERNAL \
    --adminpass="$ADMIN_PASSWORD" --host-name=peer --host-ip=10.99.0.8 --targetdir="$LAB/peer/ad" >"$LAB/peer/provision.log" 2>&1
sed -i '/^\[global\]/a\
\tdns forwarder =\
\tlog file = '"$LAB"'/peer/log/%I.log' "$conf"
on peer samba -D -s "$conf"
for _ in $(seq 60); do on peer sh -c 'smbclient -L 127.0.0.1 -N >/dev/null 2>&1 && nslookup peer.other.test 10.99.0.8 >/dev/null 2>&1' && break; sleep 0.5; done

# known HOST ZONE CONTROLLER ADDRESS: the DNS on HOST gets a zone with what clients look up of another domain.
known() {
    local dns=(on "$1" samba-tool dns) at="10.99.0.${NUMBER[$1]}" as=(-U "Administrator%$ADMIN_PASSWORD" -s "$LAB/$1/ad/etc/smb.conf")
    "${dns[@]}" zonecreate "$at" "$2" "${as[@]}" >/dev/null
    "${dns[@]}" add "$at" "$2" "$3" A "$4" "${as[@]}" >/dev/null
    for name in _ldap._tcp _ldap._tcp.dc._msdcs _ldap._tcp.pdc._msdcs _ldap._tcp.Default-First-Site-Name._sites.dc._msdcs; do
        "${dns[@]}" add "$at" "$2" $name SRV "$3.$2 389 0 100" "${as[@]}" >/dev/null
    done
    for name in _kerberos._tcp _kerberos._udp _kerberos._tcp.dc._msdcs; do
        "${dns[@]}" add "$at" "$2" $name SRV "$3.$2 88 0 100" "${as[@]}" >/dev/null
    done
}
known dc $OTHER_ZONE peer 10.99.0.8
known peer $ZONE dc 10.99.0.1
for what in "zonecreate 10.99.0.1 shop.test" "add 10.99.0.1 shop.test www A 10.99.0.2"; do
    on dc samba-tool dns $what -U "Administrator%$ADMIN_PASSWORD" -s "$LAB/dc/ad/etc/smb.conf" >/dev/null
done
on dc samba-tool domain trust create $OTHER_REALM --type=forest --direction=both --create-location=both \
    -U "Administrator@$OTHER_REALM%$ADMIN_PASSWORD" -s "$LAB/dc/ad/etc/smb.conf" >"$LAB/peer/trust.log"

tool() { on peer samba-tool "$@" -s "$conf"; }
tool user create radia "$OTHER_PASSWORD" >/dev/null
tool user create svc-web Service-other-web-1 >/dev/null
printf 'dn: CN=svc-web,CN=Users,DC=other,DC=test\nchangetype: modify\nadd: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24\n' |
    ldbmodify -H "$LAB/peer/ad/private/sam.ldb" >/dev/null
rm -f "$LAB/other-web.keytab"
for name in HTTP/web.$OTHER_ZONE HTTP/www.shop.test; do
    tool spn add $name svc-web
    tool domain exportkeytab "$LAB/other-web.keytab" --principal=$name >/dev/null
done
printf 'rkt %s\nwkt %s\n' "$LAB/other-web.keytab" "$LAB/web.keytab" | on peer ktutil >/dev/null
say "domain $OTHER_REALM up, trusted"
