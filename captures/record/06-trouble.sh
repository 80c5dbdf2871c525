#!/usr/bin/env bash
# What the cases about refusals and weaknesses need: accounts with restrictions, services for delegation, services with
# RC4 keys only, a user in many groups, and a second Squid that knows nothing but NTLM.
. "$(dirname "$0")/lab.sh"
conf=$LAB/dc/ad/etc/smb.conf
tool() { on dc samba-tool "$@" -s "$conf"; }
change() { ldbmodify -H "$LAB/dc/ad/private/sam.ldb" >/dev/null; }
set_value() { printf 'dn: CN=%s,CN=Users,DC=nego,DC=test\nchangetype: modify\nreplace: %s\n%s\n' "$1" "$2" "$2${3}" | change; }

# What Samba would not let one write goes into the file of the partition itself.
set_raw() {
    printf 'dn: CN=%s,CN=Users,DC=nego,DC=test\nchangetype: modify\nreplace: %s\n%s: %s\n' "$1" "$2" "$2" "$3" |
        ldbmodify -H "$LAB/dc/ad/private/sam.ldb.d/DC=NEGO,DC=TEST.ldb" >/dev/null
}

set_value rosalind userAccountControl ": 4194816"                # no pre-authentication
set_value krbtgt userAccountControl ": 4194818"                  # Samba asks for it otherwise
set_value hedy userWorkstations ": ENIGMA"                       # this machine only
set_value emmy logonHours ":: $(head -c 21 /dev/zero | base64)"  # never
tool group addmembers "Protected Users" katherine >/dev/null
tool domain passwordsettings set --max-pwd-age=999 >/dev/null
set_raw niklaus pwdLastSet 132224832000000000                    # of 1 January 2020

# A crew whose accounts are there to be guessed at, and a man of many groups.
for n in 01 02 03 04 05 06 07 08 09 10 11 12; do tool user create "crew$n" "Deck-Hand-$n" >/dev/null; done
for n in $(seq 100 280); do
    printf 'dn: CN=department-%s,CN=Users,DC=nego,DC=test\nobjectClass: group\nsAMAccountName: department-%s\nmember: CN=charles,CN=Users,DC=nego,DC=test\n\n' "$n" "$n"
done | ldbadd -H "$LAB/dc/ad/private/sam.ldb" >/dev/null

# Services: one that may act for users, and some whose accounts have RC4 keys only.
tool user create svc-front Service-svc-front-1 >/dev/null
tool spn add HTTP/front.$ZONE svc-front
tool delegation for-any-protocol svc-front on >/dev/null
tool delegation add-service svc-front cifs/dc.$ZONE >/dev/null
tool domain exportkeytab "$LAB/front.keytab" --principal=svc-front >/dev/null; chmod a+r "$LAB/front.keytab"
for service in sql:MSSQLSvc/sql.$ZONE:1433 mail:SMTP/mail.$ZONE print:HTTP/print.$ZONE backup:backup/vault.$ZONE stock:MSSQLSvc/stock.$ZONE; do
    tool user create "svc-${service%%:*}" "Service-${service%%:*}-1" >/dev/null
    tool spn add "${service#*:}" "svc-${service%%:*}"
    set_value "svc-${service%%:*}" msDS-SupportedEncryptionTypes ": 4"
done
tool delegation for-any-service svc-web on >/dev/null            # unconstrained

web=$LAB/web
sed -e 's/^http_port .*/http_port 3129/' -e 's/squid\.pid/squid-ntlm.pid/' -e 's/squid-\(access\|cache\)/squid-ntlm-\1/' \
    -e '/^auth_param/d' -e 's/^visible_hostname .*/&\nauth_param ntlm program \/usr\/lib\/squid\/ntlm_fake_auth -v\nauth_param ntlm children 2 startup=1 idle=1/' \
    "$web/squid.conf" >"$web/squid-ntlm.conf"
on web squid -n ntlm -f "$web/squid-ntlm.conf" 2>/dev/null
# A third one, started by the case that needs it, which would take anything a client says under Negotiate.
sed -e 's/^http_port .*/http_port 3130/' -e 's/squid-ntlm/squid-both/' \
    -e "s|^auth_param ntlm program.*|auth_param negotiate program /usr/lib/squid/negotiate_wrapper_auth --ntlm /usr/lib/squid/ntlm_fake_auth -v --kerberos /usr/lib/squid/negotiate_kerberos_auth -k $LAB/proxy.keytab -s HTTP/proxy.$ZONE@$REALM -t none\nauth_param negotiate children 2 startup=1 idle=1\n&|" \
    "$web/squid-ntlm.conf" >"$web/squid-both.conf"
say "trouble prepared"
