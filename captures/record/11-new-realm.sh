#!/usr/bin/env bash
# A realm without a domain around it, NEW.TEST: MIT's KDC on annex, which takes SPAKE for a proof.
. "$(dirname "$0")/lab.sh"
annex=$LAB/annex
rm -f "$annex"/principal*
mkdir -p "$annex/log"
cat >"$annex/kdc.conf" <<CONF
[kdcdefaults]
    kdc_listen = 10.99.0.11:88
    kdc_tcp_listen = 10.99.0.11:88
[realms]
    $NEW_REALM = {
        database_name = $annex/principal
        key_stash_file = $annex/stash
        acl_file = $annex/acl
        default_principal_flags = +preauth
    }
[logging]
    kdc = FILE:$annex/log/kdc.log
CONF
sed "s/default_realm = .*/default_realm = $NEW_REALM\n    spake_preauth_groups = edwards25519/; s/^\[realms\]/&\n    $NEW_REALM = {\n        kdc = 10.99.0.11\n    }/" \
    /etc/netns/nego-desk/krb5.conf >"$LAB/new-krb5.conf"
mit() { on annex env KRB5_CONFIG="$LAB/new-krb5.conf" KRB5_KDC_PROFILE="$annex/kdc.conf" "$@"; }
mit kdb5_util create -s -r $NEW_REALM -P Never-Used-2 >/dev/null 2>&1
mit kadmin.local -r $NEW_REALM -q "addprinc -pw ${PASSWORD[ada]} ada" >/dev/null 2>&1
mit kadmin.local -r $NEW_REALM -q "addprinc -randkey host/annex.new.test" >/dev/null 2>&1
mit krb5kdc -r $NEW_REALM
say "realm $NEW_REALM up"
