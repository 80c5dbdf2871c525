#!/usr/bin/env bash
# OpenLDAP on dir: simple, SASL GSSAPI and GSS-SPNEGO binds, StartTLS and LDAPS with a
# certificate of its own.
. "$(dirname "$0")/lab.sh"
dir=$LAB/dir
rm -rf "$dir/db"; mkdir -p "$dir/db" "$dir/log"
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=dir.$ZONE" -addext "subjectAltName=DNS:dir.$ZONE" \
    -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
mkdir -p "$dir/sasl2"; rm -rf "$dir"/case*.conf; touch "$dir/case.conf" "$dir/case-database.conf"; : >"$dir/sasl2/slapd.conf"
cat >"$dir/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile $dir/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile $dir/tls.crt
TLSCertificateFile $dir/tls.crt
TLSCertificateKeyFile $dir/tls.key
sasl-host dir.$ZONE
sasl-realm $REALM
include $dir/case.conf
authz-regexp uid=([^,]*),cn=[^,]*,cn=auth uid=\$1,ou=people,o=nego
authz-regexp uid=([^,]*),cn=[^,]*,cn=[^,]*,cn=auth uid=\$1,ou=people,o=nego
database mdb
suffix o=nego
rootdn cn=keeper,o=nego
rootpw Keeper-Ring-5
directory $dir/db
include $dir/case-database.conf
CONF
{
    printf 'dn: o=nego\nobjectClass: organization\no: nego\n\ndn: ou=people,o=nego\nobjectClass: organizationalUnit\nou: people\n\n'
    for name in ada grace linus; do
        printf 'dn: uid=%s,ou=people,o=nego\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: %s\nuserPassword: %s\n\n' \
            $name $name $name $name "${PASSWORD[$name]}"
    done
} >"$dir/people.ldif"
slapadd -f "$dir/slapd.conf" -l "$dir/people.ldif"
# A key of the same number that is not the service's.
number=$(klist -k "$LAB/dir.keytab" | awk '/ldap/ { print $1; exit }')
rm -f "$LAB/dir-stale.keytab"
ktutil <<KEYS >/dev/null
addent -password -p ldap/dir.$ZONE@$REALM -k $number -e aes256-cts-hmac-sha1-96
Some-Other-Secret-9
wkt $LAB/dir-stale.keytab
KEYS
start_directory
say "directory up"
