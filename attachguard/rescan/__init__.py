"""Re-scanning: what is stored is judged again, page by page, without hurting the day's traffic.

`engine.py` has the verbs, `work.py` what a worker does with a bundle, `reading.py` how objects are fetched,
`judging.py` how they are judged again, `acting.py` what becomes of one whose verdict changed.
"""

from attachguard.rescan.engine import Rescan

__all__ = ["Rescan"]
