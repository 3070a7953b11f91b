"""Dialects: the schedules of other libraries by their own names and arguments, as ordinary schedules.

One module a library, each of pure functions of numbers: none imports the library that it speaks for.

>>> from schedules.dialects import keras
>>> keras.CosineDecay(0.0, 900, warmup_target=0.1, warmup_steps=100)
linear(0.0, 0.1, 100) >> cosine(0.1, 0.0, 900)
"""
