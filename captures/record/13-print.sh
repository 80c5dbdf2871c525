#!/usr/bin/env bash
# The settings of a print server (CUPS at web) that takes no logon outside TLS; the case that needs it starts it.
. "$(dirname "$0")/lab.sh"
print=$LAB/web/print
rm -rf "$print"
mkdir -p "$print"/{server,spool,cache,state,ssl,log}
cat >"$print/server/cups-files.conf" <<CONF
ServerRoot $print/server
RequestRoot $print/spool
TempDir $print/spool
CacheDir $print/cache
StateDir $print/state
ServerKeychain $print/ssl
AccessLog $print/log/access
ErrorLog $print/log/error
PageLog $print/log/page
SystemGroup root
User lp
Group lp
CONF
cat >"$print/server/cupsd.conf" <<CONF
ServerName web.$ZONE
ServerAlias *
Listen *:631
WebInterface Yes
Browsing No
LogLevel debug
<Location />
    AuthType Basic
    Require valid-user
    Encryption Required
    Order allow,deny
    Allow all
</Location>
CONF
chown -R lp:lp "$print"
say "print server prepared"
