# How `current.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors._kernel.scheduler cimport Scheduler

@cython.locals(scheduler=Scheduler, cell=Cell)
cpdef Cell me()
