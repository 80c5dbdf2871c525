#!/usr/bin/env bash
# Installs the servers and clients (Debian packages) and a virtual environment with the Python clients.
. "$(dirname "$0")/lab.sh"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends \
    samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules samba-testsuite winbind libnss-winbind smbclient ldb-tools \
    krb5-user krb5-config krb5-kdc krb5-admin-server libkrb5-dev apache2 libapache2-mod-auth-gssapi gss-ntlmssp squid \
    slapd ldap-utils libsasl2-modules libsasl2-modules-gssapi-mit \
    python3-samba dnsmasq-base cups-daemon nmap iptables \
    curl faketime tcpdump tshark iproute2 ethtool dnsutils openssl gcc python3-dev python3-venv
# Only one host of the lab asks winbind for names, by an nsswitch.conf of its own.
sed -i '/^\(passwd\|group\):/s/ winbind//' /etc/nsswitch.conf
# Debian starts what it installs; the lab runs its own copies.
for service in samba-ad-dc smbd nmbd winbind apache2 squid slapd krb5-kdc krb5-admin-server cups; do
    systemctl disable --now "$service" >/dev/null 2>&1 || true
done
mkdir -p "$LAB"
[ -x "$LAB/venv/bin/python" ] || python3 -m venv "$LAB/venv"
"$LAB/venv/bin/pip" install -q gssapi krb5 'pyspnego[kerberos]' smbprotocol impacket

# Heimdal's KDC and clients, for DES: unpacked beside MIT's, which they would replace.
mkdir -p "$LAB/heimdal/packages"
(cd "$LAB/heimdal/packages" && apt-get download -q heimdal-kdc heimdal-clients \
    lib{asn1-8,gssapi3,hcrypto5,hdb9,heimbase1,heimntlm0,hx509-5,kadm5clnt7,kadm5srv8,kafs0,kdc2,krb5-26,otp0,roken19,sl0,wind0}-heimdal)
for package in "$LAB"/heimdal/packages/*.deb; do dpkg -x "$package" "$LAB/heimdal"; done
