#!/usr/bin/env bash
# A file server that is in no domain: local accounts, guests for unknown names, and the dialects of the nineties.
. "$(dirname "$0")/lab.sh"
files=$LAB/files
mkdir -p "$files"/{pub,private,state,lock}
echo "a shared file" >"$files/pub/note.txt"; chmod -R a+rwX "$files/pub"
cp /etc/passwd /etc/netns/nego-files/passwd
echo 'ada:x:4001:100::/nonexistent:/usr/sbin/nologin' >>/etc/netns/nego-files/passwd
cat >"$files/smb.conf" <<CONF
[global]
    workgroup = DEPOT
    netbios name = FILES
    server role = standalone server
    server min protocol = NT1
    ntlm auth = ntlmv1-permitted
    raw NTLMv2 auth = yes
    lanman auth = yes
    map to guest = bad user
    private dir = $files/private
    state directory = $files/state
    cache directory = $files/state
    lock directory = $files/lock
    pid directory = $files/lock
    log file = $files/log/%I.log
    log level = 1 auth_audit:3 auth_json_audit:3
    disable netbios = yes
    smb ports = 445
    include = $files/case.conf
[pub]
    path = $files/pub
    guest ok = yes
    read only = no
[grace]
    path = $files/pub
    valid users = grace
CONF
: >"$files/case.conf"
printf '%s\n%s\n' "${PASSWORD[ada]}" "${PASSWORD[ada]}" | on files smbpasswd -c "$files/smb.conf" -s -a ada >/dev/null
on files smbd -D -s "$files/smb.conf"
say "file server up"
