"""A Sicily bind by ldap3, as Active Directory's first NTLM logon over LDAP was.

ldap_sicily.py HOST USER PASSWORD

Spec: MS-ADTS 5.1.1.1.3.
"""

import sys

from ldap3 import NTLM, Connection, Server

host, user, password = sys.argv[1:]
line = Connection(Server(host), user=user, password=password, authentication=NTLM)
print(line.bind(), line.result)
