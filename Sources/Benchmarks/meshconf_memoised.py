"""wg-meshconf with the one change anybody would make first: each public key is computed once, not once a section."""

import functools
import sys

from wg_meshconf import main
from wg_meshconf.wireguard import WireGuard

WireGuard.pubkey = staticmethod(functools.lru_cache(maxsize=None)(WireGuard.pubkey))
sys.exit(main())
