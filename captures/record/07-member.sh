#!/usr/bin/env bash
# A file server that is a member of the domain: smbd asks the controller by winbind, and knows some accounts of its own.
. "$(dirname "$0")/lab.sh"
member=$LAB/member
conf=$member/smb.conf
rm -rf "$member"
mkdir -p "$member"/{pub,private,state,lock,sockets,run,var/lib,log}
echo "a shared file" >"$member/pub/note.txt"; chmod -R a+rwX "$member/pub"
cp /etc/passwd /etc/netns/nego-member/passwd
echo 'pat:x:4002:100::/nonexistent:/usr/sbin/nologin' >>/etc/netns/nego-member/passwd
sed 's/^\(passwd\|group\):.*/\1: files winbind/' /etc/nsswitch.conf >/etc/netns/nego-member/nsswitch.conf
cat >"$conf" <<CONF
[global]
    workgroup = $DOMAIN
    realm = $REALM
    netbios name = MEMBER
    security = ads
    server min protocol = NT1
    ntlm auth = ntlmv1-permitted
    kerberos method = secrets and keytab
    dedicated keytab file = $LAB/member.keytab
    idmap config * : backend = tdb
    idmap config * : range = 10000-19999
    idmap config $DOMAIN : backend = rid
    idmap config $DOMAIN : range = 20000-99999
    winbind use default domain = yes
    winbind reconnect delay = 1
    private dir = $member/private
    state directory = $member/state
    cache directory = $member/state
    lock directory = $member/lock
    pid directory = $member/lock
    log file = $member/log/%I.log
    log level = 1 auth_audit:3 auth_json_audit:3 winbind:3 auth:3
    disable netbios = yes
    smb ports = 445
    include = $member/case.conf
[pub]
    path = $member/pub
    read only = no
CONF
: >"$member/case.conf"
# By NetBIOS, if nmbd is started, the same server has another name, which no DNS knows.
cat >"$member/nmbd.conf" <<CONF
[global]
    workgroup = $DOMAIN
    netbios name = ARCHIVE
    server role = standalone server
    interfaces = eth0 127.0.0.1
    private dir = $member/private
    state directory = $member/state
    cache directory = $member/state
    lock directory = $member/lock
    pid directory = $member/lock
    log file = $member/log/nmbd.log
CONF
on member net ads join -s "$conf" -U "Administrator%$ADMIN_PASSWORD" --no-dns-updates >"$member/log/join.log" 2>&1
on dc samba-tool dns add 10.99.0.1 $ZONE member A "10.99.0.${NUMBER[member]}" -s "$LAB/dc/ad/etc/smb.conf" \
    -U "Administrator%$ADMIN_PASSWORD" >/dev/null
printf '%s\n%s\n' "$LOCAL_PASSWORD" "$LOCAL_PASSWORD" | on member smbpasswd -c "$conf" -s -a pat >/dev/null
on member winbindd -D -s "$conf"
on member smbd -D -s "$conf"
for _ in $(seq 40); do on member wbinfo -p >/dev/null 2>&1 && on member wbinfo -n "$DOMAIN\\ada" >/dev/null 2>&1 && break; sleep 0.5; done
say "member server up"
