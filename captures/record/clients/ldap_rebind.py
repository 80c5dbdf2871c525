"""Several binds on one LDAP connection, written as plain BER so that nothing is added.

ldap_rebind.py HOST NAME=PASSWORD...    one simple bind after the other, with a search in between
"""

import socket
import sys

from ldap_ber import root_search, simple, unbind

host, *pairs = sys.argv[1:]
with socket.create_connection((host, 389)) as line:
    number = 0
    for pair in pairs:
        name, _, password = pair.rpartition("=")
        for request in (simple(number + 1, name, password), root_search(number + 2)):
            line.sendall(request)
            print(line.recv(65536).hex())
        number += 2
    line.sendall(unbind(number + 1))
