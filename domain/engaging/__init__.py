"""What vendors are engaged for, and the one decision about whether they may be.

It stands on everything that has a say in that: admission, evaluation and restraint. None of them knows of it.
"""
