"""The main job on one screen: what was read and lost, who used what, why NTLM, what failed, what is weak."""
