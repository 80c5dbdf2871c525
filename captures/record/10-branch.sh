#!/usr/bin/env bash
# A read-only controller of NEGO.TEST for a branch office. It keeps no passwords, so that it asks dc about everything.
. "$(dirname "$0")/lab.sh"
rm -rf "$LAB/branch/ad"
on branch samba-tool domain join $ZONE RODC -U "Administrator%$ADMIN_PASSWORD" --targetdir="$LAB/branch/ad" --dns-backend=NONE \
    --option="netbios name=BRANCH" -s /dev/null >"$LAB/branch/join.log" 2>&1
sed -i '/^\[global\]/a\
\tlog file = '"$LAB"'/branch/log/%I.log' "$LAB/branch/ad/etc/smb.conf"
on branch samba -D -s "$LAB/branch/ad/etc/smb.conf"
for _ in $(seq 60); do on branch smbclient -L 127.0.0.1 -N >/dev/null 2>&1 && break; sleep 0.5; done
say "branch office up"
