# How `current.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors._kernel.scheduler cimport Scheduler
from actors._kernel.switch cimport get_ident

@cython.final
cdef class _Seen:
    cdef public Scheduler loop

cdef _Seen _seen

@cython.locals(scheduler=Scheduler, cell=Cell)
cpdef Cell me()

@cython.locals(scheduler=Scheduler)
cpdef Scheduler running()
