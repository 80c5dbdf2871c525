#!/usr/bin/env bash
# Apache on web (one folder per way to authenticate), Squid as proxy beside it, and a small acceptor for raw NTLM.
. "$(dirname "$0")/lab.sh"
web=$LAB/web
mkdir -p "$web"/{site,log,cache}
for folder in open nego krb ntlm basic digest any others; do mkdir -p "$web/site/$folder"; echo "$folder says hello" >"$web/site/$folder/index.html"; done
for name in ada grace linus zoë; do echo "$DOMAIN:$name:${PASSWORD[$name]}"; done >"$web/ntlm-users"
chmod a+r "$web/ntlm-users"
htpasswd -bc "$web/basic-users" ada "${PASSWORD[ada]}" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=web.$ZONE" -addext "subjectAltName=DNS:web.$ZONE" \
    -keyout "$web/tls.key" -out "$web/tls.crt" 2>/dev/null
printf 'ada:Nego Lab:%s\n' "$(printf 'ada:Nego Lab:%s' "${PASSWORD[ada]}" | md5sum | cut -d' ' -f1)" >"$web/digest-users"
cat >"$web/apache.conf" <<CONF
ServerName web.$ZONE
ServerRoot $web
PidFile $web/apache.pid
DefaultRuntimeDir $web
ServerTokens Prod
Listen 80
Listen 81
Listen 443
User www-data
Group www-data
ErrorLog $web/log/error.log
LogLevel info auth_gssapi:debug
LogFormat "%a %l %u %t \"%r\" %>s" short
CustomLog $web/log/access.log short
KeepAlive On
DocumentRoot $web/site
$(for m in mpm_event authn_core authn_file authz_core authz_user auth_basic auth_digest auth_gssapi dir mime log_config ssl; do
    [ -f /usr/lib/apache2/modules/mod_$m.so ] && echo "LoadModule ${m}_module /usr/lib/apache2/modules/mod_$m.so"; done)
TypesConfig /etc/mime.types
DirectoryIndex index.html
<Location /nego>
    AuthType GSSAPI
    AuthName "Nego Lab"
    GssapiConnectionBound On
    Require valid-user
</Location>
<Location /krb>
    AuthType GSSAPI
    AuthName "Nego Lab"
    GssapiAllowedMech krb5
    Require valid-user
</Location>
<Location /ntlm>
    AuthType GSSAPI
    AuthName "Nego Lab"
    GssapiConnectionBound On
    GssapiAllowedMech ntlmssp
    Require valid-user
</Location>
<Location /any>
    AuthType GSSAPI
    AuthName "Nego Lab"
    GssapiBasicAuth On
    GssapiAllowedMech krb5
    Require valid-user
</Location>
<Location /others>
    AuthType GSSAPI
    AuthName "Nego Lab"
    GssapiAllowedMech krb5
    AuthzSendForbiddenOnFailure On
    Require user grace@$REALM
</Location>
<VirtualHost *:81>
    LimitRequestFieldSize 2000
</VirtualHost>
<VirtualHost *:443>
    SSLEngine on
    SSLCertificateFile $web/tls.crt
    SSLCertificateKeyFile $web/tls.key
</VirtualHost>
<Location /basic>
    AuthType Basic
    AuthName "Nego Lab"
    AuthUserFile $web/basic-users
    Require valid-user
</Location>
<Location /digest>
    AuthType Digest
    AuthName "Nego Lab"
    AuthUserFile $web/digest-users
    Require valid-user
</Location>
CONF
touch /etc/mime.types
on web env KRB5_KTNAME="FILE:$LAB/web.keytab" NTLM_USER_FILE="$web/ntlm-users" apache2 -d "$web" -f "$web/apache.conf" -k start

cat >"$web/squid.conf" <<CONF
http_port 3128
pid_filename $web/squid.pid
visible_hostname proxy.$ZONE
shutdown_lifetime 1 seconds
pinger_enable off
cache deny all
access_log $web/log/squid-access.log
cache_log $web/log/squid-cache.log
coredump_dir $web/cache
auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k $LAB/proxy.keytab -s HTTP/proxy.$ZONE@$REALM -t none
auth_param negotiate children 2 startup=1 idle=1
auth_param negotiate keep_alive on
auth_param basic program /usr/lib/squid/basic_ncsa_auth $web/basic-users
auth_param basic children 1 startup=1 idle=1
auth_param basic realm Nego Lab Proxy
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
CONF
chown -R proxy: "$web/log" "$web/cache"; chmod 777 "$web/log"
on web squid -f "$web/squid.conf" 2>/dev/null

on web env KRB5_KTNAME="FILE:$LAB/web.keytab" NTLM_USER_FILE="$web/ntlm-users" \
    "$LAB/venv/bin/python" "$RECIPE/servers/acceptor.py" 8080 >"$web/log/acceptor.log" 2>&1 &
sleep 2
say "web up"
