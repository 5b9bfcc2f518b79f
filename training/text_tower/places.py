"""Where things are; imported first, so that `termlens_training` beside this folder can be imported."""

from __future__ import annotations

import sys
from pathlib import Path

TRAINING = Path(__file__).resolve().parents[1]
ROOT = TRAINING.parent
MODEL = ROOT / "assets" / "models" / "termlens-lite0"
SHARED = ROOT.parent / "shared" / "dataset"
WORDNET = Path("/usr/share/wordnet")

sys.path.insert(0, str(TRAINING))
