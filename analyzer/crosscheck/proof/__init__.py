"""What proves, from the bytes and from what tshark shows of them, that a difference is of a declared class.

Each public function answers for one class and takes nothing for granted: the token's own bytes, the place
of the field in them, and what tshark made of that very packet.
"""
