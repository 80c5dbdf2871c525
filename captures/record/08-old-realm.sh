#!/usr/bin/env bash
# A realm that still has DES, OLD.TEST: Heimdal's KDC on attic, and a web server by Heimdal's GSSAPI beside it, for MIT's
# libraries have no DES any more.
. "$(dirname "$0")/lab.sh"
attic=$LAB/attic
printf 'search %s\nnameserver 10.99.0.1\noptions timeout:1\n' $OLD_ZONE >/etc/netns/nego-attic/resolv.conf
printf '127.0.0.1 localhost\n10.99.0.7 attic.%s attic\n' $OLD_ZONE >/etc/netns/nego-attic/hosts
cat >"$LAB/old-krb5.conf" <<CONF
[libdefaults]
    default_realm = $OLD_REALM
    allow_weak_crypto = true
    dns_lookup_realm = false
    dns_lookup_kdc = false
    pkinit_anchors = FILE:$attic/authority.pem
[realms]
    $OLD_REALM = {
        kdc = 10.99.0.7
    }
[domain_realm]
    .$OLD_ZONE = $OLD_REALM
[kdc]
    enable-pkinit = true
    pkinit_identity = FILE:$attic/kdc.pem
    pkinit_anchors = FILE:$attic/authority.pem
    pkinit_principal_in_certificate = true
    allow-anonymous = true
    database = {
        dbname = $attic/heimdal
        realm = $OLD_REALM
        acl_file = $attic/acl
        log_file = $attic/changes
    }
[logging]
    kdc = FILE:$attic/log/heimdal.log
CONF
rm -f "$attic"/heimdal* "$LAB/attic.keytab" "$LAB/old-krbtgt.keytab" "$attic"/*.pem
mkdir -p "$attic/log"
admin() { on attic "${heimdal[@]}" kadmin.heimdal -l "$@"; }
admin init --realm-max-ticket-life=unlimited --realm-max-renewable-life=unlimited $OLD_REALM
admin add --use-defaults --password="${PASSWORD[ada]}" ada
admin add --use-defaults --random-key cifs/attic.$OLD_ZONE
for service in HTTP/attic.$OLD_ZONE nfs/attic.$OLD_ZONE; do
    admin add --use-defaults --random-key $service
    admin add_enctype --random-key $service des-cbc-md5
    admin del_enctype $service aes256-cts-hmac-sha1-96 des3-cbc-sha1 arcfour-hmac-md5
    admin ext_keytab --keytab="$LAB/attic.keytab" $service
done
admin ext_keytab --keytab="$LAB/old-krbtgt.keytab" krbtgt/$OLD_REALM # for a thief
# Certificates for logons without passwords: an authority's, the KDC's and ada's.
certificate() { # certificate NAME OPTIONS...
    on attic "${heimdal[@]}" hxtool issue-certificate --generate-key=rsa --subject="CN=$1,DC=old,DC=test" --lifetime=10years \
        --certificate="FILE:$attic/$1.pem" "${@:2}"
}
certificate authority --self-signed --issue-ca
certificate kdc --ca-certificate="FILE:$attic/authority.pem" --type=pkinit-kdc --pk-init-principal="krbtgt/$OLD_REALM@$OLD_REALM"
certificate ada --ca-certificate="FILE:$attic/authority.pem" --type=pkinit-client --pk-init-principal="ada@$OLD_REALM"
certificate stranger --self-signed --type=pkinit-client --pk-init-principal="ada@$OLD_REALM"
on attic "${heimdal[@]}" kdc --addresses=10.99.0.7 >"$attic/log/kdc.log" 2>&1 &
on attic "${heimdal[@]}" KRB5_KTNAME="FILE:$LAB/attic.keytab" python3 "$RECIPE/servers/heimdal_web.py" serve 80 >"$attic/log/web.log" 2>&1 &
for what in "zonecreate 10.99.0.1 $OLD_ZONE" "add 10.99.0.1 $OLD_ZONE attic A 10.99.0.7"; do
    on dc samba-tool dns $what -U "Administrator%$ADMIN_PASSWORD" -s "$LAB/dc/ad/etc/smb.conf" >/dev/null
done
say "realm $OLD_REALM up"
