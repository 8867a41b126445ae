"""A local AWS for Watchkeeper's sandbox: ministack, with the gaps filled that the control plane would notice.

Each module replaces functions of one ministack service where AWS behaves otherwise, and says what AWS does.
`python -m emulator` serves it on a free loopback port and prints one JSON line with the endpoint.
"""
