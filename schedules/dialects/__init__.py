"""Dialects: the schedules of other libraries by their own names and arguments, as ordinary schedules.

One module a library, each of pure functions of numbers: none imports the library that it speaks for.

>>> from schedules.dialects import torch
>>> torch.StepLR(0.1, 30)
step_decay(0.1, 0.1, 30)
"""
