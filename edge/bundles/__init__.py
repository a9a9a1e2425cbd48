"""Model bundles of the site: signed, checked before use, side by side in the state folder.

pack -> (USB stick) -> install -> shadow -> commit (on trial) -> confirmed
                          └── whatever is wrong with it: the bundle of before runs on
"""
