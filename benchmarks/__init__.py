"""How fast: every figure beside the baseline it is compared with, measured in turns on one machine. See README.md."""
